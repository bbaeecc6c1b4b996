"use strict";
// One function per chart. Each takes the page's data and does nothing where there is nothing to draw.

const HALF = { width: 560, height: 270 };
const FULL = { width: innerWidth < 860 ? 560 : 1160, height: 300 };

const listeners = (data) => data.requests.filter((r) => r.role === "listener");

function describe(request) {
  const lines = [
    `#${request.index} ${request.voice} · ${request.lang} · ${request.num_chars} characters`,
    `TTFA ${asMs(request.ttfa_s)} · audio ${asS(request.audio_s)} · RTF ${request.rtf == null ? "–" : request.rtf.toFixed(3)}`,
  ];
  if (request.stalls.length) {
    const total = request.stalls.reduce((sum, stall) => sum + stall[1], 0);
    lines.push(`${request.stalls.length} underruns, ${asMs(total)} in all`);
  }
  if (request.role !== "listener") lines.push(`chaos client: ${request.role}`);
  if (request.code) lines.push(`${request.code}: ${(request.message || "").slice(0, 90)}`);
  return lines.join("\n");
}

function drawTtfa(data) {
  const values = listeners(data).map((r) => r.ttfa_s).filter((v) => v != null).sort((a, b) => a - b);
  if (!values.length) return;
  const card = makeCard("Time to first audio", "Share of listeners who could hear something within this time of their scheduled arrival; bars count them.");
  const high = values[values.length - 1] * 1000 * 1.06;
  const x = { low: 0, high, format: plain, label: "milliseconds from scheduled arrival" };
  const y = { low: 0, high: 1, ticks: [0, 0.25, 0.5, 0.75, 1], format: (v) => `${v * 100} %` };
  const { svg, sx, sy, box } = plot(card, { ...HALF, x, y, top: 22 });
  drawHistogram(svg, values.map((v) => v * 1000), high, sx, box);
  let path = `M${sx(0)},${sy(0)}`;
  values.forEach((v, i) => { path += `H${sx(v * 1000)}V${sy((i + 1) / values.length)}`; });
  shape(svg, "path", { d: `${path}H${box.right}`, fill: "none", stroke: "var(--main)", "stroke-width": 2 });
  let labelled = -Infinity;
  for (const name of ["p50", "p95", "p99"]) {
    const at = sx(data.summary.ttfa_s[name] * 1000);
    shape(svg, "line", { class: "mark", x1: at, x2: at, y1: box.top, y2: box.bottom });
    // Percentiles that lie close together would write over each other.
    if (at - labelled > 26) shape(svg, "text", { class: "strong", x: at, y: box.top - 7, "text-anchor": "middle" }, name);
    if (at - labelled > 26) labelled = at;
  }
}

function drawHistogram(svg, values, high, sx, box) {
  const bins = new Array(36).fill(0);
  for (const v of values) bins[Math.min(35, Math.floor((v / high) * 36))] += 1;
  const most = Math.max(...bins);
  bins.forEach((count, i) => {
    if (!count) return;
    const [from, to] = [(i / 36) * high, ((i + 1) / 36) * high];
    const tall = (count / most) * (box.bottom - box.top) * 0.55;
    const bar = shape(svg, "rect", { x: sx(from) + 0.5, y: box.bottom - tall, width: sx(to) - sx(from) - 1, height: tall, fill: "var(--fill)" });
    tipOn(bar, `${Math.round(from)} to ${Math.round(to)} ms: ${count} of ${values.length}`);
  });
}

