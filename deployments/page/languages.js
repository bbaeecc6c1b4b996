// Languages by name.

import { currentTongue } from "./words.js";

function nameIn(names, tag) {
  try {
    return names.of(tag);
  } catch {
    return tag; // not every tag that a voice may carry is one that browsers know
  }
}

export const languageName = (tag) => nameIn(new Intl.DisplayNames([currentTongue()], { type: "language" }), tag);

/** The language's name in itself, so that a search for "Deutsch" finds German. */
export function ownName(tag) {
  try {
    return nameIn(new Intl.DisplayNames([tag], { type: "language" }), tag);
  } catch {
    return "";
  }
}

/** The distinct languages of some voices, as `{tag, name}`, by name. */
export function languagesOf(voices) {
  const names = new Intl.DisplayNames([currentTongue()], { type: "language" });
  const tags = [...new Set(voices.map((voice) => voice.language))];
  return tags.map((tag) => ({ tag, name: nameIn(names, tag) })).sort((a, b) => a.name.localeCompare(b.name));
}
