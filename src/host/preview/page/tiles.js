// Spectrograms, tile by tile: levels come as bytes, and get their colours here.

import { samplesOf } from "./link.js";

const COLUMNS = 256;
const ROWS = 256;
const LEAST = 5;
const MOST = 26;
const MOST_KEPT = 400;
const AT_ONCE = 4;
const DARK = [[0, 8, 10, 14], [0.25, 42, 22, 78], [0.5, 142, 42, 98], [0.72, 226, 96, 56], [0.9, 250, 190, 70], [1, 252, 250, 200]];
const LIGHT = [[0, 255, 255, 255], [0.3, 206, 224, 236], [0.55, 110, 166, 198], [0.78, 26, 92, 134], [0.92, 66, 24, 90], [1, 30, 6, 40]];

// Where a frequency lies, 0 at the bottom to 1; as the session has its rows.
export function place(scale, frequency, rate) {
  const top = rate / 2;
  if (scale === "linear") return frequency / top;
  if (scale === "log") return Math.log(frequency / 20) / Math.log(top / 20);
  return Math.log(1 + frequency / 700) / Math.log(1 + top / 700);
}

export class Tiles {
  constructor(changed) {
    this.changed = changed;
    this.scale = "mel";
    this.floor = -115;
    this.ceiling = -25;
    this.kept = new Map();
    this.waiting = [];
    this.running = 0;
  }

  open(recording) {
    this.recording = recording;
    this.kept.clear();
    this.waiting = [];
  }

  stale(version) {
    for (const [key, tile] of this.kept) if (key.startsWith(`${version}/`)) tile.old = true;
  }

  recolour() {
    this.table = null;
    for (const tile of this.kept.values()) tile.picture = null;
    this.changed();
  }

  colours() {
    if (this.table) return this.table;
    const stops = document.documentElement.dataset.theme === "dark" ? DARK : LIGHT;
    this.table = new Uint32Array(256);
    for (let value = 0; value < 256; value += 1) {
      const level = -140 + (value * 140) / 255;
      const share = Math.min(Math.max((level - this.floor) / (this.ceiling - this.floor), 0), 1);
      let n = 1;
      while (n < stops.length - 1 && stops[n][0] < share) n += 1;
      const [low, high] = [stops[n - 1], stops[n]];
      const t = (share - low[0]) / (high[0] - low[0]);
      const [r, g, b] = [1, 2, 3].map((c) => Math.round(low[c] + t * (high[c] - low[c])));
      this.table[value] = (255 << 24) | (b << 16) | (g << 8) | r;
    }
    this.table[0] = 0; // not rendered yet: what lies beneath is seen
    return this.table;
  }

  picture(tile) {
    if (tile.picture) return tile.picture;
    const canvas = new OffscreenCanvas(COLUMNS, ROWS);
    const image = new ImageData(COLUMNS, ROWS);
    const pixels = new Uint32Array(image.data.buffer);
    const table = this.colours();
    for (let n = 0; n < tile.levels.length; n += 1) pixels[n] = table[tile.levels[n]];
    canvas.getContext("2d").putImageData(image, 0, 0);
    tile.picture = canvas;
    return canvas;
  }

  paint(canvas, version, start, span) {
    const context = canvas.getContext("2d");
    const { frames } = this.recording;
    const exact = Math.round(Math.log2(span / canvas.width));
    const level = Math.min(Math.max(exact, LEAST), MOST);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = true;
    context.globalAlpha = version === "original" ? 1 : 0.3;
    for (const coarser of [4, 3, 2, 1, 0]) this.paintLevel(context, canvas, "original", level + coarser, start, span);
    context.globalAlpha = 1;
    if (version !== "original") this.paintLevel(context, canvas, version, level, start, span);
    this.waiting = [];
    const size = COLUMNS * 2 ** level;
    const names = version === "original" ? [version] : [version, "original"];
    for (const name of names) {
      for (let index = Math.floor(start / size); index * size < Math.min(start + span, frames); index += 1) this.want(name, level, index);
    }
    this.pump();
  }

  paintLevel(context, canvas, version, level, start, span) {
    const size = COLUMNS * 2 ** level;
    for (let index = Math.floor(start / size); index * size < start + span; index += 1) {
      const tile = this.kept.get(this.key(version, level, index));
      if (!tile || !tile.levels) continue;
      const left = ((index * size - start) / span) * canvas.width;
      context.drawImage(this.picture(tile), left, 0, (size / span) * canvas.width + 0.5, canvas.height);
    }
  }

  key(version, level, index) {
    return `${version}/${this.scale}/${level}/${index}`;
  }

  want(version, level, index) {
    const key = this.key(version, level, index);
    const tile = this.kept.get(key);
    if (tile) {
      this.kept.delete(key);
      this.kept.set(key, tile);
      if (!tile.old || tile.busy) return;
    }
    this.waiting.push(key);
  }

  pump() {
    while (this.running < AT_ONCE && this.waiting.length) this.fetch(this.waiting.shift());
  }

  async fetch(key) {
    const tile = this.kept.get(key) ?? {};
    if (tile.busy) return;
    this.kept.set(key, tile);
    tile.busy = true;
    tile.old = false;
    this.running += 1;
    try {
      const { data, exact } = await samplesOf(`tile/${key}`);
      Object.assign(tile, { levels: new Uint8Array(data), picture: null, exact });
    } catch {
      this.kept.delete(key);
    }
    tile.busy = false;
    this.running -= 1;
    while (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    this.changed();
  }
}
