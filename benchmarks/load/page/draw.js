"use strict";
// Small drawing kit: elements, scales, axes, a tooltip. No library, nothing fetched.

const SVG = "http://www.w3.org/2000/svg";

function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function shape(parent, name, attributes = {}, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== "") node.textContent = text;
  parent.append(node);
  return node;
}

const linear = (low, high, from, to) => (value) =>
  from + ((value - low) / (high - low || 1)) * (to - from);

// Square root: room for what is small, without losing zero as a logarithm would.
const rooted = (low, high, from, to) => {
  const scale = linear(Math.sqrt(low), Math.sqrt(high), from, to);
  return (value) => scale(Math.sqrt(Math.max(0, value)));
};

const logarithmic = (low, high, from, to) => {
  const scale = linear(Math.log10(low), Math.log10(high), from, to);
  return (value) => scale(Math.log10(value));
};

// Ticks at 1, 2 or 5 times a power of ten, about `count` of them.
function niceTicks(low, high, count = 6) {
  const rough = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at += 1) ticks.push(at * step);
  return ticks;
}

// A plot area with a grid and labelled axes.
function plot(card, { width, height, x, y, left = 46, bottom = 34, top = 10, right = 14 }) {
  const svg = shape(card, "svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  const box = { left, right: width - right, top, bottom: height - bottom };
  const makeX = x.log ? logarithmic : linear;
  const sx = makeX(x.low, x.high, box.left, box.right);
  const sy = (y.root ? rooted : linear)(y.low, y.high, box.bottom, box.top);
  for (const tick of y.ticks || niceTicks(y.low, y.high, 5)) {
    shape(svg, "line", { class: "grid", x1: box.left, x2: box.right, y1: sy(tick), y2: sy(tick) });
    shape(svg, "text", { x: box.left - 7, y: sy(tick) + 4, "text-anchor": "end" }, y.format(tick));
  }
  for (const tick of x.ticks || niceTicks(x.low, x.high, 7)) {
    shape(svg, "line", { class: "grid", x1: sx(tick), x2: sx(tick), y1: box.top, y2: box.bottom });
    shape(svg, "text", { x: sx(tick), y: box.bottom + 15, "text-anchor": "middle" }, x.format(tick));
  }
  shape(svg, "line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom });
  shape(svg, "text", { x: box.right, y: box.bottom + 30, "text-anchor": "end" }, x.label);
  return { svg, sx, sy, box };
}

function makeCard(title, note, kind = "") {
  const card = el("article", { class: `card ${kind}` }, el("h2", {}, title), el("p", {}, note));
  document.getElementById("cards").append(card);
  return card;
}

function legend(card, entries) {
  const items = entries.map(([colour, label]) => el("span", {}, el("i", { style: `background:${colour}` }), label));
  card.append(el("div", { class: "legend" }, ...items));
}

function makeTable(columns, rows) {
  const head = columns.map(([name, kind]) => el("th", { class: kind }, name));
  const body = rows.map((row) =>
    el("tr", {}, ...row.map((cell, i) => el("td", { class: columns[i][1] }, cell ?? "–"))));
  const table = el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
  return el("div", { class: "scroll" }, table);
}

function tipOn(node, text) {
  const tip = document.getElementById("tip");
  node.addEventListener("mousemove", (event) => {
    tip.textContent = text;
    tip.style.opacity = 1;
    const beside = event.clientX + 14 + tip.offsetWidth > innerWidth ? -14 - tip.offsetWidth : 14;
    tip.style.left = `${event.clientX + beside}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 6)}px`;
  });
  node.addEventListener("mouseleave", () => { tip.style.opacity = 0; });
}

const asMs = (seconds) => (seconds == null ? "–" : `${Math.round(seconds * 1e3).toLocaleString("en")} ms`);
const asS = (seconds) => (seconds == null ? "–" : `${seconds.toFixed(2)} s`);
const plain = (value) => `${+value.toPrecision(6)}`;
