// The server's HTTP interface, and its errors as one kind of exception.

import { apiKey } from "./keys.js";

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

/** Where live text is spoken. */
export function liveAddress() {
  const address = at("v1/audio/speech/ws?audio=binary");
  address.protocol = address.protocol.replace("http", "ws");
  return address;
}

/** `quiet`: not worth asking a person for a key. */
async function connect(path, options = {}, { quiet = false } = {}) {
  const key = apiKey();
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }) };
  let response;
  try {
    response = await fetch(at(path), { ...options, headers });
  } catch (reason) {
    if (reason.name === "AbortError") throw reason;
    throw new SpeechError("no_connection", "The server can’t be reached.");
  }
  if (response.status === 401 && !quiet) document.dispatchEvent(new Event("keyneeded"));
  if (!response.ok) throw await errorOf(response);
  return response;
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
  const { voices } = await (await connect("v1/audio/voices")).json();
  return voices;
}

/** Return the names of all models, the default one first. */
export async function fetchModels() {
  const { data } = await (await connect("v1/models")).json();
  return data.map(({ id }) => id);
}

/** Return what the server does at the moment. */
export async function fetchLoad() {
  return (await connect("v1/load", {}, { quiet: true })).json();
}

/** Return what a voice says to be heard once, as a Blob. */
export async function fetchPreview(id) {
  const response = await connect(`v1/audio/voices/${encodeURIComponent(id)}/preview?response_format=wav`);
  return response.blob();
}

/** Add a voice; returns what the server tells about it. */
export async function addVoice(form) {
  return (await connect("v1/audio/voices", { method: "POST", body: form })).json();
}

export async function deleteVoice(id) {
  await connect(`v1/audio/voices/${encodeURIComponent(id)}`, { method: "DELETE" });
}

/** Ask for speech; resolves once the server has audio. Aborting `signal` cancels it on the server too. */
export async function requestSpeech(body, signal) {
  return connect("v1/audio/speech", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal,
  });
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
