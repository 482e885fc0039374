// What is looked at: a stretch of the recording, its waveform, spectrogram, marks and time.

import { clock, hertz } from "./format.js";
import { samplesOf } from "./link.js";
import { Tiles, place } from "./tiles.js";

const TIME_STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

export class View extends EventTarget {
  constructor(player) {
    super();
    this.player = player;
    this.canvases = Object.fromEntries(["overview", "marks", "wave", "spectrum", "ruler"].map((id) => [id, document.getElementById(id)]));
    this.start = 0;
    this.span = 1;
    this.selection = null;
    this.version = "original";
    this.waves = new Map();
    this.events = new Map();
    this.artifacts = [];
    this.vetoes = [];
    this.prints = [];
    this.tiles = new Tiles(() => this.draw());
    new ResizeObserver(() => this.fit()).observe(document.getElementById("views"));
    for (const id of ["wave", "spectrum"]) this.pointing(this.canvases[id]);
    this.pointingOverview();
  }

  open(recording) {
    this.recording = recording;
    this.start = 0;
    this.span = Math.min(recording.frames, 30 * recording.rate);
    this.selection = null;
    this.waves.clear();
    this.events.clear();
    this.artifacts = [];
    this.tiles.open(recording);
    this.refresh();
  }

  fit() {
    for (const canvas of Object.values(this.canvases)) {
      const scale = window.devicePixelRatio || 1;
      canvas.width = Math.max(Math.round(canvas.clientWidth * scale), 1);
      canvas.height = Math.max(Math.round(canvas.clientHeight * scale), 1);
    }
    this.refresh();
  }

  show(start, span) {
    const { frames } = this.recording;
    this.span = Math.min(Math.max(Math.round(span), 256), frames);
    this.start = Math.round(Math.min(Math.max(start, 0), frames - this.span));
    this.refresh();
    this.dispatchEvent(new CustomEvent("moved"));
  }

  zoom(factor, middle = this.start + this.span / 2) {
    const share = (middle - this.start) / this.span;
    const span = this.span * factor;
    this.show(middle - share * span, span);
  }

  select(selection) {
    const frames = this.recording.frames;
    this.selection = selection && selection[1] - selection[0] > 8 ? [Math.max(Math.round(selection[0]), 0), Math.min(Math.round(selection[1]), frames)] : null;
    this.draw();
    this.dispatchEvent(new CustomEvent("selected"));
  }

  // What is drawn may have changed; fetch, soon.
  refresh() {
    if (!this.recording) return;
    this.draw();
    this.again = true;
    if (!this.fetching) this.fetchSoon();
  }

