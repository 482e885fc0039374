// Plays through the worklet, and keeps it supplied.

import { samplesOf } from "./link.js";

const AHEAD_S = 10;
export const MOST_AT_ONCE_S = 60; // what is rendered as one; a longer loop is rendered as it plays, as without one
const KEPT_S = 130; // around the position: more than the session takes for one excerpt, and does not send twice

export class Player extends EventTarget {
  constructor(link) {
    super();
    this.link = link;
    this.version = "original";
    this.gains = {};
    this.matched = true;
    this.position = 0;
    this.playing = false;
    this.loop = null;
    this.asked = new Map();
    this.early = [];
    this.waits = new Map();
  }

  open(recording, reference) {
    this.recording = recording;
    this.reference = reference;
    this.block = recording.block;
    this.asked.clear();
    this.early = [];
    this.position = 0;
    this.tidied = 0;
    this.playing = false;
    this.window = null;
    this.post({ do: "open", block: this.block, frames: recording.frames, channels: recording.channels });
    this.post({ do: "hear", version: this.version });
    if (this.context && this.context.sampleRate !== recording.rate) this.close();
  }

  refer(reference) {
    this.reference = reference;
    for (const key of [...this.asked.keys()]) if (key.startsWith("reference")) this.asked.delete(key);
    this.post({ do: "forget", version: "reference" });
  }

  async start() {
    if (this.context) return;
    this.context = new AudioContext({ sampleRate: this.recording.rate, latencyHint: "interactive" });
    await this.context.audioWorklet.addModule("/page/worklet.js");
    const channels = Math.min(this.recording.channels, this.context.destination.maxChannelCount || 2);
    this.node = new AudioWorkletNode(this.context, "wavemend-player", { numberOfInputs: 0, outputChannelCount: [channels] });
    this.node.connect(this.context.destination);
    this.node.port.onmessage = (event) => this.told(event.data);
    this.post({ do: "open", block: this.block, frames: this.recording.frames, channels: this.recording.channels });
    for (const message of this.early) this.post(message);
    this.early = [];
    this.setGains(this.gains);
    this.post({ do: "hear", version: this.version });
  }

  close() {
    this.context.close();
    this.context = this.node = null;
  }

  post(message) {
    if (this.node) this.node.port.postMessage(message);
  }

  told(message) {
    if (message.type === "at") {
      this.position = message.position;
      const changed = this.playing !== message.playing;
      this.playing = message.playing;
      this.holding = message.holding;
      if (this.playing) this.supply();
      this.dispatchEvent(new CustomEvent(changed ? "state" : "at"));
      return;
    }
    const waiting = this.waits.get(message.type);
    if (waiting) waiting(message);
    this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
  }

  // Where a piece of the session goes.
  take(piece) {
    const { start, frames, channels, versions, samples, revision, quick } = piece;
    versions.forEach((version, number) => {
      const data = [];
      for (let c = 0; c < channels; c += 1) {
        const first = (number * channels + c) * frames;
        data.push(samples.subarray(first, first + frames));
      }
      this.give({ do: "take", version, index: Math.floor(start / this.block), data, revision, quick });
    });
  }

  give(message) {
    if (this.node) this.post(message);
    else {
      this.early = this.early.filter((one) => one.version !== message.version || one.index !== message.index);
      this.early.push(message);
    }
  }

  async toggle(from = null) {
    if (this.playing && from === null) {
      this.playing = false;
      this.post({ do: "stop" });
      this.dispatchEvent(new CustomEvent("state"));
      return;
    }
    await this.start();
    await this.context.resume();
    if (from !== null) this.position = from;
    if (this.loop && (this.position < this.loop[0] || this.position >= this.loop[1])) this.position = this.loop[0];
    this.playing = true;
    this.supply();
    this.post({ do: "play", position: this.position, loop: this.loop });
    this.dispatchEvent(new CustomEvent("state"));
  }

