// Model, text and sampling settings, under "More settings". Defaults are the reference's; a test compares them.

import { SpeechError } from "./api.js";
import { loadSettings, saveSettings } from "./settings.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);

/** What the server's SamplingParams says, too. */
export const SAMPLING = {
  top_k: { value: 15, low: 1, high: 1025, step: 1 },
  top_p: { value: 1, low: 0, high: 1, step: 0.05 },
  temperature: { value: 1, low: 0, high: 2, step: 0.05 },
  repetition_penalty: { value: 1.35, low: 0.1, high: 10, step: 0.05 },
};
const SEED = { low: 0, high: 2 ** 32 - 1 };
const CHOICES = { text_format: "plain", emoji: "drop" };

export class MoreSettings {
  #model = byId("model");
  #fieldset = byId("sampling");
  #server;
  #speaker = null;

  /** `onModel()` is called when another model is chosen; `server` knows which models draw. */
  constructor(server, onModel) {
    this.#server = server;
    for (const [name, { value, low, high, step }] of Object.entries(SAMPLING)) {
      Object.assign(byId(name), { min: low, max: high, step, defaultValue: value });
    }
    Object.assign(byId("seed"), { min: SEED.low, max: SEED.high, step: 1 });
    this.#restore(loadSettings().more ?? {});
    byId("more").addEventListener("input", () => this.#changed());
    byId("more-reset").addEventListener("click", () => this.#reset());
    this.#model.addEventListener("change", onModel);
    onTongue(() => this.#show());
  }

  setModels(models) {
    const options = models.map((model) => new Option(model, model));
    if (models.length !== 1) options.unshift(new Option(words.anyModel, ""));
    const last = this.#model.value || loadSettings().more?.model;
    this.#model.replaceChildren(...options);
    if (models.includes(last)) this.#model.value = last;
    this.#model.disabled = models.length < 2;
  }

  /** The chosen model; "" for any. */
  get model() {
    return this.#model.disabled ? "" : this.#model.value;
  }

  /** Tell which model will speak. */
  setSpeaker(model) {
    this.#speaker = model;
    this.#fieldset.disabled = !this.#server.samples(model);
    this.#show();
  }

  /** Fields for the server that differ from its defaults. Throws SpeechError for a number out of its range. */
  request() {
    const chosen = Object.entries(CHOICES).filter(([name, value]) => byId(name).value !== value);
    const fields = Object.fromEntries(chosen.map(([name]) => [name, byId(name).value]));
    if (this.#fieldset.disabled) return fields;
    for (const [name, setting] of Object.entries(SAMPLING)) {
      const value = numberIn(byId(name), setting);
      if (value !== setting.value) fields[name] = value;
    }
    if (byId("seed").value !== "" || byId("seed").validity.badInput) fields.seed = numberIn(byId("seed"), SEED);
    if (byId("low_latency").checked) fields.low_latency = true;
    return fields;
  }

  #changed() {
    for (const name of [...Object.keys(SAMPLING), "seed"]) byId(name).removeAttribute("aria-invalid");
    this.#show();
    this.#remember();
  }

  #show() {
    const drawn = this.#speaker === null || this.#server.samples(this.#speaker);
    byId("sampling-note").textContent = drawn ? words.samplingNote : words.samplingOff(this.#speaker);
    const any = this.#model.options[0];
    if (any?.value === "") any.textContent = words.anyModel;
    byId("more-changed").textContent = words.changed(this.#numChanged());
  }

  #numChanged() {
    const choices = Object.entries(CHOICES).filter(([name, value]) => byId(name).value !== value).length;
    const model = this.model ? 1 : 0;
    if (this.#fieldset.disabled) return choices + model;
    const numbers = Object.entries(SAMPLING).filter(([name, { value }]) => byId(name).valueAsNumber !== value).length;
    return choices + model + numbers + (byId("seed").value !== "") + byId("low_latency").checked;
  }

  #reset() {
    for (const name of Object.keys(SAMPLING)) byId(name).value = SAMPLING[name].value;
    for (const [name, value] of Object.entries(CHOICES)) byId(name).value = value;
    byId("seed").value = "";
    byId("low_latency").checked = false;
    if (!this.#model.disabled) this.#model.value = "";
    this.#model.dispatchEvent(new Event("change"));
    this.#changed();
  }

  #remember() {
    const names = [...Object.keys(SAMPLING), ...Object.keys(CHOICES), "seed", "model"];
    const more = Object.fromEntries(names.map((name) => [name, byId(name).value]));
    saveSettings({ more: { ...more, low_latency: byId("low_latency").checked } });
  }

  #restore(more) {
    for (const name of [...Object.keys(SAMPLING), ...Object.keys(CHOICES), "seed"]) {
      if (more[name] !== undefined) byId(name).value = more[name];
    }
    for (const [name, value] of Object.entries(CHOICES)) if (!byId(name).value) byId(name).value = value;
    byId("low_latency").checked = more.low_latency === true;
  }
}

function numberIn(field, { low, high }) {
  const value = field.valueAsNumber;
  if (value >= low && value <= high && (field.step !== "1" || Number.isInteger(value))) return value;
  field.setAttribute("aria-invalid", "true");
  field.closest("details").open = true;
  field.focus();
  throw new SpeechError("invalid_parameter", words.badNumber(field.labels[0].textContent, low, high));
}
