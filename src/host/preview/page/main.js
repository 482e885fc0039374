// The page: what is told is shown, what is done is said.

import { Abx } from "./abx.js";
import { Cards } from "./cards.js";
import { clock, seconds } from "./format.js";
import { roving, step } from "./groups.js";
import { Link } from "./link.js";
import { Spectra, showArtifacts, showEvents, showFigures, showLevels } from "./panels.js";
import { MOST_AT_ONCE_S, Player } from "./player.js";
import { View } from "./view.js";

const byId = (id) => document.getElementById(id);
const VERSIONS = ["original", "restored", "removed", "reference"];
const KEYS = [
  ["Space", "play or stop"], ["1 2 3 4", "original, restored, removed, reference"], ["Tab", "next control; arrows within a group"],
  ["← →", "scroll"], ["+ −", "zoom"], ["Home End", "start, end"], ["[ ]", "selection starts, ends at the position"],
  ["L", "loop"], ["M", "match levels"], ["Z", "zoom to the selection"], ["Escape", "no selection"],
  ["N", "learn noise print from the selection"], ["A B X", "in a blind test: hear A, B, X"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"], ["?", "these keys"],
];

const link = new Link();
const player = new Player(link);
const view = new View(player);
const cards = new Cards(link);
const abx = new Abx(player);
const spectra = new Spectra(view);
link.position = () => Math.max(Math.floor(player.position), 0);
let state = null;
let levels = null;
let judged = -1; // revision that artifacts are told of
let opened = "";
let referred = "";

// -- what is told ---------------------------------------------------------------------------------

link.on("state", (told) => {
  if (told.revision > judged) view.artifacts = []; // of other settings
  state = told;
  const { recording } = told;
  fill("file", told.files.map((one) => [one.file, one.name]), recording ? told.files.find((one) => one.name === recording.name)?.file : "", recording ? null : "choose…");
  fill("reference", [["", "none"], ...told.files.map((one) => [one.file, one.name])], told.reference ? told.files.find((one) => one.name === told.reference.name)?.file : "");
  fill("preset", told.presets.map((name) => [name, name]), "", "load…");
  fill("addable", told.addable.map((one) => [one.plugin, one.name]), byId("addable").value || told.addable[0].plugin);
  byId("preset-name").textContent = told.preset;
  byId("undo").disabled = !told.undo;
  byId("redo").disabled = !told.redo;
  byId("advice").replaceChildren(...told.advice.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  cards.show(told);
  const changed = recording && `${recording.name} ${recording.frames}` !== opened;
  if (changed) {
    opened = `${recording.name} ${recording.frames}`;
    player.open(recording, told.reference);
    view.open(recording);
    document.title = `${recording.name} – wavemend`;
  }
  if ((told.reference?.name ?? "") !== referred) {
    referred = told.reference?.name ?? "";
    player.refer(told.reference);
  }
  if (recording) {
    byId("format").textContent = `${(recording.rate / 1000).toFixed(1)} kHz, ${recording.channels} ch, ${clock(recording.frames / recording.rate, 0)}, ${recording.format}${recording.lossless ? "" : ", stages eased to 75 %"}`;
  }
  showVersions();
  showFigures(told);
  view.vetoes = told.vetoes;
  view.prints = told.prints;
  view.refresh();
  list();
  if (recording && told.revision > judged) showArtifacts(view, recording, false);
  showWhole(told);
  showProgress(told.progress);
  byId("save-decisions").disabled = !told.document.ready || told.document.saved;
  byId("clear-prints").disabled = !told.prints.length;
  if (changed) listenToView();
});

link.on("piece", (piece) => {
  player.take(piece);
  redraw();
});

const redraw = soon(() => view.stale(), 300);

link.on("events", (told) => {
  for (const key of [...view.events.keys()]) {
    const [start, stop] = key.split("-").map(Number);
    if (start < told.stop && stop > told.start) view.events.delete(key);
  }
  view.events.set(`${told.start}-${told.stop}`, told.events);
  view.draw();
  list();
});

link.on("artifacts", (told) => { // the state of that revision may come later
  if (state && told.revision < state.revision) return;
  if (told.revision !== judged) view.artifacts = [];
  judged = told.revision;
  view.artifacts = view.artifacts.filter((one) => one.position >= told.stop || one.position + one.length <= told.start);
  view.artifacts.push(...told.artifacts);
  view.draw();
  showArtifacts(view, state.recording, true);
});

link.on("levels", (told) => {
  levels = told;
  player.setGains(told.gain_db);
  showLevels(told, player.version);
});

link.on("exact", ({ exact, failed }) => {
  const tag = byId("state");
  tag.dataset.state = exact ? "exact" : "quick";
  tag.textContent = exact ? (state?.unlearned ? "provisional" : "exact") : failed ? "failed" : "rendering";
  tag.title = exact ? "What a render has here" : failed ? "It cannot be rendered; what is wrong is said below" : "About right; the exact sound follows";
  if (exact) spectra.fetch(["original", "restored", ...(state?.reference ? ["reference"] : [])]);
});

link.on("progress", ({ progress }) => showProgress(progress));
link.on("saved", ({ what }) => message(`Saved ${what}`));
link.on("error", ({ error }) => message(error, "error"));
link.on("closed", () => message("wavemend has ended, or cannot be reached", "error"));
link.on("open", () => {
  judged = -1; // another session may have begun
  message("");
});

function message(text, kind = "") {
  byId("message").textContent = text;
  byId("message").dataset.kind = kind;
}

function fill(id, pairs, value, first = null) {
  const select = byId(id);
  const all = first === null ? pairs : [["", first], ...pairs];
  const shape = JSON.stringify(all);
  if (select.dataset.shape !== shape) {
    select.dataset.shape = shape;
    select.replaceChildren(...all.map(([name, text]) => new Option(text, name)));
  }
  if (document.activeElement !== select) select.value = value ?? "";
}

function showVersions() {
  const group = byId("versions");
  const names = VERSIONS.filter((name) => name !== "reference" || state?.reference);
  if (group.children.length !== names.length) {
    group.replaceChildren(...names.map((name, n) => {
      const button = document.createElement("button");
      button.id = `hear-${name}`;
      button.setAttribute("role", "radio");
      button.textContent = `${n + 1} ${name[0].toUpperCase()}${name.slice(1)}`;
      button.onclick = () => !abx.on && player.hear(name);
      return button;
    }));
    abx.versions(names);
  }
  for (const button of group.children) {
    const checked = !abx.on && button.id === `hear-${player.version}`;
    button.setAttribute("aria-checked", String(checked));
    button.disabled = abx.on;
  }
  roving(group);
}

function showWhole(told) {
  const { whole } = told;
  const texts = {
    none: "", running: "Rendering…", cancelled: "Cancelled; nothing was written.",
    done: `Wrote ${whole.name}${whole.current ? "" : "; the chain was changed since"}`, failed: whole.error,
  };
  byId("whole-state").textContent = [texts[whole.state], ...(whole.warnings ?? [])].filter(Boolean).join(" ");
  byId("render").disabled = whole.state === "running" || !told.recording;
  byId("learn").hidden = !told.unlearned || Boolean(told.progress.learning);
}

function showProgress(progress) {
  const parts = Object.values(progress).map(([share, doing]) => `${doing} ${Math.round(100 * share)} %`);
  byId("progress").textContent = parts.join(" · ");
  byId("cancel").hidden = !("rendering" in progress || "learning" in progress);
}

const list = soon(() => state?.recording && showEvents(view, state.recording, veto), 120);

function soon(act, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

function veto(one, value) {
  const { stage, position, length, channel } = one;
  link.say("veto", { stage, position, length, channel, value });
}

// -- what is done ---------------------------------------------------------------------------------

function listenToView() {
  if (!player.streams || player.playing) return;
  const most = 20 * state.recording.rate;
  const start = Math.floor(view.start);
  const stop = Math.floor(Math.min(view.start + Math.min(view.span, most), state.recording.frames));
  if (stop <= start) return;
  player.window = [start, stop];
  link.say("listen", { start, stop, at: Math.min(Math.max(Math.floor(player.position), start), stop) });
}

function applySelection() {
  const on = byId("loop").checked && view.selection;
  player.region(on ? view.selection : null);
  if (player.streams) listenToView();
  const [from, to] = view.selection ?? [null, null];
  const { rate } = state.recording;
  for (const [id, value] of [["from", from], ["to", to]]) {
    if (document.activeElement !== byId(id)) byId(id).value = value === null ? "" : clock(value / rate);
  }
  const long = to - from > MOST_AT_ONCE_S * rate;
  byId("length").textContent = from === null ? "nothing selected" : `${((to - from) / rate).toFixed(3)} s${long ? `; over ${MOST_AT_ONCE_S} s, rendered as it plays` : ""}`;
  byId("length").title = long ? "All of it is looped, and rendered and level-matched some seconds ahead; at the loop's start that may be waited for" : "";
  for (const id of ["all", "zoom-selection", "learn-print"]) byId(id).disabled = from === null;
  if (view.selection && !player.playing) player.seek(from);
}

function typed() {
  const { rate, frames } = state.recording;
  const from = seconds(byId("from").value) ?? 0;
  const to = seconds(byId("to").value) ?? frames / rate;
  view.select([from * rate, to * rate]);
}

view.addEventListener("selected", applySelection);
view.addEventListener("moved", soon(() => state?.recording && (listenToView(), list()), 200));
view.addEventListener("veto", (event) => veto(event.detail, !event.detail.vetoed));

player.addEventListener("at", follow);
player.addEventListener("state", () => {
  byId("play").textContent = player.playing ? "Stop" : "Play";
  follow();
});
player.addEventListener("version", () => {
  if (!abx.on) {
    view.version = player.version;
    view.refresh();
  }
  showVersions();
  if (levels) showLevels(levels, player.version);
});

function follow() {
  const { position } = player;
  byId("clock").value = clock(position / state.recording.rate);
  if (player.playing && !player.loop && (position < view.start || position > view.start + view.span)) view.show(position, view.span);
  view.draw();
}

byId("play").onclick = () => player.toggle();
byId("loop").onchange = applySelection;
byId("match").onchange = () => {
  player.matched = byId("match").checked;
  player.setGains(player.gains);
};
for (const id of ["from", "to"]) {
  byId(id).onchange = typed;
  byId(id).addEventListener("keydown", (event) => {
    if (event.key === "Enter") typed(); // which need not change it
  });
}
byId("all").onclick = () => view.select(null);
byId("zoom-selection").onclick = () => view.selection && view.show(view.selection[0], view.selection[1] - view.selection[0]);
byId("learn-print").onclick = () => view.selection && link.say("print", { start: view.selection[0], stop: view.selection[1] });
byId("clear-prints").onclick = () => link.say("clear_prints");
byId("undo").onclick = () => link.say("undo");
byId("redo").onclick = () => link.say("redo");
byId("add").onclick = () => link.say("add", { plugin: byId("addable").value, index: state.cards.length });
choosing("file", (file) => file && link.say("open", { file }));
choosing("preset", (name) => {
  if (name) link.say("load_preset", { name });
  byId("preset").value = "";
});
choosing("reference", (file) => link.say("reference", { file: file || null }));

// Arrow keys go through a closed list: what they pass is not opened, but what Enter, or leaving it, finds.
function choosing(id, act) {
  const select = byId(id);
  let [keys, waiting] = [false, false];
  const commit = () => {
    if (!waiting) return;
    waiting = false;
    act(select.value);
  };
  select.addEventListener("keydown", (event) => {
    keys = ![" ", "F4"].includes(event.key) && !event.altKey;
    if (event.key === "Enter") commit();
  });
  select.addEventListener("pointerdown", () => { keys = false; });
  select.addEventListener("blur", () => {
    commit();
    keys = false;
  });
  select.addEventListener("change", () => {
    waiting = true;
    if (!keys) commit();
  });
}
byId("save-decisions").onclick = () => link.say("save_decisions");
byId("render").onclick = () => link.say("render");
byId("learn").onclick = () => link.say("learn");
byId("cancel").onclick = () => link.say("cancel");
byId("scale").onchange = () => {
  view.tiles.scale = byId("scale").value;
  view.draw();
};
for (const id of ["floor", "ceiling"]) {
  byId(id).onchange = () => {
    const value = Number(byId(id).value);
    view.tiles[id] = id === "floor" ? Math.min(value, view.tiles.ceiling - 5) : Math.max(value, view.tiles.floor + 5);
    view.tiles.recolour();
  };
}

byId("save-preset").onclick = () => {
  byId("save").returnValue = ""; // of the last time, which Escape would leave
  byId("save-name").value = state.preset;
  byId("save").showModal();
};
byId("save").onclose = () => {
  if (byId("save").returnValue === "save") link.say("save_preset", { name: byId("save-name").value, overwrite: byId("save-over").checked });
};
byId("keys").onclick = () => byId("help").showModal();
byId("help-keys").replaceChildren(...KEYS.map(([key, what]) => {
  const made = document.createElement("tr");
  made.append(Object.assign(document.createElement("th"), { textContent: key, scope: "row" }), Object.assign(document.createElement("td"), { textContent: what }));
  return made;
}));

// -- keys -----------------------------------------------------------------------------------------

const ACTS = {
  " ": () => player.toggle(), l: () => byId("loop").click(), m: () => byId("match").click(), z: () => byId("zoom-selection").click(),
  Escape: () => view.select(null), n: () => byId("learn-print").click(), "?": () => byId("keys").click(),
  ArrowLeft: () => view.show(view.start - view.span / 8, view.span), ArrowRight: () => view.show(view.start + view.span / 8, view.span),
  "+": () => view.zoom(0.7), "=": () => view.zoom(0.7), "-": () => view.zoom(1 / 0.7),
  Home: () => { view.show(0, view.span); player.seek(0); }, End: () => view.show(state.recording.frames, view.span),
  "[": () => view.select([player.position, view.selection?.[1] ?? state.recording.frames]),
  "]": () => view.select([view.selection?.[0] ?? 0, player.position]),
};

document.addEventListener("keydown", (event) => {
  if (!state?.recording || document.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
    event.preventDefault();
    link.say(event.shiftKey ? "redo" : "undo");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  const writes = target.matches("input:not([type=checkbox]):not([type=range]), select, textarea");
  if (writes || (target.matches("input[type=range]") && event.key !== " ")) return;
  if (event.key === " " && target.matches("button, input[type=checkbox], summary")) return;
  if (target.matches("[role=radio]") && event.key.startsWith("Arrow")) {
    event.preventDefault();
    step(target, ["ArrowRight", "ArrowDown"].includes(event.key) ? 1 : -1);
    return;
  }
  if (abx.on && "abx".includes(event.key)) {
    abx.hear(event.key);
    return;
  }
  const number = VERSIONS[Number(event.key) - 1];
  if (number && !abx.on && byId(`hear-${number}`)) player.hear(number);
  else if (ACTS[event.key]) {
    event.preventDefault();
    ACTS[event.key]();
  }
});

// -- light and dark -------------------------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
function theme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").ariaPressed = String(name === "dark");
  view.tiles.recolour();
  view.draw();
  spectra.paint();
}
dark.onchange = () => !localStorage.getItem("theme") && theme(dark.matches ? "dark" : "light");
byId("theme").onclick = () => {
  const name = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  localStorage.setItem("theme", name);
  theme(name);
};
theme(localStorage.getItem("theme") ?? (dark.matches ? "dark" : "light"));
window.addEventListener("resize", () => spectra.paint());

// What tests ask.
window.wavemend = { player, view, link, get state() { return state; }, get levels() { return levels; } };
