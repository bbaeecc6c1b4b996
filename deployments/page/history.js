// The speeches of this visit, newest first: to hear again, keep or forget. Memory only.

import { FORMATS } from "./formats.js";
import { iconButton, textElement } from "./elements.js";
import { seconds } from "./units.js";
import { onTongue, words } from "./words.js";

const MAX_KEPT_S = 1200; // 24,000 samples of 4 bytes each second: 115 MB
const EXCERPT_CHARS = 90;

export class History {
  #section = document.getElementById("history");
  #list = document.getElementById("history-list");
  #entries = []; // {speech, request}
  #actions;

  /** `actions.replay(speech)`, `actions.download(speech)`: what the buttons do. */
  constructor(actions) {
    this.#actions = actions;
    onTongue(() => this.#show());
  }

  /** Note a speech that is over; nothing happens where no sound of it came, or it is known. */
  add(speech, request) {
    if (!speech.replayable || this.#entries.some((entry) => entry.speech === speech)) return;
    this.#entries.unshift({ speech, request });
    let keptS = 0;
    this.#entries = this.#entries.filter((entry, index) => (keptS += entry.speech.receivedS) < MAX_KEPT_S || !index);
    this.#show();
  }

  #remove(entry) {
    const index = this.#entries.indexOf(entry);
    this.#entries.splice(index, 1);
    this.#show();
    // Keep the place of whoever goes by keyboard.
    const next = this.#list.children[Math.min(index, this.#entries.length - 1)];
    (next?.querySelector("button:last-of-type") ?? document.getElementById("text")).focus();
  }

  #show() {
    this.#section.dataset.empty = String(!this.#entries.length);
    // A speech may end because another tab is shown.
    this.#section.hidden = !this.#entries.length || document.getElementById("panel-speak").hidden;
    this.#list.replaceChildren(...this.#entries.map((entry) => this.#row(entry)));
  }

  #row(entry) {
    const { speech, request } = entry;
    const excerpt = excerptOf(request.input);
    const row = document.createElement("li");
    const about = document.createElement("div");
    about.append(textElement("p", excerpt, "excerpt"), textElement("p", settingsOf(speech, request), "note"));
    about.firstChild.dir = "auto";
    row.append(
      about,
      iconButton("play", words.replayThis(excerpt), () => this.#actions.replay(speech)),
      iconButton("download", words.downloadThis(excerpt), () => this.#actions.download(speech)),
      iconButton("remove", words.deleteThis(excerpt), () => this.#remove(entry)),
    );
    return row;
  }
}

function excerptOf(text) {
  const flat = text.replace(/\s+/g, " ").trim();
  const chars = [...flat];
  return chars.length <= EXCERPT_CHARS ? flat : `${chars.slice(0, EXCERPT_CHARS).join("").trimEnd()}…`;
}

/** Whatever differs from the plainest request, in the server's own names. */
function settingsOf(speech, request) {
  const { model, input, voice, response_format: format, speed, ...rest } = request;
  const others = Object.entries(rest).map(([name, value]) => `${name} ${value}`);
  const parts = [speech.atTime, voice, model, seconds(speech.receivedS), FORMATS[format].label];
  if (speed !== 1) parts.push(`${speed}×`);
  if (speech.responseEndMs === null) parts.push(words.incomplete);
  return [...parts, ...others].join(" · ");
}
