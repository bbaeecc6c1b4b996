// Plays samples while they arrive: every piece is an AudioBuffer scheduled to the sample where the last one ends.
// Scheduled buffers rather than a worklet, because worklets exist on secure origins only, and a speech server
// on the local network is often plain HTTP.

import { SAMPLE_RATE_HZ } from "./formats.js";

/**
 * Head start of the first piece, and of the first one after a gap: the time that scheduling may take.
 * A whole number of samples, since a start between two samples would be interpolated.
 */
const PRE_ROLL_S = 0.06;
const FADE_S = 0.012;

let shared = null;

/** The one AudioContext, at the stream's own rate so that pieces join without resampling at their seams. */
function audioContext() {
  shared ??= new AudioContext({ sampleRate: SAMPLE_RATE_HZ, latencyHint: "interactive" });
  return shared;
}

export class WebAudioPlayer {
  transport = "web-audio";
  takesSamples = true;
  numGaps = 0;
  #context = audioContext();
  #gain = this.#context.createGain();
  #pieces = []; // {startS, endS: on the context's clock, offsetS: in the audio}
  #sources = new Set();
  #queuedS = 0;
  #ended = false;
  #finish;

  /** Resolves when the last sample has been played, or on `stop`. */
  finished = new Promise((resolve) => {
    this.#finish = resolve;
  });

  /** Call from within a click or key press: browsers start audio on a person's word only. */
  async open() {
    this.#gain.connect(this.#context.destination);
    await this.#context.resume();
  }

  push(samples) {
    const buffer = this.#context.createBuffer(1, samples.length, SAMPLE_RATE_HZ);
    buffer.copyToChannel(samples, 0);
    const startS = this.#nextStart();
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#gain);
    source.start(startS);
    source.onended = () => this.#retire(source);
    this.#sources.add(source);
    this.#pieces.push({ startS, endS: startS + buffer.duration, offsetS: this.#queuedS });
    this.#queuedS += buffer.duration;
  }

  end() {
    this.#ended = true;
    if (!this.#sources.size) this.#close();
  }

  stop() {
    const now = this.#context.currentTime;
    const keptS = this.playedS;
    this.#gain.gain.setValueAtTime(1, now);
    this.#gain.gain.linearRampToValueAtTime(0, now + FADE_S);
    for (const source of this.#sources) {
      source.onended = null;
      source.stop(now + FADE_S);
    }
    this.#sources.clear();
    this.#pieces = [{ startS: 0, endS: 0, offsetS: keptS }];
    setTimeout(() => this.#close(), FADE_S * 2000);
  }

  /** Seconds of the audio that have left the speaker. */
  get playedS() {
    const now = this.#context.currentTime - (this.#context.outputLatency || 0);
    const piece = this.#pieces.findLast(({ startS }) => startS <= now);
    return piece ? piece.offsetS + Math.min(now, piece.endS) - piece.startS : 0;
  }

  get bufferedS() {
    return this.#queuedS;
  }

  #nextStart() {
    const earliest = this.#context.currentTime + PRE_ROLL_S;
    const last = this.#pieces.at(-1);
    if (!last) return earliest;
    if (last.endS > this.#context.currentTime) return last.endS;
    this.numGaps += 1;
    return earliest;
  }

  #retire(source) {
    this.#sources.delete(source);
    if (this.#ended && !this.#sources.size) this.#close();
  }

  #close() {
    this.#gain.disconnect();
    this.#finish();
  }
}
