// All voices: to hear, to use, and, for those that somebody added, to delete.

import { deleteVoice, fetchPreview } from "./api.js";
import { confirmed } from "./dialogs.js";
import { button, iconButton, setIcon, textElement } from "./elements.js";
import { languageName } from "./languages.js";
import { UploadForm } from "./upload_form.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);

export class VoicesPanel {
  #list = byId("voices-list");
  #filter = byId("voices-filter");
  #server;
  #actions;
  #voices = [];
  #upload;
  #audio = new Audio();
  #previewing = null;

  /** `actions.use(voice)` and `actions.reload()`: what happens elsewhere; `server` knows which voices are clones. */
  constructor(server, actions) {
    this.#server = server;
    this.#actions = actions;
    this.#upload = new UploadForm(() => actions.reload());
    this.#filter.addEventListener("input", () => this.#show());
    for (const event of ["ended", "error"]) this.#audio.addEventListener(event, () => this.#endPreview());
    onTongue(() => this.#show());
  }

  setVoices(voices) {
    this.#voices = [...voices].sort((a, b) => this.#isCloned(b) - this.#isCloned(a) || a.name.localeCompare(b.name));
    this.#show();
  }

  #isCloned({ model }) {
    return Boolean(this.#server.cloningModels?.includes(model));
  }

  #show() {
    this.#upload.setOpen(this.#server.takesVoices);
    const query = this.#filter.value.trim().toLowerCase();
    const shown = this.#voices.filter((voice) => haystack(voice).includes(query));
    this.#list.replaceChildren(...shown.map((voice) => this.#row(voice)));
    this.#list.hidden = !shown.length;
    const empty = this.#voices.length ? words.noMatch : words.noVoices;
    this.#say(shown.length ? words.shown(shown.length, this.#voices.length) : empty);
  }

  #row(voice) {
    const row = document.createElement("li");
    const about = document.createElement("div");
    const names = [languageName(voice.language), voice.id === voice.name ? "" : voice.id, voice.model];
    about.append(textElement("p", voice.name), textElement("p", names.filter(Boolean).join(" · "), "note"));
    row.append(
      about,
      iconButton("play", words.previewThis(voice.name), ({ currentTarget }) => this.#preview(voice, currentTarget)),
      button(words.use, words.useThis(voice.name), () => this.#actions.use(voice)),
    );
    if (this.#isCloned(voice) && this.#server.takesVoices === true) {
      row.append(iconButton("remove", words.deleteVoice(voice.name), () => this.#delete(voice)));
    }
    return row;
  }

  async #preview(voice, element) {
    const again = element === this.#previewing;
    this.#audio.pause();
    this.#endPreview();
    if (again) return;
    this.#previewing = element;
    setIcon(element, "stop");
    try {
      const sound = await fetchPreview(voice.id);
      if (this.#previewing !== element) return; // another one was asked for meanwhile
      URL.revokeObjectURL(this.#audio.src);
      this.#audio.src = URL.createObjectURL(sound);
      await this.#audio.play();
    } catch (reason) {
      if (reason.name === "AbortError") return;
      this.#endPreview();
      this.#fail(reason);
    }
  }

  #endPreview() {
    if (this.#previewing) setIcon(this.#previewing, "play");
    this.#previewing = null;
  }

  async #delete(voice) {
    if (!(await confirmed(words.reallyDelete(voice.name), words.remove))) return;
    this.#say(words.deleting(voice.name));
    try {
      await deleteVoice(voice.id);
      await this.#actions.reload();
      this.#say(words.deleted(voice.name));
      byId("voices-title").focus();
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #say(text) {
    byId("voices-status").textContent = text;
    byId("voices-status").classList.remove("error");
  }

  #fail({ code, message }) {
    byId("voices-status").textContent = words.error(code, message);
    byId("voices-status").classList.add("error");
  }
}

const haystack = ({ name, id, language, model }) =>
  `${name} ${id} ${language} ${languageName(language)} ${model}`.toLowerCase();
