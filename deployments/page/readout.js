// Waveform and figures of the current speech.

import { FORMATS } from "./formats.js";
import { bytes, milliseconds, seconds } from "./units.js";
import { Sparkline, Waveform } from "./waveform.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const NONE = "–";

function set(id, text) {
  const element = byId(id);
  if (element.textContent !== text) element.textContent = text;
}

export class Readout {
  #canvas = byId("waveform");
  #waveform = new Waveform(this.#canvas);
  #sparkline = new Sparkline(byId("sparkline"));
  #speech = null;
  #frame = null;

  constructor() {
    new ResizeObserver(() => this.wake()).observe(this.#canvas);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.wake());
    onTongue(() => this.wake());
  }

  follow(speech) {
    this.#speech = speech;
    this.#waveform.reset();
    this.#sparkline.reset();
    this.wake();
  }

  /** Draw now, and go on for as long as something moves. */
  wake() {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = null;
    const speech = this.#speech;
    if (!speech) {
      this.#canvas.setAttribute("aria-label", words.waveform(seconds(0)));
      return void this.#waveform.draw();
    }
    const { peaks, receiving, status } = speech;
    const playedS = status === "done" ? speech.receivedS : speech.playedS;
    const moving = this.#waveform.draw({ peaks, playedS, complete: !receiving });
    if (status === "playing") this.#sparkline.add(speech.headroomS);
    this.#sparkline.draw();
    this.#figures(speech);
    if (speech.active || moving) this.wake();
    return undefined;
  }

  #figures(speech) {
    const { ttfaMs, heardMs, numBytes, receivedS, requestId } = speech;
    set("ttfa", ttfaMs === null ? NONE : milliseconds(ttfaMs));
    set("heard", heardMs === null ? "" : words.heard(milliseconds(heardMs)));
    set("received", numBytes ? seconds(receivedS) : NONE);
    set("bytes", numBytes ? words.bytesOf(bytes(numBytes), FORMATS[speech.format].label) : "");
    set("request-id", requestId ?? NONE);
    this.#canvas.setAttribute("aria-label", words.waveform(seconds(receivedS)));
    this.#headroom(speech);
  }

  #headroom({ status, receiving, headroomS, lowestHeadroomS, numGaps }) {
    if (lowestHeadroomS === null) {
      set("headroom", NONE);
      return set("gaps", "");
    }
    const live = status === "playing";
    const phase = live ? (receiving ? "receiving" : "draining") : "over";
    const lowest = seconds(Math.max(0, lowestHeadroomS));
    set("headroom", live ? seconds(Math.max(0, headroomS)) : lowest);
    return set("gaps", words.both(words.headroomWhile[phase](lowest), words.gaps(numGaps)));
  }
}
