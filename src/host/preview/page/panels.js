// Tables and pictures beside the chain.

import { clock, decibels, hertz, signed } from "./format.js";
import { fetched } from "./link.js";

const byId = (id) => document.getElementById(id);
const MOST_ROWS = 200;

function row(...cells) {
  const made = document.createElement("tr");
  for (const cell of cells) {
    const td = document.createElement("td");
    td.append(cell);
    made.append(td);
  }
  return made;
}

export function showEvents(view, recording, veto) {
  const events = view.visibleEvents();
  byId("event-count").textContent = `${events.length} in view${events.length > MOST_ROWS ? `, the first ${MOST_ROWS} listed` : ""}`;
  const focused = document.activeElement?.id;
  const rows = events.slice(0, MOST_ROWS).map((one) => {
    const id = `event-${one.position}-${one.length}-${one.channel ?? "all"}-${one.stage}${one.vetoed || one.stage ? "" : one.kind}`;
    const at = document.createElement("button");
    at.id = `${id}-at`;
    at.textContent = clock(one.position / recording.rate);
    at.title = "Go there";
    at.onclick = () => view.show(one.position - view.span / 2, view.span);
    const box = document.createElement("input");
    box.type = "checkbox";
    box.id = `${id}-veto`;
    box.checked = Boolean(one.vetoed);
    box.disabled = !one.stage;
    box.ariaLabel = `Veto ${one.kind} at ${at.textContent}`;
    box.onchange = () => veto(one, box.checked);
    return row(at, one.kind, one.channel === null ? "all" : String(one.channel + 1), `${((1000 * one.length) / recording.rate).toFixed(2)} ms`, box);
  });
  byId("events").querySelector("tbody").replaceChildren(...rows);
  if (focused?.startsWith("event-")) byId(focused)?.focus({ preventScroll: true });
}

// Where the repair itself harmed; the worst first. A click selects and zooms.
export function showArtifacts(view, recording, judged) {
  const worst = [...view.artifacts].sort((a, b) => b.severity - a.severity).slice(0, MOST_ROWS);
  byId("artifact-count").textContent = worst.length ? `${view.artifacts.length} found` : judged ? "none found in what is exact" : "";
  const focused = document.activeElement?.id;
  const rows = worst.map((one) => {
    const at = document.createElement("button");
    at.id = `artifact-${one.position}-${one.length}-${one.channel}-${one.kind.replace(" ", "-")}`;
    at.textContent = clock(one.position / recording.rate);
    at.title = "Select it and zoom to it";
    at.onclick = () => {
      view.select([one.position, one.position + one.length]);
      view.show(one.position - one.length / 2, 2 * one.length);
    };
    return row(at, one.kind, String(one.channel + 1), `${(one.length / recording.rate).toFixed(2)} s`, one.severity.toFixed(2));
  });
  const list = byId("artifacts").querySelector(".scroll");
  list.hidden = !rows.length;
  list.querySelector("tbody").replaceChildren(...rows);
  if (focused?.startsWith("artifact-")) byId(focused)?.focus({ preventScroll: true });
}

export function showLevels(levels, version) {
  const rows = Object.entries(levels.lufs).map(([name, lufs]) => {
    const made = row(name, `${decibels(lufs)} LUFS`, `${signed(levels.gain_db[name] ?? 0)} dB`);
    if (name === version) made.className = "now";
    return made;
  });
  byId("levels").querySelector("tbody").replaceChildren(...rows);
}

export function showFigures(state) {
  const rows = [["original", state.recording], ["reference", state.reference]].filter(([, one]) => one).map(([name, one]) => {
    const found = one.loudness;
    return row(name, ...(found ? [decibels(found.lufs), decibels(found.range_lu), decibels(found.true_peak_dbtp)] : ["…", "…", "…"]));
  });
  byId("figures").querySelector("tbody").replaceChildren(...rows);
}

export class Spectra {
  constructor(view) {
    this.view = view;
    this.canvas = byId("ltas");
    this.found = {};
  }

  async fetch(names) {
    const all = await Promise.all(names.map(async (name) => {
      try {
        return [name, await (await fetched(`spectrum/${name}`)).json()];
      } catch {
        return [name, null];
      }
    }));
    this.found = Object.fromEntries(all.filter(([, one]) => one));
    this.paint();
  }

  paint() {
    const { canvas } = this;
    const scale = window.devicePixelRatio || 1;
    canvas.width = canvas.clientWidth * scale;
    canvas.height = canvas.clientHeight * scale;
    const context = canvas.getContext("2d");
    const colours = this.view.colours();
    const [low, high, floor, ceiling] = [20, 20000, -120, -10];
    const x = (frequency) => (Math.log(frequency / low) / Math.log(high / low)) * canvas.width;
    const y = (level) => ((ceiling - level) / (ceiling - floor)) * canvas.height;
    context.font = `${10 * scale}px system-ui, "DejaVu Sans", sans-serif`;
    context.fillStyle = colours.quiet;
    context.strokeStyle = colours.grid;
    for (const frequency of [50, 100, 200, 500, 1000, 2000, 5000, 10000]) {
      context.beginPath();
      context.moveTo(x(frequency), 0);
      context.lineTo(x(frequency), canvas.height);
      context.stroke();
      context.fillText(hertz(frequency), x(frequency) + 2 * scale, canvas.height - 3 * scale);
    }
    for (const level of [-40, -60, -80, -100]) {
      context.beginPath();
      context.moveTo(0, y(level));
      context.lineTo(canvas.width, y(level));
      context.stroke();
      context.fillText(String(level).replace("-", "−"), 2 * scale, y(level) - 2 * scale);
    }
    context.lineWidth = 1.5 * scale;
    let place = 0;
    for (const [name, one] of Object.entries(this.found)) {
      context.strokeStyle = context.fillStyle = colours[name];
      context.beginPath();
      one.frequency_hz.forEach((frequency, n) => context.lineTo(x(frequency), y(one.level_db[n])));
      context.stroke();
      context.fillText(name, canvas.width - 62 * scale, (12 + 12 * place) * scale);
      place += 1;
    }
    context.lineWidth = 1;
    canvas.ariaLabel = `Long-term spectra of ${Object.keys(this.found).join(", ")}`;
  }
}
