// The API key, where the server asks for one: for as long as the tab lives, or longer if its owner says so.

const NAME = "polyvox.key";
let current = null;

function stored() {
  try {
    return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

export function apiKey() {
  current ??= stored();
  return current;
}

export function isKeyKept() {
  try {
    return localStorage.getItem(NAME) !== null;
  } catch {
    return false;
  }
}

/** Use a key from now on; an empty one is none. */
export function setApiKey(key, keep) {
  current = key;
  try {
    sessionStorage.removeItem(NAME);
    localStorage.removeItem(NAME);
    if (key) (keep ? localStorage : sessionStorage).setItem(NAME, key);
  } catch {
    // Storage may be off: the key lives as long as the page.
  }
}