function drawTtfaOverTime(data) {
  const heard = data.requests.filter((r) => r.ttfa_s != null && r.role === "listener");
  const failed = data.requests.filter((r) => r.code);
  if (!heard.length) return;
  const card = makeCard("Time to first audio, over the run", "One dot per listener at the scheduled arrival. A rising cloud means that the server falls behind.");
  legend(card, [["var(--main)", "heard"], ...(failed.length ? [["var(--bad)", "failed"]] : [])]);
  const last = Math.max(...data.requests.map((r) => r.scheduled_s), 0.001);
  const most = Math.max(...heard.map((r) => r.ttfa_s)) * 1000;
  const x = { low: 0, high: last * 1.02, format: plain, label: "seconds into the run" };
  const y = { low: 0, high: most * 1.08, format: (v) => `${plain(v)}` };
  const { svg, sx, sy, box } = plot(card, { ...HALF, height: 246, x, y });
  shape(svg, "text", { x: box.left - 40, y: box.top - 2 }, "ms");
  for (const r of heard) {
    const dot = shape(svg, "circle", { cx: sx(r.scheduled_s), cy: sy(r.ttfa_s * 1000), r: 3.2, fill: r.code ? "var(--bad)" : "var(--main)", "fill-opacity": 0.6 });
    tipOn(dot, describe(r));
  }
  for (const r of failed.filter((one) => one.ttfa_s == null)) {
    const [at, y0] = [sx(r.scheduled_s), box.bottom - 5];
    const cross = shape(svg, "path", { d: `M${at - 3.5},${y0 - 3.5}l7,7m0,-7l-7,7`, stroke: "var(--bad)", "stroke-width": 1.8 });
    tipOn(cross, describe(r));
  }
}

// All that went wrong, and an even pick of the rest.
function pickRows(requests, most) {
  if (requests.length <= most) return requests;
  const bad = requests.filter((r) => r.code || r.stalls.length).slice(0, most);
  const fine = requests.filter((r) => !r.code && !r.stalls.length);
  const step = fine.length / Math.max(1, most - bad.length);
  const picked = fine.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step)).slice(0, most - bad.length);
  return [...bad, ...picked].sort((a, b) => a.scheduled_s - b.scheduled_s);
}

function drawTimeline(data) {
  const rows = pickRows([...data.requests].sort((a, b) => a.scheduled_s - b.scheduled_s), data.max_rows);
  if (!rows.length) return;
  const whole = rows.length === data.requests.length ? "" : ` ${rows.length} of ${data.requests.length} requests: all that went wrong, and an even pick of the rest.`;
  const card = makeCard("Requests", `One row per request, from its scheduled arrival to its last byte.${whole}`, "wide");
  legend(card, [["var(--wait)", "waiting for audible sound"], ["var(--main)", "receiving"], ["var(--bad)", "underrun, or failed"], ["var(--odd)", "chaos client"]]);
  const step = Math.max(1.2, Math.min(16, 620 / rows.length));
  const high = Math.max(data.summary.wall_s, ...rows.map((r) => r.end_s || 0));
  const size = { width: FULL.width, height: rows.length * step + 50 };
  const x = { low: 0, high, format: plain, label: "seconds into the run" };
  const { svg, sx, box } = plot(card, { ...size, left: 14, x, y: { low: 0, high: 1, ticks: [], format: plain } });
  rows.forEach((r, i) => drawRow(svg, r, box.top + i * step, Math.max(0.9, step * 0.72), sx));
}

function drawRow(svg, r, y, height, sx) {
  const group = shape(svg, "g");
  const bar = (from, to, fill) =>
    shape(group, "rect", { x: sx(from), y, width: Math.max(0.8, sx(to) - sx(from)), height, fill, rx: Math.min(2, height / 4) });
  const end = r.end_s ?? r.scheduled_s;
  bar(r.scheduled_s, r.audible_s ?? end, r.code && r.audible_s == null ? "var(--bad)" : "var(--wait)");
  if (r.audible_s != null) bar(r.audible_s, end, r.role === "listener" ? "var(--main)" : "var(--odd)");
  if (r.role === "listener") for (const [at, length] of r.stalls) bar(at, at + length, "var(--bad)");
  if (r.code) shape(group, "circle", { cx: sx(end) + 4, cy: y + height / 2, r: Math.max(1.4, Math.min(3.5, height / 2)), fill: "var(--bad)" });
  tipOn(group, describe(r));
}

function cutAt(end, points) {
  const [at, level] = points[points.length - 1];
  if (at <= end) return points;
  return [...points.slice(0, -1), [end, level + at - end]];
}

