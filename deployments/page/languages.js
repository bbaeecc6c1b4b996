// Languages by name.

const english = new Intl.DisplayNames(["en"], { type: "language" });

function nameIn(names, tag) {
  try {
    return names.of(tag);
  } catch {
    return tag; // not every tag that a voice may carry is one that browsers know
  }
}

export const languageName = (tag) => nameIn(english, tag);

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
  const tags = [...new Set(voices.map((voice) => voice.language))];
  return tags
    .map((tag) => ({ tag, name: languageName(tag) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
