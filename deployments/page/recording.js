// What has arrived of one speech: the bytes for a file, the samples for playing again, the peaks for the eye.

import { SAMPLE_RATE_HZ, fileOf } from "./formats.js";

export const PEAK_S = 0.02;
const SAMPLES_PER_PEAK = SAMPLE_RATE_HZ * PEAK_S;
/** Quieter than this (-40 dBFS) counts as silence when the first audible sample is looked for. */
const AUDIBLE = 0.01;

export class Recording {
  peaks = []; // largest magnitude in each PEAK_S, 0 to 1
  numBytes = 0;
  numSamples = 0;
  firstAudibleS = null;
  #format;
  #chunks = [];
  #pieces = [];

  constructor(format) {
    this.#format = format;
  }

  addBytes(chunk) {
    this.#chunks.push(chunk);
    this.numBytes += chunk.length;
  }

  addSamples(samples) {
    this.#pieces.push(samples);
    for (const sample of samples) this.#measure(Math.abs(sample));
  }

  get decodedS() {
    return this.numSamples / SAMPLE_RATE_HZ;
  }

  allSamples() {
    const all = new Float32Array(this.numSamples);
    let offset = 0;
    for (const piece of this.#pieces) {
      all.set(piece, offset);
      offset += piece.length;
    }
    return all;
  }

  file() {
    return fileOf(this.#chunks, this.#format);
  }

  #measure(magnitude) {
    if (magnitude > AUDIBLE && this.firstAudibleS === null) this.firstAudibleS = this.decodedS;
    const index = Math.floor(this.numSamples / SAMPLES_PER_PEAK);
    this.peaks[index] = Math.max(this.peaks[index] ?? 0, magnitude);
    this.numSamples += 1;
  }
}
