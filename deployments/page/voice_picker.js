// A searchable list of voices: the combobox pattern of the ARIA Authoring Practices.

import { ownName } from "./languages.js";
import { words } from "./words.js";

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export const voiceKey = (voice) => `${voice.model}/${voice.id}`;

export class VoicePicker {
  #input;
  #list;
  #onPick;
  #entries = []; // {voice, haystack, option}
  #shown = [];
  #active = -1;
  chosen = null;

  /** `onPick(voice)` is called whenever another voice is chosen, by hand or by `choose`. */
  constructor(input, list, onPick) {
    this.#input = input;
    this.#list = list;
    this.#onPick = onPick;
    input.addEventListener("click", () => this.#open());
    input.addEventListener("focus", () => input.select());
    input.addEventListener("input", () => this.#open(input.value));
    input.addEventListener("keydown", (event) => this.#onKey(event));
    input.addEventListener("blur", () => this.#close());
    // Keeps the focus in the field, so that a click on an option isn't a blur first.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.#pickElement(event.target.closest("[role=option]")));
  }

  setVoices(voices) {
    const sorted = [...voices].sort((a, b) => a.name.localeCompare(b.name));
    this.#entries = sorted.map((voice, index) => ({
      voice,
      haystack: fold(`${voice.name} ${voice.id} ${voice.language} ${ownName(voice.language)} ${voice.model}`),
      option: optionFor(voice, index),
    }));
  }

  choose(voice) {
    this.chosen = voice;
    this.#input.value = voice?.name ?? "";
    this.#onPick(voice);
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  #open(query = "") {
    this.#shown = this.#matching(fold(query).split(/\s+/).filter(Boolean));
    this.#list.replaceChildren(...this.#shown.map(({ option }) => option));
    if (!this.#shown.length) this.#list.append(emptyNote());
    this.#list.hidden = false;
    this.#input.setAttribute("aria-expanded", "true");
    const current = this.#shown.findIndex(({ voice }) => voice === this.chosen);
    this.#activate(query ? 0 : current);
  }

  /** Entries with all parts; those with a word that begins with the first part come first. */
  #matching(parts) {
    const all = this.#entries.filter(({ haystack }) => parts.every((part) => haystack.includes(part)));
    if (!parts.length) return all;
    const begins = ({ haystack }) => ` ${haystack}`.includes(` ${parts[0]}`);
    return [...all.filter(begins), ...all.filter((entry) => !begins(entry))];
  }

  #close() {
    this.#list.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
    this.#input.removeAttribute("aria-activedescendant");
    this.#input.value = this.chosen?.name ?? "";
  }

  #activate(index) {
    this.#active = Math.max(-1, Math.min(index, this.#shown.length - 1));
    for (const { option } of this.#entries) option.setAttribute("aria-selected", "false");
    const option = this.#shown[this.#active]?.option;
    if (!option) return this.#input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    return this.#input.setAttribute("aria-activedescendant", option.id);
  }

  #onKey(event) {
    const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    if (event.key in moves) {
      event.preventDefault();
      if (this.isOpen) this.#activate(Math.max(0, this.#active + moves[event.key]));
      else this.#open();
    } else if (event.key === "Enter" && this.isOpen && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#pickElement(this.#shown[this.#active]?.option);
    } else if (event.key === "Escape" && this.isOpen) {
      event.stopPropagation(); // closes the list only; the speech goes on
      this.#close();
    }
  }

  #pickElement(element) {
    const entry = this.#entries.find(({ option }) => option === element);
    if (!entry) return;
    this.choose(entry.voice);
    this.#close();
  }
}

function optionFor(voice, index) {
  const option = document.createElement("li");
  option.id = `voice-${index}`;
  option.role = "option";
  const name = document.createElement("span");
  name.textContent = voice.name;
  const tag = document.createElement("code");
  tag.textContent = voice.id;
  option.append(name, tag);
  return option;
}

function emptyNote() {
  const note = document.createElement("li");
  note.role = "option";
  note.setAttribute("aria-disabled", "true");
  note.textContent = words.noMatch;
  return note;
}
