// Small elements that several parts of the page are made of.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  play: "M8 5.5v13l10.5-6.5z",
  stop: "M7 7h10v10H7z",
  download: "M12 4v11m-4.5-4.5L12 15l4.5-4.5M5 19.5h14",
  remove: "M5 7h14M10 7V4.5h4V7m-7.5 0 .8 12.5h9.4L17.5 7",
};

export function textElement(tag, text, className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  return element;
}

export function button(text, label, onClick, className = "quiet") {
  const element = textElement("button", text, className);
  element.type = "button";
  element.setAttribute("aria-label", label);
  element.addEventListener("click", onClick);
  return element;
}

/** A button with a picture; `label` is its name, for ears and as a tooltip. */
export function iconButton(picture, label, onClick) {
  const element = button("", label, onClick, "icon");
  element.title = label;
  setIcon(element, picture);
  return element;
}

export function setIcon(element, picture) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[picture]);
  svg.append(path);
  element.replaceChildren(svg);
  element.dataset.icon = picture;
}

/** Give a Blob to the browser's downloads. */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
