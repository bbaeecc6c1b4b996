// The microphone, for some seconds, with a meter. Nothing leaves the page here.

import { SpeechError } from "./api.js";

const TICK_MS = 50;
const FLOOR_DB = -60;

export const canRecord = () => Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder);

export class Recorder {
  #onTick;
  #maxS;
  #media = null;
  #ticker = null;
  #context = null;
  #samples = new Float32Array(1024);

  /** `onTick(seconds, level)` is called while it records, with the level from 0 to 1; it ends itself at `maxS`. */
  constructor(maxS, onTick) {
    this.#maxS = maxS;
    this.#onTick = onTick;
  }

  get isRecording() {
    return this.#media?.state === "recording";
  }

  /** Record until `stop`, or the longest time; resolves to a Blob in the browser's own format. */
  async record() {
    const stream = await microphone();
    const media = new MediaRecorder(stream);
    const parts = [];
    this.#media = media;
    media.addEventListener("dataavailable", ({ data }) => parts.push(data));
    const stopped = new Promise((resolve) => media.addEventListener("stop", resolve, { once: true }));
    media.start();
    this.#meter(stream);
    await stopped;
    clearInterval(this.#ticker);
    for (const track of stream.getTracks()) track.stop();
    await this.#context.close();
    return new Blob(parts, { type: media.mimeType });
  }

  stop() {
    if (this.isRecording) this.#media.stop();
  }

  #meter(stream) {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = this.#samples.length;
    this.#context.createMediaStreamSource(stream).connect(analyser);
    const startMs = performance.now();
    this.#ticker = setInterval(() => {
      analyser.getFloatTimeDomainData(this.#samples);
      const heardS = (performance.now() - startMs) / 1000;
      this.#onTick(heardS, levelOf(this.#samples));
      if (heardS >= this.#maxS) this.stop();
    }, TICK_MS);
  }
}

async function microphone() {
  try {
    // A voice as it is: what browsers do to calls would be cloned, too.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch {
    throw new SpeechError("no_microphone", "The microphone can’t be used.");
  }
}

function levelOf(samples) {
  const peak = samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
  return Math.max(0, 1 - (20 * Math.log10(peak + 1e-9)) / FLOOR_DB);
}
