// A new voice: its recording from a file or the microphone, what it says, and the speaker's consent.

import { SpeechError, addVoice } from "./api.js";
import { Recorder, canRecord } from "./recorder.js";
import { seconds } from "./units.js";
import { decodeMono, wavOf } from "./wav.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Ten seconds of anything are less; more would only be decoded here to be refused. */
const LARGEST_BYTES = 32e6;
const LONGEST_S = 10;
const SHORTEST_S = 3;
const FIELDS = { name: "upload-name", text: "upload-text", consent: "upload-consent" };
const NAMES = { name: "voiceName", text: "transcript", consent: "consent" };

export class UploadForm {
  #form = byId("upload");
  #onAdded;
  #recorder = new Recorder(LONGEST_S, (heardS, level) => this.#tick(heardS, level));
  #taken = null; // {blob, name, lengthS: null where this browser can't tell}

  /** `onAdded(voice)` is called when the server has taken a voice. */
  constructor(onAdded) {
    this.#onAdded = onAdded;
    byId("upload-file").addEventListener("change", ({ target }) => this.#takeFile(target.files[0]));
    byId("record").addEventListener("click", () => this.#record());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#form.addEventListener("input", ({ target }) => target.removeAttribute("aria-invalid"));
    this.#acceptDrops(byId("drop"));
    onTongue(() => this.#label());
    this.#label();
  }

  /** `answer`: true, or why no voice can be added: "none" or "off". */
  setOpen(answer) {
    const closed = byId("add-closed");
    this.#form.hidden = answer !== true;
    closed.hidden = answer === true;
    if (answer !== true) closed.textContent = answer === "none" ? words.addClosedNone : words.addClosedOff;
  }

  #label() {
    const language = byId("upload-language");
    const chosen = language.value;
    language.replaceChildren(...Object.entries(words.voiceLanguages).map(([tag, name]) => new Option(name, tag)));
    language.value = chosen || "auto";
    byId("record").disabled = !canRecord();
    byId("record").textContent = this.#taken ? words.recordAgain : words.record;
    byId("record-note").textContent = canRecord() ? "" : words.needsSecure;
  }

  #acceptDrops(zone) {
    const hover = (isOver) => (event) => {
      event.preventDefault();
      zone.classList.toggle("over", isOver);
    };
    zone.addEventListener("dragover", hover(true));
    zone.addEventListener("dragleave", hover(false));
    zone.addEventListener("drop", (event) => {
      hover(false)(event);
      this.#takeFile(event.dataTransfer.files[0]);
    });
  }

  async #takeFile(file) {
    if (!file) return undefined;
    if (file.size > LARGEST_BYTES) return this.#fail(new SpeechError("too_long", ""));
    const decoded = await decodeMono(file).catch(() => null);
    return this.#take(file, file.name, decoded && decoded.samples.length / decoded.rate);
  }

  async #record() {
    if (this.#recorder.isRecording) return this.#recorder.stop();
    this.#say("");
    try {
      const recording = this.#recorder.record();
      byId("record").textContent = words.stopRecording;
      byId("meter").hidden = false;
      const decoded = await decodeMono(await recording);
      this.#take(wavOf(decoded), `${words.recorded}.wav`, decoded.samples.length / decoded.rate);
    } catch (reason) {
      this.#fail(reason instanceof SpeechError ? reason : new SpeechError("no_recording", ""));
    }
    byId("meter").hidden = true;
    return this.#label();
  }

  #tick(heardS, level) {
    const whole = words.recordingFor(seconds(Math.floor(heardS)).replace(".00", ""));
    if (byId("record-note").textContent !== whole) byId("record-note").textContent = whole;
    byId("meter").firstElementChild.style.width = `${level * 100}%`;
  }

  #take(blob, name, lengthS) {
    const audio = byId("taken-audio");
    URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(blob);
    this.#taken = { blob, name, lengthS };
    byId("taken").hidden = false;
    byId("taken-name").textContent = name;
    byId("taken-length").textContent = lengthS === null ? "" : words.length(seconds(lengthS));
    this.#say("");
    const trouble = this.#troubleWithLength();
    if (trouble) this.#fail(trouble);
  }

  #troubleWithLength() {
    const { lengthS } = this.#taken;
    if (lengthS === null) return null; // the server will tell
    if (lengthS < SHORTEST_S) return new SpeechError("too_short", "");
    return lengthS > LONGEST_S + 0.2 ? new SpeechError("too_long", "") : null;
  }

  async #submit() {
    const trouble = this.#taken ? this.#troubleWithLength() : new SpeechError("no_recording", "");
    if (trouble) return this.#fail(trouble, trouble.code === "no_recording" ? byId("upload-file") : null);
    const empty = Object.keys(FIELDS).find((field) => !byId(FIELDS[field]).value.trim());
    if (empty) return this.#fail(new SpeechError("", words.missing(words[NAMES[empty]])), byId(FIELDS[empty]));
    this.#say(words.uploading);
    byId("upload-button").disabled = true;
    try {
      this.#added(await addVoice(this.#body()));
    } catch (reason) {
      this.#fail(reason, byId(FIELDS[reason.code === "voice_exists" ? "name" : ""]));
    }
    byId("upload-button").disabled = false;
    return undefined;
  }

  #body() {
    const body = new FormData();
    for (const [field, id] of Object.entries(FIELDS)) body.append(field, byId(id).value.trim());
    body.append("language", byId("upload-language").value);
    body.append("audio_sample", this.#taken.blob, this.#taken.name);
    return body;
  }

  #added(voice) {
    this.#form.reset();
    this.#taken = null;
    byId("taken").hidden = true;
    this.#label();
    const { warnings = [] } = voice;
    this.#say(warnings.length ? words.warnings(warnings.join("; ")) : words.added(voice.name));
    this.#onAdded(voice);
  }

  #say(text) {
    byId("upload-status").textContent = text;
    byId("upload-status").classList.remove("error");
    byId("upload-code").textContent = "";
  }

  #fail({ code, message }, field = null) {
    byId("upload-status").textContent = words.error(code, message);
    byId("upload-status").classList.add("error");
    byId("upload-code").textContent = code;
    if (field && field.type !== "file") field.setAttribute("aria-invalid", "true");
    field?.focus();
  }
}
