// Drawings on canvas: the waveform as it grows, and the headroom over the last seconds.

import { PEAK_S } from "./recording.js";

const BAR_PX = 3;
const GAP_PX = 2;
/** The view holds this much at least, so that the first sounds don't fill it and then shrink. */
const SHORTEST_VIEW_S = 6;
const EASE = 0.15;

/** Match the canvas to its box on this screen and return an empty context that counts in CSS pixels. */
function freshContext(canvas) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.reset();
  context.setTransform(scale, 0, 0, scale, 0, 0);
  return context;
}

const colour = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();

export class Waveform {
  #canvas;
  #viewS = SHORTEST_VIEW_S;
  #still = window.matchMedia("(prefers-reduced-motion: reduce)");

  constructor(canvas) {
    this.#canvas = canvas;
  }

  reset() {
    this.#viewS = SHORTEST_VIEW_S;
  }

  /** Draw; return whether the view is still on its way to where it should be. */
  draw({ peaks = [], playedS = 0, complete = false } = {}) {
    const moving = this.#approach(peaks.length * PEAK_S, complete);
    const context = freshContext(this.#canvas);
    const width = this.#canvas.clientWidth;
    const height = this.#canvas.clientHeight;
    const count = Math.floor((width + GAP_PX) / (BAR_PX + GAP_PX));
    const playedX = (playedS / this.#viewS) * width;
    const colours = { played: colour(this.#canvas, "--accent"), ahead: colour(this.#canvas, "--wave") };
    for (let bar = 0; bar < count; bar += 1) {
      const x = bar * (BAR_PX + GAP_PX);
      const peak = this.#peakBetween(peaks, bar / count, (bar + 1) / count);
      const tall = peak === null ? 1.5 : Math.max(BAR_PX, Math.sqrt(peak) * height * 0.94);
      context.fillStyle = x < playedX ? colours.played : colours.ahead;
      context.globalAlpha = peak === null ? 0.5 : 1;
      context.beginPath();
      context.roundRect(x, (height - tall) / 2, BAR_PX, tall, BAR_PX / 2);
      context.fill();
    }
    return moving;
  }

  #approach(receivedS, complete) {
    const target = complete && receivedS ? receivedS : Math.max(SHORTEST_VIEW_S, receivedS * 1.06);
    const step = (target - this.#viewS) * (this.#still.matches ? 1 : EASE);
    const near = Math.abs(target - this.#viewS) < 0.01;
    this.#viewS = near ? target : this.#viewS + step;
    return !near;
  }

  /** The largest peak in a part of the view, given as fractions of it; null where nothing has arrived. */
  #peakBetween(peaks, from, to) {
    const first = Math.floor((from * this.#viewS) / PEAK_S);
    if (first >= peaks.length) return null;
    const end = Math.min(peaks.length, Math.max(first + 1, Math.floor((to * this.#viewS) / PEAK_S)));
    let largest = 0;
    for (let i = first; i < end; i += 1) largest = Math.max(largest, peaks[i]);
    return largest;
  }
}

const HISTORY_S = 12;

export class Sparkline {
  #canvas;
  #points = []; // {atMs, value}

  constructor(canvas) {
    this.#canvas = canvas;
  }

  reset() {
    this.#points = [];
  }

  add(value) {
    const atMs = performance.now();
    this.#points.push({ atMs, value });
    while (atMs - this.#points[0].atMs > HISTORY_S * 1000) this.#points.shift();
  }

  draw() {
    const context = freshContext(this.#canvas);
    if (this.#points.length < 2) return;
    const width = this.#canvas.clientWidth;
    const height = this.#canvas.clientHeight - 2;
    const startMs = this.#points[0].atMs;
    const spanMs = Math.max(HISTORY_S * 250, this.#points.at(-1).atMs - startMs);
    const top = Math.max(0.5, ...this.#points.map(({ value }) => value));
    context.beginPath();
    for (const { atMs, value } of this.#points) {
      context.lineTo(((atMs - startMs) / spanMs) * width, 1 + height * (1 - Math.max(0, value) / top));
    }
    context.strokeStyle = colour(this.#canvas, "--accent");
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke();
    this.#fillBelow(context, width, height, startMs, spanMs);
  }

  #fillBelow(context, width, height, startMs, spanMs) {
    const endX = ((this.#points.at(-1).atMs - startMs) / spanMs) * width;
    context.lineTo(endX, height + 1);
    context.lineTo(0, height + 1);
    context.globalAlpha = 0.14;
    context.fillStyle = colour(this.#canvas, "--accent");
    context.fill();
  }
}
