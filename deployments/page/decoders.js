// Bytes in, samples out: a decoder calls `onSamples(Float32Array)` whenever more of the audio is known.
// `push` takes bytes as they arrive; `end` resolves when the last sample is out.

import { SpeechError } from "./api.js";
import { FORMATS, SAMPLE_RATE_HZ, readWavHeader } from "./formats.js";

export function decoderFor(format, onSamples) {
  if (format === "wav") return new WavDecoder(onSamples);
  return FORMATS[format].raw ? new PcmDecoder(onSamples) : new PrefixDecoder(onSamples);
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Mono 16-bit little-endian samples. A network chunk may end in the middle of one. */
class PcmDecoder {
  #rest = new Uint8Array(0);

  constructor(onSamples) {
    this.onSamples = onSamples;
  }

  push(chunk) {
    const bytes = this.#rest.length ? joined(this.#rest, chunk) : chunk;
    const count = bytes.length >> 1;
    this.#rest = bytes.slice(count * 2);
    if (!count) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, count * 2);
    this.onSamples(Float32Array.from({ length: count }, (_, i) => view.getInt16(i * 2, true) / 32768));
  }

  async end() {}
}

class WavDecoder {
  #header = new Uint8Array(0);
  #pcm = null;

  constructor(onSamples) {
    this.onSamples = onSamples;
  }

  push(chunk) {
    if (this.#pcm) return this.#pcm.push(chunk);
    this.#header = joined(this.#header, chunk);
    const header = readWavHeader(this.#header);
    if (!header) return undefined;
    if (header.sampleRate !== SAMPLE_RATE_HZ) {
      throw new SpeechError("undecodable", `Expected ${SAMPLE_RATE_HZ} Hz, got ${header.sampleRate} Hz.`);
    }
    this.#pcm = new PcmDecoder(this.onSamples);
    return this.#pcm.push(this.#header.subarray(header.dataStart));
  }

  async end() {}
}

/** Samples kept back until the end: the resampler's tail changes once more audio follows. */
const HELD_BACK_SAMPLES = SAMPLE_RATE_HZ * 0.04;
/** Decoding starts over each time, so it may take at most a quarter of the time. */
const REST_PER_WORK = 3;

/**
 * Any compressed format, by decoding again and again all that has arrived and passing on what is new.
 * Browsers have no streaming decoder that works on plain HTTP origins, but they do decode a file's beginning.
 */
class PrefixDecoder {
  #chunks = [];
  #passedOn = 0;
  #loop = null;
  #dirty = false;
  #ended = false;
  #wake = () => {};

  constructor(onSamples) {
    this.onSamples = onSamples;
  }

  push(chunk) {
    this.#chunks.push(chunk);
    this.#dirty = true;
    this.#loop ??= this.#run();
  }

  async end() {
    this.#ended = true;
    this.#wake();
    await this.#loop;
    await this.#decode();
  }

  async #run() {
    while (this.#dirty && !this.#ended) {
      this.#dirty = false;
      const start = performance.now();
      // A beginning too short to decode is no error: more is on its way, and `end` decides.
      await this.#decode().catch(() => {});
      await this.#rest((performance.now() - start) * REST_PER_WORK);
    }
    this.#loop = null;
  }

  #rest(ms) {
    if (this.#ended) return undefined;
    return new Promise((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, ms);
    });
  }

  async #decode() {
    const final = this.#ended;
    const bytes = await new Blob(this.#chunks).arrayBuffer();
    if (!bytes.byteLength) return;
    const samples = await decodeWhole(bytes);
    const end = final ? samples.length : samples.length - HELD_BACK_SAMPLES;
    if (end <= this.#passedOn) return;
    const start = this.#passedOn;
    this.#passedOn = end;
    this.onSamples(samples.slice(start, end));
  }
}

async function decodeWhole(bytes) {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE_HZ);
  try {
    return (await context.decodeAudioData(bytes)).getChannelData(0);
  } catch {
    throw new SpeechError("undecodable", "This browser can’t decode the audio.");
  }
}
