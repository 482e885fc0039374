// Blind A/B/X: X is A or B by chance; whether one can tell is counted.

import { roving } from "./groups.js";

const byId = (id) => document.getElementById(id);

// The chance of as many right answers or more by guessing alone.
export function chance(right, trials) {
  let sum = 0;
  let ways = 1;
  for (let k = 0; k <= trials; k += 1) {
    if (k >= right) sum += ways;
    ways = (ways * (trials - k)) / (k + 1);
  }
  return sum / 2 ** trials;
}

export class Abx {
  constructor(player) {
    this.player = player;
    this.on = false;
    byId("abx-start").onclick = () => this.start();
    byId("abx-end").onclick = () => this.end();
    byId("abx-is-a").onclick = () => this.answer("a");
    byId("abx-is-b").onclick = () => this.answer("b");
    for (const button of document.querySelectorAll("[data-hear]")) button.onclick = () => this.hear(button.dataset.hear);
  }

  versions(names) {
    for (const id of ["abx-a", "abx-b"]) {
      const select = byId(id);
      const before = select.value || (id === "abx-a" ? "original" : "restored");
      select.replaceChildren(...names.map((name) => new Option(name, name)));
      select.value = names.includes(before) ? before : names[0];
    }
  }

  start() {
    this.on = true;
    this.right = this.trials = 0;
    this.pair = { a: byId("abx-a").value, b: byId("abx-b").value };
    byId("abx-body").hidden = true;
    byId("abx-run").hidden = false;
    document.body.dataset.blind = "true";
    this.draw();
    this.show();
    document.querySelector("[data-hear=x]").focus();
    if (!this.player.playing) this.player.toggle();
  }

  draw() {
    this.pair.x = crypto.getRandomValues(new Uint8Array(1))[0] & 1 ? this.pair.a : this.pair.b;
    this.hear("x");
  }

  hear(which) {
    this.player.hear(this.pair[which]);
    const buttons = document.querySelectorAll("[data-hear]");
    for (const button of buttons) button.setAttribute("aria-checked", String(button.dataset.hear === which));
    roving(buttons[0].parentElement);
  }

  answer(which) {
    if (!this.on) return;
    this.trials += 1;
    if (this.pair[which] === this.pair.x) this.right += 1;
    this.show();
    this.draw();
  }

  show() {
    const guess = this.trials ? `; ${(100 * chance(this.right, this.trials)).toFixed(1)} % by guessing` : "";
    byId("abx-score").textContent = `${this.right} of ${this.trials} right${guess}`;
  }

  end() {
    this.on = false;
    delete document.body.dataset.blind;
    byId("abx-body").hidden = false;
    byId("abx-run").hidden = true;
    byId("abx-start").focus();
    this.player.hear("restored");
  }
}
