// The chain as cards; every control comes from the parameter's schema.

import { round } from "./format.js";

function element(tag, fields = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(fields)) {
    if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...inside);
  return made;
}

// Sliders go by the scale of the parameter: a logarithmic one has equal steps of ratio.
function toPlace(control, value) {
  const { low, high, scale } = control;
  if (scale === "log" && low > 0) return Math.log(value / low) / Math.log(high / low);
  return (value - low) / (high - low);
}

function fromPlace(control, place) {
  const { low, high, scale, kind } = control;
  const value = scale === "log" && low > 0 ? low * (high / low) ** place : low + place * (high - low);
  return kind === "integer" ? Math.round(value) : round(value);
}

const MOST_SHOWN = 12; // controls of a card, until more are asked for

// The slot's own mix has another id than a parameter of that name; so have a VST3's, which are called anything.
const MIX = "-mix";

function idOf(card, control) {
  return `seat-${card.seat}-${control.place === undefined ? "" : "p-"}${control.id}`;
}

function spoken(control) {
  return `${typeof control.value === "number" ? round(control.value) : control.value} ${control.unit}`.trim();
}

export class Cards {
  constructor(link) {
    this.link = link;
    this.list = document.getElementById("cards");
    this.closed = new Set();
    this.opened = new Set(); // cards that show all of many controls
    this.sought = new Map();
    this.shape = "";
  }

  show(state) {
    const shape = JSON.stringify(state.cards.map((card) => [card.seat, card.plugin, card.controls.map((one) => one.id)]));
    if (shape !== this.shape) {
      this.shape = shape;
      const focused = this.list.contains(document.activeElement) ? document.activeElement : null;
      const place = focused ? [...this.list.children].findIndex((item) => item.contains(focused)) : 0;
      this.list.replaceChildren(...state.cards.map((card, index) => this.card(card, index, state.cards.length)));
      if (focused) this.refocus(focused.id, place);
    }
    state.cards.forEach((card) => this.update(card, state));
  }

  // Focus stays where it was, or with that stage; where that is gone, with its neighbour.
  refocus(id, place) {
    const same = document.getElementById(id);
    if (same && !same.disabled) {
      same.focus();
      return;
    }
    const item = same?.closest(".card") ?? this.list.children[Math.min(place, this.list.children.length - 1)];
    (item?.querySelector(".title") ?? document.getElementById("addable")).focus();
  }

  card(card, index, count) {
    const id = `seat-${card.seat}`;
    const button = (text, label, act, name) => element("button", { id: `${id}-${name}`, textContent: text, ariaLabel: `${label} ${card.name}`, title: label, onclick: act });
    const say = (what, fields) => () => this.link.say(what, { seat: card.seat, ...fields });
    const body = element("div", { className: "body", id: `${id}-body` });
    const title = element("button", { className: "title", id: `${id}-title`, textContent: card.name, title: card.doc, "aria-expanded": "true", "aria-controls": `${id}-body` });
    title.onclick = () => {
      if (!this.closed.delete(card.seat)) this.closed.add(card.seat);
      body.hidden = this.closed.has(card.seat);
      title.setAttribute("aria-expanded", String(!body.hidden));
    };
    body.hidden = this.closed.has(card.seat);
    const up = button("↑", "Earlier:", say("move", { index: Math.max(index - 1, 0) }), "up");
    const down = button("↓", "Later:", say("move", { index: index + 1 }), "down");
    up.disabled = index === 0;
    down.disabled = index === count - 1;
    const solo = button("S", "Solo", null, "solo");
    solo.onclick = () => this.link.say("solo", { seat: solo.ariaPressed === "true" ? null : card.seat });
    const bypass = button("Off", "Bypass", null, "bypass");
    bypass.onclick = () => this.link.say("bypass", { seat: card.seat, value: bypass.ariaPressed !== "true" });
    const grip = element("span", { className: "grip", textContent: "⠿", ariaHidden: "true", title: "Drag to reorder" });
    const head = element("div", { className: "head", draggable: true }, grip, title, up, down, solo, bypass, button("✕", "Remove", say("remove"), "remove"));
    body.append(element("p", { className: "quiet learned", id: `${id}-learned` }));
    const rows = card.controls.filter((one) => one.kind !== "text").map((one) => this.control(card, one));
    if (rows.length > MOST_SHOWN) body.append(this.finder(card, rows));
    body.append(...rows);
    const mix = { id: MIX, name: "Mix", doc: "How much of it is heard: 0 is what goes in, 100 what comes out.", kind: "number", value: card.mix * 100, default: 100, low: 0, high: 100, unit: "%", scale: "linear", options: [] };
    body.append(this.control(card, mix, (value) => this.link.say("mix", { seat: card.seat, value: value / 100 })));
    const item = element("li", { className: "card", id }, head, body);
    this.dragging(item, head, card.seat);
    return item;
  }

  // Of many controls, the first are shown, or those that are sought.
  finder(card, rows) {
    const id = `seat-${card.seat}`;
    const field = element("input", { id: `${id}-find`, type: "search", placeholder: `Find one of ${rows.length}`, ariaLabel: `Find a control of ${card.name}`, value: this.sought.get(card.seat) ?? "", autocomplete: "off" });
    const all = element("button", { id: `${id}-all`, textContent: `Show all ${rows.length}`, ariaLabel: `Show all ${rows.length} controls of ${card.name}` });
    const show = () => {
      const sought = field.value.trim().toLowerCase();
      const every = this.opened.has(card.seat);
      let shown = 0;
      for (const row of rows) {
        const fits = row.dataset.name.includes(sought);
        row.hidden = !fits || (!every && shown >= MOST_SHOWN);
        shown += fits ? 1 : 0;
      }
      all.ariaPressed = String(every);
    };
    field.oninput = () => {
      this.sought.set(card.seat, field.value);
      show();
    };
    all.onclick = () => {
      if (!this.opened.delete(card.seat)) this.opened.add(card.seat);
      show();
    };
    show();
    return element("div", { className: "row finder" }, field, all);
  }

