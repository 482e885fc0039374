// The socket to the session, and what is fetched from it.

export class Link extends EventTarget {
  constructor() {
    super();
    this.connect();
  }

  connect() {
    this.socket = new WebSocket(`ws://${location.host}/socket`);
    this.socket.binaryType = "arraybuffer";
    this.socket.onmessage = (event) => this.hear(event.data);
    this.socket.onopen = () => this.tell("open", {});
    this.socket.onclose = () => {
      this.tell("closed", {});
      setTimeout(() => this.connect(), 1500);
    };
  }

  hear(data) {
    if (typeof data === "string") {
      const message = JSON.parse(data);
      this.tell(message.type, message);
      return;
    }
    const size = new DataView(data).getUint32(0, true);
    const message = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
    message.samples = new Float32Array(data, 4 + size);
    this.tell(message.type, message);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, heard) {
    this.addEventListener(type, (event) => heard(event.detail));
  }

  say(what, fields = {}) {
    if (this.position && !["listen", "at"].includes(what)) this.say("at", { position: this.position() });
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: what, ...fields }));
  }
}

export async function fetched(path, query = {}) {
  const text = new URLSearchParams(query).toString();
  const answer = await fetch(`/api/${path}${text ? `?${text}` : ""}`);
  if (!answer.ok) throw new Error((await answer.text()).trim());
  return answer;
}

export async function samplesOf(path, query) {
  const answer = await fetched(path, query);
  const shape = answer.headers.get("x-shape").split(",").map(Number);
  const data = await answer.arrayBuffer();
  return { data, shape, exact: answer.headers.get("x-exact") === "1" };
}
