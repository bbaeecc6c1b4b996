// The page: ties the form, the speech and the panels together.

import { SpeechError, fetchModels, fetchVoices } from "./api.js";
import { Appearance } from "./appearance.js";
import { Controls } from "./controls.js";
import { KeyDialog } from "./dialogs.js";
import { save } from "./elements.js";
import { History } from "./history.js";
import { LivePanel } from "./live_panel.js";
import { LoadPanel } from "./load_panel.js";
import { Readout } from "./readout.js";
import { MoreSettings } from "./sampling.js";
import { ServerLoad } from "./server_load.js";
import { Speech } from "./speech.js";
import { StatusLine } from "./status_line.js";
import { Tabs } from "./tabs.js";
import { exposeState } from "./test_hook.js";
import { seconds } from "./units.js";
import { VoicesPanel } from "./voices_panel.js";
import { onTongue, words } from "./words.js";

const byId = (id) => document.getElementById(id);
const buttons = { speak: byId("speak"), stop: byId("stop"), replay: byId("replay"), download: byId("download") };
const requests = new WeakMap();
let tabs = null;
let voices = [];
let speech = null;

const readout = new Readout();
new Appearance(() => readout.wake());
const server = new ServerLoad();
const statusLine = new StatusLine();
const more = new MoreSettings(server, offerVoices);
const controls = new Controls(more);
const past = new History({ replay: again, download });
const load = new LoadPanel(server);
const voicesPanel = new VoicesPanel(server, { use, reload: loadVoices });
const live = new LivePanel(() => controls.liveSettings(), statusLine, showButtons);
tabs = new Tabs(onTab);

const STATUS_TEXT = {
  waiting: () => words.waiting,
  playing: () => words.speaking,
  replaying: () => words.replaying,
  stopped: () => words.stopped,
  done: () => words.done(seconds(speech.receivedS)),
};

function speak() {
  if (tabs.current === "live") return live.flush();
  if (tabs.current !== "speak" || !controls.hasVoice) return undefined;
  if (!controls.text.value.trim()) return refuseEmpty();
  try {
    const request = controls.request();
    follow(new Speech(request, onChange), request).run();
  } catch (reason) {
    statusLine.fail(reason, speak);
  }
  return undefined;
}

function follow(next, request) {
  if (next !== speech) speech?.stop();
  speech = next;
  if (request) requests.set(next, request);
  readout.follow(next);
  if (next.status === "waiting") onChange(next);
  return next;
}

function again(earlier) {
  if (speech.active) speech.stop();
  follow(earlier).replay();
}

function refuseEmpty() {
  statusLine.fail(new SpeechError("empty_input", ""), speak);
  controls.text.setAttribute("aria-invalid", "true");
  controls.text.focus();
}

function onChange(changed) {
  if (["done", "stopped", "error"].includes(changed.status)) past.add(changed, requests.get(changed));
  if (changed !== speech) return; // an older one, stopped to make way
  if (speech.status === "error") statusLine.fail(speech.error, speak);
  else statusLine.say(STATUS_TEXT[speech.status]);
  document.body.dataset.status = speech.status;
  showButtons();
  readout.wake();
}

function showButtons() {
  const { active = false, replayable = false, numBytes = 0 } = speech ?? {};
  buttons.stop.disabled = tabs?.current === "live" ? !live.isActive : !active;
  buttons.replay.disabled = active || !replayable;
  buttons.download.disabled = active || !numBytes;
}

function stop() {
  if (tabs.current === "live") {
    if (live.isActive) live.interrupt();
  } else speech?.stop();
}

function download(which) {
  const part = which.responseEndMs === null ? "-part" : "";
  save(which.file(), `polyvox-${which.voice.replace(/[^\p{L}\p{N}+-]/gu, "_")}${part}.${which.format}`);
}

function use(voice) {
  if (more.model && more.model !== voice.model) byId("model").value = "";
  offerVoices();
  controls.choose(voice);
  tabs.show("speak");
  byId("voice").focus();
}

function onTab(name) {
  if (name !== "live") live.close();
  if (name !== "speak") speech?.stop();
  byId("speak").firstElementChild.dataset.words = name === "live" ? "speakNow" : "speak";
  byId("speak").firstElementChild.textContent = name === "live" ? words.speakNow : words.speak;
  if (voices.length) statusLine.say(() => (name === "live" ? words.liveReady : words.ready));
  if (tabs) showButtons();
  readout.wake();
}

function onKey(event) {
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape") {
    stop();
  }
}

function offerVoices() {
  controls.setVoices(voices);
  buttons.speak.disabled = !controls.hasVoice;
}

function showCatalogue() {
  byId("catalogue").textContent = voices.length ? words.voices(voices.length) : words.noVoices;
}

async function loadVoices() {
  statusLine.say(() => words.loadingVoices);
  try {
    voices = await fetchVoices();
  } catch (reason) {
    return statusLine.fail(reason, loadVoices);
  }
  const [models] = await Promise.all([fetchModels().catch(() => []), server.refresh()]);
  more.setModels([...new Set([...models, ...voices.map(({ model }) => model)])]);
  offerVoices();
  voicesPanel.setVoices(voices);
  load.show();
  showCatalogue();
  return statusLine.say(() => (voices.length ? words.ready : words.noVoicesYet));
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
document.addEventListener("keydown", onKey);
buttons.stop.addEventListener("click", stop);
buttons.replay.addEventListener("click", () => speech.replay());
buttons.download.addEventListener("click", () => download(speech));
new KeyDialog(loadVoices);
onTongue(showCatalogue);
exposeState(() => speech, live.session);
if (navigator.platform.startsWith("Mac")) byId("speak-keys").textContent = "⌘ ↵";
readout.wake();
loadVoices();
