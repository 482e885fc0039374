// All versions on one clock: they run beside each other, and gains say which is heard.
//
// Samples come in blocks on a grid. A block that replaces one that is heard is faded into.

const FADE_S = 0.003; // of a switch, well under 5 ms
const GAIN_S = 0.05; // of a level that is matched anew

class Player extends AudioWorkletProcessor {
  constructor() {
    super();
    this.port.onmessage = (event) => this[event.data.do](event.data);
    this.open({ block: 24000, frames: 0, channels: 2 });
  }

  open({ block, frames, channels }) {
    Object.assign(this, { block, frames, channels, position: 0, playing: false, loop: null, told: 0 });
    this.versions = new Map();
    this.level = 0;
    this.captured = null;
    this.sounded = 0;
  }

  version(name) {
    if (!this.versions.has(name)) {
      this.versions.set(name, { blocks: new Map(), weight: 0, wanted: 0, gain: 1, wantedGain: 1, old: null, fade: 0 });
    }
    return this.versions.get(name);
  }

  take({ version, index, data, revision, quick }) {
    const one = this.version(version);
    if (this.playing && Math.floor(this.position / this.block) === index && one.blocks.has(index)) {
      one.old = one.blocks.get(index);
      one.fade = 1;
    }
    one.blocks.set(index, { data, revision, quick });
  }

  forget({ version, keep }) {
    const { blocks } = this.version(version);
    for (const index of blocks.keys()) {
      if (!keep || index * this.block < keep[0] - this.block || index * this.block > keep[1]) blocks.delete(index);
    }
  }

  hear({ version }) {
    this.version(version);
    for (const [name, one] of this.versions) one.wanted = name === version ? 1 : 0;
    if (!this.playing) for (const one of this.versions.values()) one.weight = one.wanted;
  }

  gains({ gains }) {
    for (const [name, gain] of Object.entries(gains)) this.version(name).wantedGain = gain;
  }

  play({ position, loop }) {
    this.position = position;
    this.loop = loop;
    this.playing = true;
  }

  region({ loop }) {
    this.loop = loop;
  }

  stop() {
    this.playing = false;
  }

  capture({ frames }) {
    this.captured = { left: frames, parts: [], positions: [] };
  }

  missing(index) {
    for (const one of this.versions.values()) {
      if (one.wanted && !one.blocks.has(index)) return true;
    }
    return false;
  }

  process(inputs, outputs) {
    const out = outputs[0];
    const count = out[0].length;
    const holding = this.playing && this.missing(Math.floor(this.position / this.block));
    const fade = 1 / (FADE_S * sampleRate);
    const from = this.position;
    const wantedLevel = this.playing && !holding ? 1 : 0;
    for (let n = 0; n < count; n += 1) {
      this.level += Math.max(-fade, Math.min(fade, wantedLevel - this.level));
      if (!this.playing && this.level <= 0) break;
      if (holding && this.level <= 0) break;
      this.sample(out, n, fade);
      this.position += 1;
      if (this.loop && this.position >= this.loop[1]) this.position = this.loop[0];
      if (this.position >= this.frames) {
        this.playing = false;
        this.position = this.loop ? this.loop[0] : 0;
        break;
      }
    }
    if (this.captured) this.keep(out, count, from);
    this.told += count;
    if (this.told >= sampleRate / 40) {
      this.told = 0;
      this.port.postMessage({ type: "at", position: this.position, playing: this.playing, holding });
    }
    return true;
  }

  sample(out, n, fade) {
    const index = Math.floor(this.position / this.block);
    const at = this.position - index * this.block;
    const glide = 1 / (GAIN_S * sampleRate);
    for (const [name, one] of this.versions) {
      one.weight += Math.max(-fade, Math.min(fade, one.wanted - one.weight));
      if (one.gain !== one.wantedGain) {
        const step = glide * Math.max(one.gain, one.wantedGain);
        one.gain += Math.max(-step, Math.min(step, one.wantedGain - one.gain));
      }
      if (one.fade > 0) one.fade = Math.max(0, one.fade - fade);
      if (one.weight <= 0) continue;
      const block = one.blocks.get(index);
      if (!block) continue;
      if (name === "restored" && block.revision > this.sounded) {
        this.sounded = block.revision;
        this.port.postMessage({ type: "sounded", revision: block.revision, quick: block.quick });
      }
      for (let c = 0; c < out.length; c += 1) {
        const channel = Math.min(c, block.data.length - 1);
        let value = block.data[channel][at] ?? 0;
        if (one.fade > 0 && one.old) value += one.fade * ((one.old.data[channel][at] ?? 0) - value);
        out[c][n] += one.weight * one.gain * this.level * value;
      }
    }
  }

  keep(out, count, from) {
    this.captured.positions.push(from);
    this.captured.parts.push(out.map((channel) => channel.slice()));
    this.captured.left -= count;
    if (this.captured.left <= 0) {
      this.port.postMessage({ type: "captured", parts: this.captured.parts, positions: [...this.captured.positions, this.position] });
      this.captured = null;
    }
  }
}

registerProcessor("wavemend-player", Player);
