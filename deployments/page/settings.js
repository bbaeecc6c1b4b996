// What a person chose last time, kept in this browser.

const KEY = "polyvox.settings";

/** Return the stored choices, or an empty object: storage may be off, or hold something of another version. */
export function loadSettings() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

/** Keep some choices, and leave the others as they are. */
export function saveSettings(settings) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...loadSettings(), ...settings }));
  } catch {
    // Private windows may refuse; the page works the same, it only forgets.
  }
}
