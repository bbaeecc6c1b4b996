// What the page says, in the language of its reader.

import { ENGLISH } from "./words_en.js";
import { CHINESE } from "./words_zh.js";
import { loadSettings, saveSettings } from "./settings.js";

const TABLES = { en: ENGLISH, zh: CHINESE };
const TAGS = { en: "en", zh: "zh-Hans" };
const KINDS = {
  words: (element, text) => (element.textContent = text),
  wordsAria: (element, text) => element.setAttribute("aria-label", text),
  wordsPlaceholder: (element, text) => element.setAttribute("placeholder", text),
  wordsLabel: (element, text) => element.setAttribute("label", text),
};

let tongue = loadSettings().tongue ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
if (!(tongue in TABLES)) tongue = "en";

/** The sentences of the current language: texts, and functions that make texts. */
export const words = new Proxy({}, { get: (_, name) => TABLES[tongue][name] });

export const currentTongue = () => tongue;
export const otherTongue = () => (tongue === "en" ? "zh" : "en");

/** Change the language; whoever shows composed texts hears `onTongue`. */
export function setTongue(name) {
  tongue = name;
  saveSettings({ tongue });
  applyWords();
  document.dispatchEvent(new Event("tongue"));
}

export function onTongue(listener) {
  document.addEventListener("tongue", listener);
}

/** Write the words into whatever names them: `data-words`, `data-words-aria`, … */
export function applyWords(root = document) {
  document.documentElement.lang = TAGS[tongue];
  for (const [kind, write] of Object.entries(KINDS)) {
    const attribute = `data-${kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const element of root.querySelectorAll(`[${attribute}]`)) write(element, words[element.dataset[kind]]);
  }
}