  seek(position) {
    this.position = position;
    if (this.playing) this.toggle(position);
    else this.dispatchEvent(new CustomEvent("at"));
  }

  // Whether what is heard is rendered as it plays.
  get streams() {
    return !this.loop || this.loop[1] - this.loop[0] > MOST_AT_ONCE_S * this.recording.rate;
  }

  region(loop) {
    this.loop = loop;
    if (loop && !this.playing && (this.position < loop[0] || this.position >= loop[1])) this.position = loop[0];
    this.post({ do: "region", loop });
    if (this.recording) this.supply(true);
  }

  hear(version) {
    this.version = version;
    this.post({ do: "hear", version });
    if (this.playing) this.supply();
    this.dispatchEvent(new CustomEvent("version"));
  }

  setGains(gains) {
    this.gains = gains;
    const linear = {};
    for (const name of ["original", "restored", "removed", "reference"]) {
      linear[name] = this.matched ? 10 ** ((gains[name] ?? 0) / 20) : 1;
    }
    this.post({ do: "gains", gains: linear });
  }

  // Ask for what will be heard: the session renders, and the other versions are fetched.
  supply(again = false) {
    const { rate } = this.recording;
    const end = this.loop?.[1] ?? this.recording.frames;
    const whole = this.loop && !this.streams;
    const [start, stop] = whole ? this.loop : [this.position, Math.min(this.position + AHEAD_S * rate, end)];
    const inside = this.window && start >= this.window[0] && Math.min(start + (AHEAD_S * rate) / 2, end) <= this.window[1];
    const same = whole ? this.window && start === this.window[0] && stop === this.window[1] : inside;
    if (!same || again) {
      this.window = [Math.floor(start), Math.floor(stop)];
      if (stop > start) this.link.say("listen", { start: this.window[0], stop: this.window[1], at: Math.floor(Math.min(Math.max(this.position, start), stop)) });
    }
    this.fetchBlocks("original", start, stop);
    if (this.reference) this.fetchBlocks("reference", start, stop);
    if (!whole && Math.abs(this.position - this.tidied) > AHEAD_S * rate) this.tidy();
  }

  // What was played long ago is forgotten, or hours of it would lie in memory.
  tidy() {
    this.tidied = this.position;
    const around = KEPT_S * this.recording.rate;
    const keep = [this.position - around, this.position + around];
    for (const version of ["original", "restored", "removed", "reference"]) this.post({ do: "forget", version, keep });
    for (const key of this.asked.keys()) {
      const first = Number(key.split("-")[1]) * this.block;
      if (first < keep[0] - this.block || first > keep[1]) this.asked.delete(key);
    }
  }

  async fetchBlocks(version, start, stop) {
    for (let index = Math.floor(start / this.block); index * this.block < stop; index += 1) {
      const key = `${version}-${index}`;
      if (this.asked.has(key)) continue;
      this.asked.set(key, true);
      this.fetchBlock(version, index).catch(() => this.asked.delete(key));
    }
  }

  async fetchBlock(version, index) {
    const size = version === "reference" ? this.reference : this.recording;
    const start = index * this.block;
    if (start >= size.frames) {
      this.give({ do: "take", version, index, data: [new Float32Array(this.block)], revision: 0, quick: false });
      return;
    }
    const { data, shape } = await samplesOf(`audio/${version}`, { start, stop: start + this.block });
    const channels = [];
    for (let c = 0; c < shape[0]; c += 1) channels.push(new Float32Array(data, 4 * c * shape[1], shape[1]));
    this.give({ do: "take", version, index, data: channels, revision: 0, quick: false });
  }

  // What the graph puts out, for so many seconds: how tests hear.
  async capture(length) {
    await this.start();
    return new Promise((resolve) => {
      this.waits.set("captured", (message) => {
        this.waits.delete("captured");
        resolve(message);
      });
      this.post({ do: "capture", frames: Math.round(length * this.recording.rate) });
    });
  }
}
