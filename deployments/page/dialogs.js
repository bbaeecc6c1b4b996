// Two dialogs: the API key, and "are you sure?". The browser keeps the focus within, and gives it back.

import { apiKey, isKeyKept, setApiKey } from "./keys.js";

const byId = (id) => document.getElementById(id);

export class KeyDialog {
  #dialog = byId("key-dialog");
  #field = byId("key");
  #keep = byId("key-remember");

  /** `onKey()` is called when there is another key, or none. Opens by itself when the server wants one. */
  constructor(onKey) {
    byId("key-button").addEventListener("click", () => this.open());
    document.addEventListener("keyneeded", () => this.open());
    this.#dialog.addEventListener("close", () => {
      const { returnValue } = this.#dialog;
      if (returnValue === "save") setApiKey(this.#field.value.trim(), this.#keep.checked);
      else if (returnValue === "forget") setApiKey("", false);
      else return;
      onKey();
    });
  }

  open() {
    if (this.#dialog.open) return;
    this.#dialog.returnValue = "";
    this.#field.value = apiKey();
    this.#keep.checked = isKeyKept();
    this.#dialog.showModal();
    this.#field.focus();
  }
}

/** Ask; resolves to whether the answer was yes. */
export function confirmed(question, yes) {
  const dialog = byId("confirm-dialog");
  byId("confirm-question").textContent = question;
  byId("confirm-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
