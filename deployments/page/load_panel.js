// How busy the server is, asked every two seconds while somebody looks.

import { seconds, milliseconds } from "./units.js";
import { textElement } from "./elements.js";
import { onTongue, words } from "./words.js";

const PERIOD_MS = 2000;
const NONE = "–";

export class LoadPanel {
  #details = document.getElementById("load");
  #server;
  #timer = null;
  #asking = false;

  constructor(server) {
    this.#server = server;
    this.#details.addEventListener("toggle", () => this.#poll());
    document.addEventListener("visibilitychange", () => this.#poll());
    onTongue(() => this.show());
  }

  /** Show what is known; servers that tell nothing have no panel. */
  show() {
    const { latest } = this.#server;
    this.#details.hidden = latest.listeners === undefined && !this.#details.open;
    if (latest.listeners === undefined) return;
    const { slots, open } = totals(latest.deployments);
    const free = slots === null || open === null ? null : Math.max(0, slots - open);
    document.getElementById("load-brief").textContent = words.loadBrief(latest.listeners, free);
    document.getElementById("load-figures").replaceChildren(...figures(latest, slots, open));
    const asleep = latest.deployments.filter(({ replicas }) => !replicas).flatMap(({ models }) => models);
    document.getElementById("load-note").textContent = asleep.map((model) => words.asleep(model)).join(" ");
  }

  async #poll() {
    clearTimeout(this.#timer);
    if (!this.#details.open || document.hidden || this.#asking) return;
    this.#asking = true;
    await this.#server.refresh();
    this.#asking = false;
    this.show();
    this.#timer = setTimeout(() => this.#poll(), PERIOD_MS);
  }
}

const sum = (values) => (values.some((value) => value === null) ? null : values.reduce((a, b) => a + b, 0));

/** Of those awake; a figure that one of them doesn't know is not known. */
function totals(deployments) {
  const awake = deployments.filter(({ replicas }) => replicas);
  if (!awake.length) return { slots: null, open: null };
  return { slots: sum(awake.map(({ slots }) => slots)), open: sum(awake.map(({ open_streams: open }) => open)) };
}

function figures({ listeners, lowest_headroom_s: lowest, ttfa }, slots, open) {
  const minutes = Math.round(ttfa.window_s / 60);
  const ms = (value) => (value === null ? NONE : milliseconds(value * 1000));
  return [
    figure(words.listening, String(listeners), ""),
    figure(words.slots, open === null ? NONE : String(open), words.ofSlots(slots)),
    figure(words.lowestHeadroom, lowest === null ? NONE : seconds(Math.max(0, lowest)), words.lowestNote),
    figure(words.ttfaMedian, ms(ttfa.p50_s), words.ttfaNote(ttfa.count, minutes)),
    figure(words.ttfaHigh, ms(ttfa.p95_s), words.ttfaNote(ttfa.count, minutes)),
  ];
}

function figure(name, value, note) {
  const group = document.createElement("div");
  group.append(textElement("dt", name), textElement("dd", value), textElement("dd", note, "note"));
  return group;
}