  dragging(item, head, seat) {
    head.ondragstart = (event) => event.dataTransfer.setData("text/plain", String(seat));
    item.ondragover = (event) => {
      event.preventDefault();
      item.classList.add("over");
    };
    item.ondragleave = () => item.classList.remove("over");
    item.ondrop = (event) => {
      event.preventDefault();
      item.classList.remove("over");
      const moved = Number(event.dataTransfer.getData("text/plain"));
      const index = [...this.list.children].indexOf(item);
      if (Number.isInteger(moved) && moved !== seat) this.link.say("move", { seat: moved, index });
    };
  }

  control(card, control, tell = (value) => this.link.say("set", { seat: card.seat, parameter: control.id, value })) {
    const id = idOf(card, control);
    const turns = control.place !== undefined; // a VST3's: sliders go by the plugin's own scale
    const turn = (place) => this.link.say("turn", { seat: card.seat, parameter: control.id, place });
    const help = `${control.doc}${control.restart ? " A change begins anew, which takes longer to be heard." : ""}`;
    const label = element("label", { htmlFor: id, textContent: control.name, title: help });
    const reset = element("button", { className: "reset", id: `${id}-reset`, textContent: "↺", title: turns ? "Back to the default" : `Back to ${control.default} ${control.unit}`.trim(), ariaLabel: `Reset ${control.name}` });
    const row = element("div", { className: "control" }, label);
    row.dataset.name = control.name.toLowerCase();
    if (control.kind === "choice") {
      const select = element("select", { id, ariaDescription: help }, ...control.options.map((word) => element("option", { value: word, textContent: word })));
      select.onchange = () => tell(select.value);
      row.append(select);
    } else if (control.kind === "switch") {
      const box = element("input", { id, type: "checkbox", ariaDescription: help });
      box.onchange = () => tell(box.checked);
      row.append(element("span", { className: "wide" }, box));
    } else {
      const slider = element("input", { id: `${id}-slider`, type: "range", min: 0, max: 1, step: 0.001, ariaLabel: control.name, ariaDescription: help, title: `${control.low} to ${control.high} ${control.unit}`.trim() });
      const step = control.kind === "integer" ? 1 : "any";
      const field = element("input", { id, type: "number", min: control.low, max: control.high, step, className: "num" });
      slider.oninput = () => {
        if (turns) {
          turn(Number(slider.value));
          return;
        }
        field.value = fromPlace(control, Number(slider.value));
        tell(Number(field.value));
      };
      slider.onkeydown = (event) => this.nudge(event, control, slider);
      field.onchange = () => {
        const value = Math.min(Math.max(Number(field.value), control.low), control.high);
        tell(control.kind === "integer" ? Math.round(value) : value);
      };
      row.append(slider, field, element("span", { className: "unit", textContent: control.unit }));
    }
    reset.onclick = () => {
      if (turns) turn(control.default_place);
      else tell(control.default);
      row.querySelector("input, select").focus(); // the button goes
    };
    row.append(reset);
    return row;
  }

  // Arrow keys move a hundredth, with Shift a thousandth.
  nudge(event, control, slider) {
    const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const least = control.kind === "integer" ? 1 / (control.high - control.low) : (control.least ?? 0);
    slider.value = Number(slider.value) + way * Math.max(event.shiftKey ? 0.001 : 0.01, least);
    slider.oninput();
  }

  update(card, state) {
    const item = document.getElementById(`seat-${card.seat}`);
    if (!item) return;
    const id = `seat-${card.seat}`;
    item.dataset.off = String(card.bypass || (state.solo !== null && state.solo !== card.seat));
    document.getElementById(`${id}-bypass`).ariaPressed = String(card.bypass);
    document.getElementById(`${id}-solo`).ariaPressed = String(state.solo === card.seat);
    const learned = document.getElementById(`${id}-learned`);
    learned.textContent = [card.learned, ...card.notes].filter(Boolean).join("; ");
    learned.hidden = !learned.textContent;
    const mix = { id: MIX, kind: "number", value: card.mix * 100, default: 100, low: 0, high: 100, unit: "%", scale: "linear" };
    for (const control of [...card.controls, mix]) {
      const own = idOf(card, control);
      const field = document.getElementById(own);
      if (!field) continue;
      const turns = control.place !== undefined;
      document.getElementById(`${own}-reset`).disabled = turns ? Math.abs(control.place - control.default_place) < 1e-5 : control.value === control.default;
      const slider = document.getElementById(`${own}-slider`);
      if (slider) slider.ariaValueText = spoken(control);
      if (document.activeElement === slider && slider.matches(":active")) continue;
      if (field.type === "checkbox") field.checked = control.value;
      else if (document.activeElement !== field) {
        const word = field.type === "number" && typeof control.value !== "number"; // such as "Off", below a range
        field.value = word ? "" : field.type === "number" ? round(control.value) : control.value;
        field.placeholder = word ? control.value : "";
      }
      if (slider) slider.value = turns ? control.place : toPlace(control, control.value);
    }
  }
}