function drawHeadroom(data) {
  if (!data.curves.length) return;
  const shown = data.curves.length === data.num_played ? `${data.num_played} listeners.` : `The ${data.curves.length} with the lowest of ${data.num_played} listeners.`;
  const card = makeCard("Playback headroom", `Audio in hand while it plays, against the listener's own clock: at zero, silence. The scale is stretched towards zero. ${shown}`, "wide");
  const dry = data.curves.filter((c) => c.ran_dry);
  legend(card, [["var(--main)", "never ran dry"], ...(dry.length ? [["var(--bad)", `ran dry (${dry.length})`]] : [])]);
  // The last corner is only what is left playing out, on a known slope: the axis ends with the last arrival.
  const longest = data.curves.reduce((most, c) => Math.max(most, (c.points[c.points.length - 2] || [0])[0]), 1) * 1.03;
  const most = data.curves.flatMap((c) => c.points).reduce((top, p) => Math.max(top, p[1]), 0.1) * 1.05;
  const x = { low: 0, high: longest, format: plain, label: "seconds since the listener's playback began" };
  const ticks = [0, 0.1, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].filter((t) => t === 0 || (t <= most && t >= most / 150));
  const y = { low: 0, high: most, root: true, ticks, format: (v) => `${plain(v)} s` };
  const { svg, sx, sy, box } = plot(card, { ...FULL, x, y });
  shape(svg, "line", { class: "zero", x1: box.left, x2: box.right, y1: sy(0), y2: sy(0) });
  const requests = new Map(data.requests.map((r) => [r.index, r]));
  const opacity = Math.max(0.12, Math.min(0.75, 14 / data.curves.length));
  for (const curve of [...data.curves].sort((a, b) => a.ran_dry - b.ran_dry)) {
    const d = cutAt(longest, curve.points).map(([t, level], i) => `${i ? "L" : "M"}${sx(t).toFixed(1)},${sy(level).toFixed(1)}`).join("");
    const colour = curve.ran_dry ? "var(--bad)" : "var(--main)";
    const line = shape(svg, "path", { d, fill: "none", stroke: colour, "stroke-width": 1.3, "stroke-opacity": curve.ran_dry ? Math.max(0.4, opacity) : opacity });
    tipOn(line, describe(requests.get(curve.index)));
  }
}

function drawGaps(data) {
  if (!data.gaps.length) return;
  const card = makeCard("Gaps between chunks", "How long listeners waited from one piece of the body to the next. Logarithmic; pieces that came together are left out.");
  const [low, high] = [data.gaps[0][0] * 1000, data.gaps[data.gaps.length - 1][1] * 1000];
  const most = Math.max(...data.gaps.map((bin) => bin[2]));
  const ticks = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 10000, 30000].filter((t) => t >= low * 0.999 && t <= high * 1.001);
  const x = { low, high, log: true, ticks, format: plain, label: "milliseconds" };
  const y = { low: 0, high: most * 1.05, format: plain };
  const { svg, sx, sy, box } = plot(card, { ...HALF, x, y });
  for (const [from, to, count] of data.gaps) {
    const left = sx(from * 1000);
    const bar = shape(svg, "rect", { x: left + 1, y: sy(count), width: sx(to * 1000) - left - 2, height: box.bottom - sy(count), fill: "var(--main)", rx: 2 });
    tipOn(bar, `${plain(+(from * 1000).toPrecision(3))} to ${plain(+(to * 1000).toPrecision(3))} ms: ${count}`);
  }
}

function drawInFlight(data) {
  const events = data.requests.flatMap((r) => [[r.scheduled_s, 1], [r.end_s ?? r.scheduled_s, -1]]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  if (!events.length) return;
  const card = makeCard("Listeners at once", "Requests between their scheduled arrival and their end.");
  let [count, most] = [0, 0];
  const steps = events.map(([at, change]) => { count += change; most = Math.max(most, count); return [at, count]; });
  const x = { low: 0, high: data.summary.wall_s, format: plain, label: "seconds into the run" };
  const y = { low: 0, high: Math.max(1, most) * 1.08, format: plain };
  const { svg, sx, sy, box } = plot(card, { ...HALF, x, y });
  const d = `M${sx(0)},${sy(0)}${steps.map(([at, n]) => `H${sx(at).toFixed(1)}V${sy(n).toFixed(1)}`).join("")}H${box.right}`;
  shape(svg, "path", { d: `${d}V${box.bottom}Z`, fill: "var(--fill)" });
  shape(svg, "path", { d, fill: "none", stroke: "var(--main)", "stroke-width": 1.6 });
}
