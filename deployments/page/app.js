// The page: ties the form, the speech and the read-out together.

import { SpeechError, fetchVoices } from "./api.js";
import { Controls } from "./controls.js";
import { Readout } from "./readout.js";
import { Speech } from "./speech.js";
import { StatusLine } from "./status_line.js";
import { exposeState } from "./test_hook.js";
import { seconds } from "./units.js";
import { words } from "./words.js";

const byId = (id) => document.getElementById(id);
const controls = new Controls();
const readout = new Readout();
const statusLine = new StatusLine();
const buttons = { speak: byId("speak"), stop: byId("stop"), replay: byId("replay"), download: byId("download") };
let speech = null;

const STATUS_TEXT = {
  waiting: () => words.waiting,
  playing: () => words.speaking,
  replaying: () => words.replaying,
  stopped: () => words.stopped,
  done: () => words.done(seconds(speech.receivedS)),
};

function speak() {
  if (!controls.hasVoice) return;
  if (!controls.text.value.trim()) return refuseEmpty();
  speech?.stop();
  const next = new Speech(controls.request(), onChange);
  speech = next;
  readout.follow(next);
  onChange(next);
  next.run();
}

function refuseEmpty() {
  statusLine.fail(new SpeechError("empty_input", ""), speak);
  controls.text.setAttribute("aria-invalid", "true");
  controls.text.focus();
}

function onChange(changed) {
  if (changed !== speech) return; // an older one, stopped to make way
  if (speech.status === "error") statusLine.fail(speech.error, speak);
  else statusLine.say(STATUS_TEXT[speech.status]());
  const { active, replayable } = speech;
  buttons.stop.disabled = !active;
  buttons.replay.disabled = active || !replayable;
  buttons.download.disabled = active || !speech.numBytes;
  document.body.dataset.status = speech.status;
  readout.wake();
}

function download() {
  const part = speech.responseEndMs === null ? "-part" : "";
  const name = `polyvox-${speech.voice.replace(/[^\w+-]/g, "_")}${part}.${speech.format}`;
  const url = URL.createObjectURL(speech.file());
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function onKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape") {
    speech?.stop();
  }
}

async function loadVoices() {
  statusLine.say(words.loadingVoices);
  try {
    const voices = await fetchVoices();
    byId("catalogue").textContent = voices.length ? words.voices(voices.length) : words.noVoices;
    if (voices.length) controls.setVoices(voices);
    buttons.speak.disabled = !voices.length;
    statusLine.say(voices.length ? words.ready : words.noVoices);
  } catch (reason) {
    statusLine.fail(reason, loadVoices);
  }
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
document.addEventListener("keydown", onKey);
buttons.stop.addEventListener("click", () => speech.stop());
buttons.replay.addEventListener("click", () => speech.replay());
buttons.download.addEventListener("click", download);
exposeState(() => speech);
if (navigator.platform.startsWith("Mac")) byId("speak-keys").textContent = "⌘ ↵";
readout.wake();
loadVoices();
