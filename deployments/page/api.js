// The server's HTTP interface, and its errors as one kind of exception.

/** An error with a stable code; `retryAfterS` is set where the server says when to come back. */
export class SpeechError extends Error {
  constructor(code, message, { status = null, retryAfterS = null } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** Paths are relative to the page, so that it also works below a route prefix. */
const at = (path) => new URL(path, document.baseURI);

async function connect(path, options) {
  try {
    return await fetch(at(path), options);
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new SpeechError("no_connection", "The server can’t be reached.");
  }
}

async function errorOf(response) {
  const wait = Number.parseFloat(response.headers.get("Retry-After") ?? "");
  const details = { status: response.status, retryAfterS: Number.isFinite(wait) ? wait : null };
  const body = await response.json().catch(() => null);
  const error = body?.error;
  if (!error?.message) {
    return new SpeechError(`http_${response.status}`, `The server answered ${response.status}.`, details);
  }
  return new SpeechError(error.code ?? `http_${response.status}`, error.message, details);
}

/** Return the catalogue: an array of `{id, name, language, model}`. */
export async function fetchVoices() {
  const response = await connect("v1/audio/voices");
  if (!response.ok) throw await errorOf(response);
  const { voices } = await response.json();
  return voices;
}

/** Ask for speech; resolves once the server has audio. Aborting `signal` cancels it on the server too. */
export async function requestSpeech(body, signal) {
  const response = await connect("v1/audio/speech", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
  if (!response.ok) throw await errorOf(response);
  return response;
}

/** Yield the body's bytes as they arrive; a connection that breaks off is an error, never an early end. */
export async function* bytesOf(response) {
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new SpeechError("stream_interrupted", "The connection broke off.");
  }
}
