// Live text: each word is sent when it is finished, and shown as spoken when it is heard.

import { LiveSession } from "./live_session.js";
import { textElement } from "./elements.js";
import { seconds } from "./units.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Text up to its last space or East Asian mark is finished; a word may go on. */
const FINISHED = /^[\s\S]*[\s、。，！？；：…「」『』（）]/u;

export class LivePanel {
  #field = byId("live-text");
  #log = byId("live-log");
  #settings;
  #status;
  #onChange;
  #frame = null;
  #failed = false; // and not typed since
  #sending = Promise.resolve();
  session = new LiveSession((error) => this.#changed(error));

  /** `settings()` gives the fields of a request; `status` is the page's status line. */
  constructor(settings, status, onChange) {
    this.#settings = settings;
    this.#status = status;
    this.#onChange = onChange;
    this.#field.addEventListener("input", (event) => event.isComposing || this.#take());
    this.#field.addEventListener("compositionend", () => this.#take());
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
    onTongue(() => this.#draw());
    this.#draw();
  }

  get isActive() {
    const { turn } = this.session;
    return Boolean(turn && !turn.interrupted && (turn.isSounding || turn.spokenChars < lengthOf(turn.text.trimEnd())));
  }

  /** Speak all that was typed, finished or not. */
  flush() {
    const text = this.#field.value;
    this.#field.value = "";
    if (text) this.#say(`${text} `);
    this.#sending = this.#sending.then(() => this.session.flush());
  }

  interrupt() {
    this.session.interrupt();
    this.#status.say(() => words.liveInterrupted);
  }

  close() {
    this.session.close();
  }

  #take() {
    const finished = FINISHED.exec(this.#field.value)?.[0];
    if (!finished) return;
    this.#field.value = this.#field.value.slice(finished.length);
    this.#say(finished);
  }

  #say(text) {
    let settings;
    this.#failed = false;
    try {
      settings = this.#settings();
    } catch (error) {
      this.#status.fail(error, () => {});
      return;
    }
    this.#sending = this.#sending.then(() => this.session.say(text, settings)).catch((error) => this.#status.fail(error));
  }

  #onKey(event) {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.flush();
  }

  #changed(error) {
    if (error) this.#status.fail(error, () => this.#field.focus());
    this.#failed ||= Boolean(error);
    if (this.#failed) this.#redraw();
    else this.#tell();
  }

  #tell() {
    if (!this.session.isOpen && this.session.turn?.interrupted) this.#status.say(() => words.liveClosed);
    else if (!this.session.isOpen) this.#status.say(() => words.liveConnecting);
    else if (this.isActive) this.#status.say(() => words.liveSpeaking);
    this.#redraw();
  }

  #redraw() {
    this.#frame ??= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#frame = null;
    const { turns } = this.session;
    while (this.#log.children.length < turns.length) this.#log.append(emptyTurn());
    turns.forEach((turn, index) => show(turn, this.#log.children[index]));
    const heardMs = turns.reduce((sum, turn) => sum + turn.playedMs, 0);
    byId("live-figures").textContent = turns.length ? words.liveFigures(seconds(heardMs / 1000)) : "";
    this.#onChange();
    if (this.isActive) this.#redraw();
  }
}

const lengthOf = (text) => [...text].length;

function emptyTurn() {
  const line = document.createElement("p");
  line.dir = "auto";
  line.append(textElement("span", "", "spoken"), textElement("span", "", "unspoken"));
  return line;
}

function show(turn, line) {
  const chars = [...turn.text];
  const texts = [chars.slice(0, turn.spokenChars).join(""), chars.slice(turn.spokenChars).join("")];
  [...line.children].forEach((span, index) => {
    if (span.textContent === texts[index]) return;
    span.textContent = texts[index];
    line.parentElement.scrollTop = line.parentElement.scrollHeight;
  });
  line.classList.toggle("interrupted", turn.interrupted);
}