  // While one scrolls, too: one request after the other, with an eighth of the view more on either side.
  async fetchSoon() {
    this.fetching = true;
    while (this.again) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      this.again = false;
      await this.fetchWaves();
    }
    this.fetching = false;
  }

  stale(versions = ["restored", "removed"]) {
    for (const version of versions) {
      this.waves.delete(`${version}-old`);
      this.tiles.stale(version);
    }
    this.refresh();
  }

  async fetchWaves() {
    const names = ["original", ...(["original", "reference"].includes(this.version) ? [] : [this.version])];
    const { frames } = this.recording;
    const start = Math.max(this.start - Math.round(this.span / 8), 0);
    const stop = Math.min(this.start + this.span + Math.round(this.span / 8), frames);
    const columns = Math.round(Math.min(((stop - start) / this.span) * this.canvases.wave.width, 4096));
    const all = this.waves.get("overview");
    const due = !all || (!all.exact && performance.now() - all.at > 2000); // a glance is enough until it was read
    await Promise.all([
      ...names.map((name) => this.fetchWave(name, name, start, stop, columns)),
      ...(due ? [this.fetchWave("original", "overview", 0, frames, Math.min(this.canvases.overview.width, 2048))] : []),
    ]);
  }

  async fetchWave(version, key, start, stop, columns) {
    try {
      const { data, shape, exact } = await samplesOf(`peaks/${version}`, { start, stop, columns });
      this.waves.set(key, { start, stop, shape, exact, at: performance.now(), data: new Float32Array(data) });
      this.draw();
    } catch {
      this.waves.delete(key);
    }
  }

  draw() {
    if (this.frame || !this.recording) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  colours() {
    const style = getComputedStyle(document.documentElement);
    return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${name}`).trim() });
  }

  x(sample, canvas) {
    return ((sample - this.start) / this.span) * canvas.width;
  }

  paint() {
    const colours = this.colours();
    const { overview, wave, spectrum, ruler, marks } = this.canvases;
    this.paintOverview(overview, colours);
    this.paintWave(wave, colours);
    const drawn = this.version === "reference" ? "original" : this.version;
    this.tiles.paint(spectrum, drawn, this.start, this.span);
    this.paintFrequencies(spectrum);
    for (const canvas of [wave, spectrum]) this.paintOver(canvas, colours);
    this.paintRuler(ruler, colours);
    this.paintMarks(marks, colours);
    this.paintArtifacts(marks, colours);
  }

  paintWave(canvas, colours) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { channels } = this.recording;
    context.strokeStyle = colours.grid;
    for (let c = 0; c < channels; c += 1) {
      const middle = ((c + 0.5) / channels) * canvas.height;
      for (const level of [-1, -0.5, 0, 0.5, 1]) {
        const y = Math.round(middle - (level * 0.46 * canvas.height) / channels) + 0.5;
        context.beginPath();
        context.moveTo(0, y);
        context.lineTo(canvas.width, y);
        context.stroke();
      }
    }
    this.paintColumns(context, canvas, this.waves.get("original"), colours.original, this.start, this.span);
    if (this.version !== "original") this.paintColumns(context, canvas, this.waves.get(this.version), colours[this.version] || colours.restored, this.start, this.span);
  }

  paintColumns(context, canvas, wave, colour, start, span) {
    if (!wave) return;
    const [channels, columns] = wave.shape;
    const width = (wave.stop - wave.start) / columns;
    context.fillStyle = colour;
    context.beginPath();
    for (let c = 0; c < channels; c += 1) {
      const middle = ((c + 0.5) / channels) * canvas.height;
      const scale = (0.46 * canvas.height) / channels;
      for (let n = 0; n < columns; n += 1) {
        const left = ((wave.start + n * width - start) / span) * canvas.width;
        const wide = Math.max((width / span) * canvas.width, 1);
        if (left + wide < 0 || left > canvas.width) continue;
        const at = 2 * (c * columns + n);
        const low = wave.data[at];
        if (Number.isNaN(low)) continue;
        const top = middle - Math.min(wave.data[at + 1], 1) * scale;
        context.rect(left, top, wide, Math.max(middle - Math.max(low, -1) * scale - top, 1));
      }
    }
    context.fill();
  }

  paintOverview(canvas, colours) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { frames } = this.recording;
    this.paintColumns(context, canvas, this.waves.get("overview"), colours.original, 0, frames);
    context.fillStyle = colours.selection;
    const left = (this.start / frames) * canvas.width;
    const wide = Math.max((this.span / frames) * canvas.width, 2);
    context.fillRect(left, 0, wide, canvas.height);
    context.strokeStyle = colours.accent;
    context.strokeRect(Math.round(left) + 0.5, 0.5, Math.round(wide), canvas.height - 1);
    context.fillStyle = colours.head;
    context.fillRect((this.player.position / frames) * canvas.width, 0, 1.5, canvas.height);
  }

  paintOver(canvas, colours) {
    const context = canvas.getContext("2d");
    for (const print of this.prints) {
      context.fillStyle = colours.print;
      const left = this.x(print.position, canvas);
      context.fillRect(left, 0, this.x(print.position + print.length, canvas) - left, canvas.height);
    }
    if (this.selection) {
      const [left, right] = this.selection.map((sample) => this.x(sample, canvas));
      context.fillStyle = colours.selection;
      if (canvas === this.canvases.wave) context.fillRect(left, 0, right - left, canvas.height);
      context.fillStyle = colours.accent;
      for (const edge of [left, right]) context.fillRect(Math.round(edge), 0, 1, canvas.height);
    }
    context.fillStyle = colours.head;
    context.fillRect(Math.round(this.x(this.player.position, canvas)), 0, Math.max(1, canvas.width / canvas.clientWidth), canvas.height);
  }

  paintFrequencies(canvas) {
    const context = canvas.getContext("2d");
    const scale = canvas.width / canvas.clientWidth;
    context.font = `${11 * scale}px system-ui, "DejaVu Sans", sans-serif`;
    const dark = document.documentElement.dataset.theme === "dark";
    let last = Infinity;
    for (const frequency of [50, 100, 200, 500, 1000, 2000, 3000, 5000, 8000, 10000, 15000, 20000, 40000]) {
      if (frequency > this.recording.rate / 2) break;
      const y = (1 - place(this.tiles.scale, frequency, this.recording.rate)) * canvas.height;
      if (last - y < 15 * scale || y < 8 * scale) continue;
      last = y;
      const text = hertz(frequency);
      const wide = context.measureText(text).width;
      context.fillStyle = dark ? "rgba(0,0,0,.55)" : "rgba(255,255,255,.75)";
      context.fillRect(0, y - 7 * scale, wide + 8 * scale, 14 * scale);
      context.fillStyle = dark ? "#e3e8eb" : "#1b2227";
      context.fillText(text, 4 * scale, y + 4 * scale);
    }
  }

  paintRuler(canvas, colours) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const scale = canvas.width / canvas.clientWidth;
    const { rate } = this.recording;
    const seconds = this.span / rate;
    const step = TIME_STEPS.find((one) => (one / seconds) * canvas.clientWidth > 88) ?? 3600;
    context.font = `${11 * scale}px system-ui, "DejaVu Sans", sans-serif`;
    context.fillStyle = colours.quiet;
    const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
    for (let at = Math.ceil(this.start / rate / step) * step; at <= (this.start + this.span) / rate; at += step) {
      const x = this.x(at * rate, canvas);
      context.fillRect(Math.round(x), 0, scale, 4 * scale);
      if (x < canvas.width - 40 * scale) context.fillText(clock(at, digits), x + 3 * scale, 14 * scale);
    }
  }

  visibleEvents() {
    const all = [];
    for (const block of this.events.values()) all.push(...block);
    const seen = new Set();
    const place = (one) => `${one.stage} ${one.position} ${one.length} ${one.channel}`;
    const gone = new Set(this.vetoes.map(place)); // told before the veto
    const inside = all.filter((one) => {
      if (one.stage && gone.has(place(one))) return false;
      const key = `${one.seat}-${one.position}-${one.channel}-${one.kind}`;
      if (seen.has(key) || one.position + one.length < this.start || one.position > this.start + this.span) return false;
      seen.add(key);
      return true;
    });
    const vetoed = this.vetoes
      .filter((one) => one.position >= this.start && one.position < this.start + this.span)
      .map((one) => ({ ...one, kind: "vetoed", vetoed: true }));
    return [...inside, ...vetoed].sort((a, b) => a.position - b.position);
  }

  paintMarks(canvas, colours) {
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    const scale = canvas.width / canvas.clientWidth;
    for (const one of this.visibleEvents()) {
      const x = this.x(one.position + one.length / 2, canvas);
      context.fillStyle = one.vetoed ? colours.quiet : one.stage ? colours.removed : colours.bad;
      const wide = Math.max(this.x(one.position + one.length, canvas) - this.x(one.position, canvas), 2 * scale);
      if (one.vetoed) {
        context.strokeStyle = colours.quiet;
        context.strokeRect(x - 3 * scale, 4 * scale, 6 * scale, 8 * scale);
      } else context.fillRect(x - wide / 2, 3 * scale, wide, 11 * scale);
    }
  }

  // Triangles over a line as long as the harm: another shape and colour than events have.
  paintArtifacts(canvas, colours) {
    const context = canvas.getContext("2d");
    const scale = canvas.width / canvas.clientWidth;
    context.fillStyle = colours.artifact;
    for (const one of this.artifacts) {
      const [left, right] = [one.position, one.position + one.length].map((sample) => this.x(sample, canvas));
      if (right < 0 || left > canvas.width) continue;
      context.fillRect(left, 14 * scale, Math.max(right - left, scale), 2 * scale);
      const x = Math.min(Math.max((left + right) / 2, 6 * scale), canvas.width - 6 * scale);
      context.beginPath();
      context.moveTo(x - 6 * scale, 3 * scale);
      context.lineTo(x + 6 * scale, 3 * scale);
      context.lineTo(x, 13 * scale);
      context.fill();
    }
  }

  sampleAt(event, canvas) {
    const box = canvas.getBoundingClientRect();
    return this.start + ((event.clientX - box.left) / box.width) * this.span;
  }

  pointing(canvas) {
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button || !this.recording) return;
      canvas.setPointerCapture(event.pointerId);
      from = this.sampleAt(event, canvas);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (from === null) return;
      const to = this.sampleAt(event, canvas);
      if (Math.abs(((to - from) / this.span) * canvas.clientWidth) > 4) {
        this.selection = [Math.max(Math.min(from, to), 0), Math.min(Math.max(from, to), this.recording.frames)].map(Math.round);
        this.draw();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const to = this.sampleAt(event, canvas);
      if (Math.abs(((to - from) / this.span) * canvas.clientWidth) > 4) this.select([Math.min(from, to), Math.max(from, to)]);
      else this.player.seek(Math.round(Math.min(Math.max(to, 0), this.recording.frames - 1)));
      from = null;
      this.draw();
    });
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (!this.recording) return;
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
      if (sideways) this.show(this.start + ((event.deltaX || event.deltaY) / canvas.clientWidth) * this.span, this.span);
      else this.zoom(Math.exp(event.deltaY * 0.0016), this.sampleAt(event, canvas));
    }, { passive: false });
  }

  pointingOverview() {
    const canvas = this.canvases.overview;
    const go = (event) => {
      if (!(event.buttons & 1) || !this.recording) return;
      const box = canvas.getBoundingClientRect();
      this.show(((event.clientX - box.left) / box.width) * this.recording.frames - this.span / 2, this.span);
    };
    canvas.addEventListener("pointerdown", go);
    canvas.addEventListener("pointermove", go);
    this.canvases.marks.addEventListener("click", (event) => {
      const at = this.sampleAt(event, this.canvases.marks);
      const near = this.visibleEvents().filter((one) => one.stage).map((one) => [Math.abs(one.position + one.length / 2 - at), one]).sort((a, b) => a[0] - b[0])[0];
      if (near && (near[0] / this.span) * this.canvases.marks.clientWidth < 8) this.dispatchEvent(new CustomEvent("veto", { detail: near[1] }));
    });
  }
}
