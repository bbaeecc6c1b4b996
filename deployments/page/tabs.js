// Speak, Live, Voices: the tabs pattern of the ARIA Authoring Practices.

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
  #buttons = [...document.querySelectorAll("[role=tab]")];
  #parts = [...document.querySelectorAll("[data-tabs]")];
  #onChange;
  current = "speak";

  /** `onChange(name)` is called whenever another tab is shown. */
  constructor(onChange) {
    this.#onChange = onChange;
    for (const button of this.#buttons) {
      button.addEventListener("click", () => this.show(nameOf(button)));
      button.addEventListener("keydown", (event) => this.#onKey(event));
    }
    const asked = location.hash.slice(1);
    this.show(this.#buttons.some((button) => nameOf(button) === asked) ? asked : "speak");
  }

  show(name) {
    this.current = name;
    for (const button of this.#buttons) {
      const chosen = nameOf(button) === name;
      button.setAttribute("aria-selected", String(chosen));
      button.tabIndex = chosen ? 0 : -1;
    }
    for (const part of this.#parts) part.hidden = part.dataset.empty === "true" || !part.dataset.tabs.split(" ").includes(name);
    history.replaceState(null, "", name === "speak" ? location.pathname + location.search : `#${name}`);
    this.#onChange(name);
  }

  #onKey(event) {
    const here = this.#buttons.indexOf(event.target);
    const last = this.#buttons.length - 1;
    const next = event.key === "Home" ? 0 : event.key === "End" ? last : here + (STEPS[event.key] ?? NaN);
    if (Number.isNaN(next)) return;
    event.preventDefault();
    const button = this.#buttons[(next + this.#buttons.length) % this.#buttons.length];
    button.focus();
    this.show(nameOf(button));
  }
}

const nameOf = (button) => button.id.replace("tab-", "");
