// The form: what to say and how. Reads like one value, `request()`, and remembers itself.

import { SpeechError } from "./api.js";
import { FORMATS } from "./formats.js";
import { languagesOf } from "./languages.js";
import { loadSettings, saveSettings } from "./settings.js";
import { SAMPLES, voiceForSample } from "./samples.js";
import { VoicePicker, voiceKey } from "./voice_picker.js";
import { currentTongue, onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
/** Of the first voice that a newcomer gets, by the language of the page. */
const PREFERRED_LANGUAGES = { en: ["en-GB", "en-US", "en"], zh: ["zh-CN", "cmn", "zh", "en-GB", "en-US", "en"] };

export class Controls {
  text = byId("text");
  #timbre = byId("timbre");
  #language = byId("language");
  #format = byId("format");
  #speed = byId("speed");
  #pitch = byId("pitch");
  #voices = [];
  #more;
  #picker = new VoicePicker(byId("voice"), byId("voice-list"), (voice) => this.#onVoice(voice));

  /** `more`: the settings that most people leave alone. */
  constructor(more) {
    this.#more = more;
    this.#fillFormats();
    this.#restore(loadSettings());
    for (const field of [this.#timbre, this.#language, this.#format, this.#speed, this.#pitch]) {
      field.addEventListener("input", () => this.#changed());
    }
    for (const slider of [this.#speed, this.#pitch]) {
      byId(`${slider.id}-value`).addEventListener("click", () => this.#reset(slider));
    }
    this.text.addEventListener("input", () => this.#countCharacters());
    onTongue(() => this.#retell());
    this.#changed();
    this.#countCharacters();
  }

  /** Offer the voices of the chosen model, or of all. The one chosen last stays chosen where it may. */
  setVoices(all) {
    const voices = all.filter(({ model }) => !this.#more.model || model === this.#more.model);
    this.#voices = voices;
    this.#picker.setVoices(voices);
    const last = voices.find((voice) => voiceKey(voice) === loadSettings().voice);
    this.#fillLanguages(this.#language.value || loadSettings().language);
    this.#picker.choose(last ?? voiceForSample({ tags: PREFERRED_LANGUAGES[currentTongue()] }, voices, null) ?? voices[0] ?? null);
    this.#fillSamples();
    this.#offerSample();
  }

  /** The body for the server, with nothing in it that is the voice's own default. */
  request() {
    const voice = this.#picker.chosen;
    if (!voice) throw new SpeechError("no_voice", words.noVoicesYet);
    const timbre = this.#timbre.disabled ? "" : this.#timbre.value;
    const pitch = 2 ** (this.#pitch.valueAsNumber / 12);
    return {
      model: voice.model,
      input: this.text.value,
      voice: timbre ? `${voice.id}+${timbre}` : voice.id,
      response_format: this.#format.value,
      speed: this.#speed.valueAsNumber,
      ...this.#more.request(),
      ...(this.#language.value && { language: this.#language.value }),
      ...(pitch !== 1 && { pitch: Number(pitch.toFixed(4)) }),
    };
  }

  /** The same for live text, which comes later and as bare samples. */
  liveSettings() {
    const { input: _, response_format: __, ...settings } = this.request();
    return settings;
  }

  choose(voice) {
    const known = this.#voices.find((candidate) => voiceKey(candidate) === voiceKey(voice));
    if (known) this.#picker.choose(known);
  }

  get hasVoice() {
    return this.#picker.chosen !== null;
  }

  #onVoice(voice) {
    byId("voice-id").textContent = voice?.id ?? "";
    this.#timbre.disabled = !voice || !takesTimbre(voice);
    if (voice) this.#more.setSpeaker(voice.model);
    this.#changed();
  }

  #changed() {
    byId("speed-value").textContent = `${this.#speed.valueAsNumber.toFixed(2)}×`;
    const semitones = this.#pitch.valueAsNumber;
    byId("pitch-value").textContent = semitones > 0 ? `+${semitones}` : String(semitones).replace("-", "−");
    this.#pitch.setAttribute("aria-valuetext", words.semitones(semitones));
    this.#speed.setAttribute("aria-valuetext", byId("speed-value").textContent);
    byId("format-note").textContent = words.formatNotes[this.#format.value];
    this.#nameResets();
    for (const slider of [this.#speed, this.#pitch]) paintTrack(slider);
    if (this.hasVoice) this.#remember();
  }

  #retell() {
    this.#fillLanguages(this.#language.value);
    this.#changed();
    this.#countCharacters();
  }

  #nameResets() {
    for (const [slider, value] of [[this.#speed, "1.00×"], [this.#pitch, "0"]]) {
      const button = byId(`${slider.id}-value`);
      button.title = words.backTo(value);
      button.setAttribute("aria-label", `${button.textContent}, ${words.backTo(value)}`);
    }
  }

  #reset(slider) {
    slider.value = slider.defaultValue;
    this.#changed();
  }

  #remember() {
    saveSettings({
      voice: voiceKey(this.#picker.chosen),
      timbre: this.#timbre.value,
      language: this.#language.value,
      format: this.#format.value,
      speed: this.#speed.value,
      pitch: this.#pitch.value,
    });
  }

  #restore(settings) {
    for (const field of [this.#timbre, this.#format, this.#speed, this.#pitch]) {
      const known = field.type === "range" || [...field.options].some(({ value }) => value === settings[field.id]);
      if (settings[field.id] !== undefined && known) field.value = settings[field.id];
    }
  }

  #countCharacters() {
    byId("count").textContent = words.characters([...this.text.value].length);
    this.text.removeAttribute("aria-invalid");
  }

  #fillFormats() {
    const options = Object.entries(FORMATS).map(([value, { label }]) => new Option(label, value));
    this.#format.replaceChildren(...options);
  }

  #fillLanguages(last) {
    const options = languagesOf(this.#voices).map(({ tag, name }) => new Option(name, tag));
    this.#language.replaceChildren(new Option(words.autoLanguage, ""), ...options);
    if (options.some(({ value }) => value === last)) this.#language.value = last;
  }

  #fillSamples() {
    const spoken = SAMPLES.filter((sample) => voiceForSample(sample, this.#voices, null));
    byId("samples").replaceChildren(...spoken.map((sample) => this.#sampleButton(sample)));
  }

  /** Give a newcomer something to press Speak on, in the language of the voice that is chosen. */
  #offerSample() {
    const primary = (tag) => tag.split("-")[0];
    const own = primary(this.#picker.chosen?.language ?? "");
    const sample = SAMPLES.find(({ tags }) => tags.some((tag) => primary(tag) === own));
    if (this.text.value || !sample) return;
    this.text.value = sample.text;
    this.text.lang = sample.tags[0];
    this.#countCharacters();
  }

  #sampleButton(sample) {
    const button = document.createElement("button");
    button.type = "button";
    button.lang = sample.tags[0];
    button.textContent = sample.label;
    button.addEventListener("click", () => this.#take(sample));
    return button;
  }

  #take(sample) {
    this.text.value = sample.text;
    this.text.lang = sample.tags[0];
    this.#language.value = "";
    this.#countCharacters();
    this.#picker.choose(voiceForSample(sample, this.#voices, this.#picker.chosen));
  }
}

/**
 * Timbres are espeak-ng's voice variants, for voices named after their language. A cloned voice has a timbre of
 * its own, and so has an alias such as `nova`.
 */
function takesTimbre({ id, language, model }) {
  return model === "formant" && id.split("-")[0] === language.split("-")[0].toLowerCase();
}

/** Ranges have no standard way to colour a part of their track; custom properties feed the style sheet. */
function paintTrack(slider) {
  const [low, high, neutral] = [slider.min, slider.max, slider.defaultValue].map(Number);
  const ends = [neutral, slider.valueAsNumber].sort((a, b) => a - b);
  const [from, to] = ends.map((value) => `${((value - low) / (high - low)) * 100}%`);
  slider.style.setProperty("--from", from);
  slider.style.setProperty("--to", to);
}
