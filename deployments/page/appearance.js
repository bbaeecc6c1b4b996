// Theme and language: what the system prefers, until a person chooses.

import { loadSettings, saveSettings } from "./settings.js";
import { applyWords, onTongue, otherTongue, setTongue, words } from "./words.js";

const THEMES = ["auto", "light", "dark"];
const byId = (id) => document.getElementById(id);

export class Appearance {
  #themeButton = byId("theme");
  #tongueButton = byId("tongue");
  #theme = THEMES.includes(loadSettings().theme) ? loadSettings().theme : "auto";
  #onTheme;

  /** `onTheme()` is called when colours have changed, for whoever draws with them. */
  constructor(onTheme) {
    this.#onTheme = onTheme;
    this.#themeButton.addEventListener("click", () => this.#nextTheme());
    this.#tongueButton.addEventListener("click", () => setTongue(otherTongue()));
    onTongue(() => this.#label());
    applyWords();
    this.#apply();
  }

  #nextTheme() {
    this.#theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length];
    saveSettings({ theme: this.#theme });
    this.#apply();
    this.#onTheme();
  }

  #apply() {
    document.documentElement.dataset.theme = this.#theme;
    this.#label();
  }

  #label() {
    this.#themeButton.textContent = words.theme[this.#theme];
    this.#tongueButton.textContent = words.tongue;
    this.#tongueButton.lang = otherTongue();
  }
}
