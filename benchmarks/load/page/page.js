"use strict";

const data = JSON.parse(document.getElementById("data").textContent);

function setTheme(name) {
  document.documentElement.dataset.theme = name;
}

function drawHead() {
  const { target, pace, seed } = data.settings;
  const rhythm = pace.rate
    ? `open loop, ${pace.rate} arrivals per second for ${pace.duration_s} s`
    : pace.burst
    ? `bursts of ${pace.burst} at once, ${pace.rounds} in turn`
    : `closed loop, ${pace.concurrency} at once, ${pace.num_requests} requests`;
  const title = `${target.url} under load`;
  document.title = title;
  document.getElementById("title").textContent = title;
  document.getElementById("subtitle").textContent =
    `${data.began_at.replace("T", " ").replace("+00:00", " UTC")} · ${target.api}, ${target.audio_format} · ${rhythm} · seed ${seed}`;
}

function notice(title, lines) {
  const items = lines.map((line) => el("li", {}, line));
  document.getElementById("notices").append(el("div", { class: "notice" }, el("strong", {}, title), el("ul", {}, ...items)));
}

function drawTiles() {
  const { figures, summary } = data;
  const dry = summary.underruns;
  const played = dry.played > 0;
  const offered = summary.offered_per_s == null ? "closed loop" : `of ${figures["requests offered"]} offered`;
  const tiles = [
    ["TTFA p50", figures["TTFA p50"], `max ${figures["TTFA max"]}`, ""],
    ["TTFA p95", figures["TTFA p95"], `p99 ${figures["TTFA p99"]}`, ""],
    ["underruns", played ? figures.underruns : "–", played ? `${dry.listeners} of ${dry.played} listeners` : "nothing was played", dry.total ? "bad" : played ? "good" : ""],
    ["lowest headroom", figures["lowest headroom"], dry.total ? `${figures["stalled in total"]} of silence` : "", dry.total ? "bad" : ""],
    ["RTF p50", figures["RTF p50"], `p95 ${figures["RTF p95"]}`, ""],
    ["audio per second", figures["audio per second"], `${asS(summary.audio_s)} in all`, ""],
    ["achieved", figures["requests achieved"], offered, ""],
    ["errors", figures.errors, `of ${figures["requests sent"]} requests`, summary.num_failed ? "bad" : "good"],
  ];
  for (const [label, value, note, tone] of tiles) {
    document.getElementById("tiles").append(
      el("div", { class: `tile ${tone}` }, el("span", {}, label), el("b", {}, value), el("small", {}, note)));
  }
}

function drawErrors() {
  const codes = Object.entries(data.summary.errors);
  if (!codes.length) return;
  const card = makeCard("Errors", "By the server's own code where it gave one.", "wide");
  const example = (code) => data.requests.find((r) => r.code === code);
  card.append(makeTable(
    [["code", "bad"], ["count", "num"], ["share", "num"], ["status", "num"], ["an example", ""]],
    codes.map(([code, count]) => {
      const one = example(code);
      const share = `${((100 * count) / data.requests.length).toFixed(1)} %`;
      return [code, `${count}`, share, one.status == null ? "–" : `${one.status}`, one.message || "–"];
    })));
}

function drawOwn() {
  const card = makeCard("The generator itself", "Its own lag, sampled every 10 ms, and how late it sent. Part of every figure above.");
  card.append(makeTable([["", ""], ["", "num"]], Object.entries(data.own_figures)));
}

function drawFigures() {
  const card = makeCard("All figures", "Latencies count from the scheduled arrival; chaos clients are left out.", "tall");
  card.append(makeTable([["", ""], ["", "num"]], Object.entries(data.figures)));
}

function drawSlowest() {
  const rows = data.requests.filter((r) => r.ttfa_s != null && r.role === "listener").sort((a, b) => b.ttfa_s - a.ttfa_s).slice(0, 12);
  if (!rows.length) return;
  const card = makeCard("Slowest to speak", "The listeners who waited longest.", "wide");
  card.append(makeTable(
    [["#", "num"], ["voice", ""], ["language", ""], ["characters", "num"], ["scheduled", "num"], ["TTFA", "num"], ["audio", "num"], ["RTF", "num"], ["longest gap", "num"], ["lowest headroom", "num"], ["outcome", ""]],
    rows.map((r) => [`${r.index}`, r.voice, r.lang, `${r.num_chars}`, asS(r.scheduled_s), asMs(r.ttfa_s), asS(r.audio_s), r.rtf == null ? "–" : r.rtf.toFixed(3), asMs(r.longest_gap_s), asMs(r.lowest_headroom_s), r.code || "ok"])));
}

function drawSettings() {
  const card = makeCard("Settings and machine", "Enough to run it again.");
  card.append(el("pre", {}, JSON.stringify({ ...data.settings, machine: data.machine }, null, 1)));
}

setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
document.getElementById("theme").addEventListener("click", () =>
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));

drawHead();
if (data.generator_lagging) notice("The generator was lagging: part of these figures is its own.", data.warnings);
if (data.interrupted) notice("The run was interrupted.", ["The figures cover what had been sent."]);
drawTiles();
drawTtfa(data);
drawTtfaOverTime(data);
drawTimeline(data);
drawHeadroom(data);
drawErrors();
drawGaps(data);
drawInFlight(data);
drawSlowest();
drawFigures();
drawOwn();
drawSettings();
