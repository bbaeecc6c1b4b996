// The one line that says what is going on: quiet for progress, plain about errors, with a way to try again.

import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const RETRYABLE = new Set(["no_connection", "stream_interrupted", "no_audio"]);

export class StatusLine {
  #line = byId("status");
  #code = byId("error-code");
  #retry = byId("retry");
  #timer = null;
  #onRetry = () => {};
  #text = () => "";

  constructor() {
    this.#retry.addEventListener("click", () => this.#onRetry());
    onTongue(() => {
      this.#line.textContent = this.#text();
      if (!this.#retry.disabled) this.#retry.textContent = words.retry;
    });
  }

  /** `text()` is asked again when the page changes its language. */
  say(text) {
    this.#show(text, "", false);
  }

  /** Show an error in words with its code; `onRetry` is offered where coming back may help. */
  fail(error, onRetry) {
    this.#show(() => words.error(error.code, error.message), error.code, true);
    const { retryAfterS, status } = error;
    if (retryAfterS === null && !RETRYABLE.has(error.code) && !(status >= 500)) return;
    this.#onRetry = onRetry;
    this.#retry.hidden = false;
    this.#countDown(Math.ceil(retryAfterS ?? 0));
  }

  #show(text, code, isError) {
    clearTimeout(this.#timer);
    this.#text = text;
    this.#line.textContent = text();
    this.#line.classList.toggle("error", isError);
    this.#code.textContent = code;
    this.#retry.hidden = true;
  }

  /** The button counts down by itself, outside the live region: a reader isn't told every second. */
  #countDown(seconds) {
    this.#retry.disabled = seconds > 0;
    this.#retry.textContent = seconds > 0 ? words.retryIn(seconds) : words.retry;
    if (seconds > 0) this.#timer = setTimeout(() => this.#countDown(seconds - 1), 1000);
  }
}
