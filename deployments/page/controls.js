// The form: what to say and how. Reads like one value, `request()`, and remembers itself.

import { FORMATS } from "./formats.js";
import { languagesOf } from "./languages.js";
import { loadSettings, saveSettings } from "./settings.js";
import { SAMPLES, voiceForSample } from "./samples.js";
import { VoicePicker, voiceKey } from "./voice_picker.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const PREFERRED_LANGUAGES = ["en-GB", "en-US", "en"];

export class Controls {
  text = byId("text");
  #timbre = byId("timbre");
  #language = byId("language");
  #format = byId("format");
  #speed = byId("speed");
  #pitch = byId("pitch");
  #voices = [];
  #picker = new VoicePicker(byId("voice"), byId("voice-list"), (voice) => this.#onVoice(voice));

  constructor() {
    this.#fillFormats();
    this.#restore(loadSettings());
    for (const field of [this.#timbre, this.#language, this.#format, this.#speed, this.#pitch]) {
      field.addEventListener("input", () => this.#changed());
    }
    for (const slider of [this.#speed, this.#pitch]) {
      byId(`${slider.id}-value`).addEventListener("click", () => this.#reset(slider));
    }
    this.text.addEventListener("input", () => this.#countCharacters());
    this.#changed();
    this.#countCharacters();
  }

  setVoices(voices) {
    this.#voices = voices;
    this.#picker.setVoices(voices);
    const last = voices.find((voice) => voiceKey(voice) === loadSettings().voice);
    this.#fillLanguages(loadSettings().language);
    this.#picker.choose(last ?? voiceForSample({ tags: PREFERRED_LANGUAGES }, voices, null) ?? voices[0]);
    this.#fillSamples();
    this.#offerSample();
  }

  /** The body for the server, with nothing in it that is the voice's own default. */
  request() {
    const voice = this.#picker.chosen;
    const timbre = this.#timbre.disabled ? "" : this.#timbre.value;
    const pitch = 2 ** (this.#pitch.valueAsNumber / 12);
    return {
      model: voice.model,
      input: this.text.value,
      voice: timbre ? `${voice.id}+${timbre}` : voice.id,
      response_format: this.#format.value,
      speed: this.#speed.valueAsNumber,
      ...(this.#language.value && { language: this.#language.value }),
      ...(pitch !== 1 && { pitch: Number(pitch.toFixed(4)) }),
    };
  }

  get hasVoice() {
    return this.#picker.chosen !== null;
  }

  #onVoice(voice) {
    byId("voice-id").textContent = voice.id;
    this.#timbre.disabled = !takesTimbre(voice);
    this.#changed();
  }

  #changed() {
    byId("speed-value").textContent = `${this.#speed.valueAsNumber.toFixed(2)}×`;
    const semitones = this.#pitch.valueAsNumber;
    byId("pitch-value").textContent = semitones > 0 ? `+${semitones}` : String(semitones).replace("-", "−");
    this.#pitch.setAttribute("aria-valuetext", `${semitones} semitones`);
    byId("format-note").textContent = FORMATS[this.#format.value].note;
    for (const slider of [this.#speed, this.#pitch]) paintTrack(slider);
    if (this.hasVoice) this.#remember();
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
