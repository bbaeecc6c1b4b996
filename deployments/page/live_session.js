// A conversation over the server's WebSocket: words out, sound in, and which of the words have been heard.
// The protocol is in docs/websocket.md. Audio comes as 16-bit samples at 24 kHz in binary frames.

import { SpeechError, liveAddress } from "./api.js";
import { apiKey } from "./keys.js";
import { WebAudioPlayer } from "./web_audio_player.js";

const ALMOST_MS = 60;

/**
 * What is typed until it is interrupted. `text` is all of it; `spokenChars` how many characters have been heard.
 */
export class Turn {
  text = "";
  player = new WebAudioPlayer();
  interrupted = false;
  #marks = []; // {startMs, endChar}, in order
  #clauseEnds = new Map();
  #heard = 0;

  mark(startMs, endChar) {
    this.#marks.push({ startMs, endChar });
  }

  beginClause(clause, endChar) {
    this.#clauseEnds.set(clause, endChar);
  }

  /** Its marks count as heard when its sound is over, a moment before the pause that follows it ends. */
  endClause(clause, endMs) {
    this.mark(endMs - ALMOST_MS, this.#clauseEnds.get(clause));
  }

  take(pcm) {
    const view = new DataView(pcm);
    const samples = Float32Array.from({ length: pcm.byteLength >> 1 }, (_, i) => view.getInt16(i * 2, true) / 32768);
    if (samples.length) this.player.push(samples);
  }

  get playedMs() {
    return this.player.playedS * 1000;
  }

  get isSounding() {
    return !this.interrupted && this.player.bufferedS - this.player.playedS > 0.02;
  }

  get spokenChars() {
    if (this.interrupted) return this.#heard;
    const last = this.#marks.findLast(({ startMs }) => startMs < this.playedMs);
    return (this.#heard = Math.max(this.#heard, last?.endChar ?? 0));
  }

  /** `spoken`: what the server found was heard, once it is known. */
  silence(spoken = this.spokenChars) {
    this.#heard = spoken;
    if (!this.interrupted) this.player.stop();
    this.interrupted = true;
  }
}

export class LiveSession {
  turns = [];
  isOpen = false;
  numClauses = 0;
  #socket = null;
  #waiting = []; // messages, until the connection is open
  #awaited = 0; // interruptions that the server hasn't confirmed: audio of before is on its way until then
  #onChange;
  #settings = null;

  /** `onChange(error)` is called when anything but time has changed; `error` is a SpeechError or undefined. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  get turn() {
    return this.turns.at(-1) ?? null;
  }

  /** Send a piece of text; `settings` hold from the next time that the connection is idle. */
  async say(text, settings) {
    await this.#begin(settings);
    this.turn.text += text;
    this.#send({ type: "text", text });
    this.#onChange();
  }

  flush() {
    if (this.#socket) this.#send({ type: "flush" });
  }

  /** Fall silent, here at once and on the server as soon as it hears. */
  interrupt() {
    const { turn } = this;
    if (!this.#socket || !turn || turn.interrupted) return;
    this.#send({ type: "interrupt", played_ms: Math.round(turn.playedMs) });
    this.#awaited += 1;
    turn.silence();
    this.#onChange();
  }

  close() {
    this.turn?.silence();
    this.#socket?.close(1000);
    this.#forget();
  }

  async #begin(settings) {
    const wanted = JSON.stringify(settings);
    const changed = this.#settings !== null && this.#settings !== wanted && !this.turn?.isSounding;
    if (changed) this.close();
    if (!this.#socket) this.#connect(settings, wanted);
    if (!this.turn || this.turn.interrupted) await this.#beginTurn();
  }

  async #beginTurn(text = "") {
    const turn = new Turn();
    turn.text = text;
    this.turns.push(turn);
    await turn.player.open();
  }

  #connect(settings, wanted) {
    this.#settings = wanted;
    const socket = new WebSocket(liveAddress());
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    if (apiKey()) this.#send({ type: "authenticate", api_key: apiKey() });
    this.#send({ type: "start", timestamps: ["word"], response_format: "pcm", ...settings });
    socket.addEventListener("open", () => socket === this.#socket && this.#opened());
    socket.addEventListener("message", ({ data }) => socket === this.#socket && this.#onMessage(data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event));
  }

  #opened() {
    this.isOpen = true;
    for (const message of this.#waiting.splice(0)) this.#socket.send(message);
    this.#onChange();
  }

  #closed({ code }) {
    const neverOpen = !this.isOpen;
    this.turn?.silence();
    this.#forget();
    this.#onChange(neverOpen || code === 1006 ? new SpeechError("no_connection", "") : undefined);
  }

  #forget() {
    this.#socket = null;
    this.#settings = null;
    this.#waiting = [];
    this.#awaited = 0;
    this.isOpen = false;
  }

  #send(message) {
    const text = JSON.stringify(message);
    if (this.isOpen) this.#socket.send(text);
    else this.#waiting.push(text);
  }

  #onMessage(data) {
    if (typeof data !== "string") {
      const nameLength = new Uint8Array(data, 0, 1)[0];
      if (!this.#awaited) this.turn.take(data.slice(1 + nameLength));
      return;
    }
    const message = JSON.parse(data);
    this.#take(message);
    this.#onChange(errorIn(message));
  }

  #take(message) {
    const { type } = message;
    if (type === "interrupted" && this.#awaited) {
      this.#awaited -= 1;
      const silenced = this.turns.filter(({ interrupted }) => interrupted).at(-1);
      silenced?.silence(message.spoken_chars);
    } else if (type === "failed") this.turn?.silence(message.spoken_chars);
    else if (this.#awaited) return;
    else if (type === "clause") {
      // What was typed before the news of a failure came begins a turn of its own.
      if (this.turn.interrupted) this.#beginTurn(message.text);
      this.numClauses += 1;
      this.turn.beginClause(message.clause, message.end_char);
    } else if (type === "clause_done") this.turn.endClause(message.clause, message.end_ms);
    else if (type === "skipped") this.turn.mark(this.turn.player.bufferedS * 1000, message.end_char);
    else if (type === "words") for (const word of message.words) this.turn.mark(word.start_ms, word.end_char);
  }
}

function errorIn({ type, error, retry_after_s: retryAfterS = null }) {
  if (type !== "error" && type !== "failed") return undefined;
  if (error.code === "missing_api_key" || error.code === "invalid_api_key") {
    document.dispatchEvent(new Event("keyneeded"));
  }
  return new SpeechError(error.code, error.message, { retryAfterS });
}
