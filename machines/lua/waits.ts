/** Which paths of a process wait for what: indexes over their own record of it (`path.ts`). */
import { CHANNEL_TYPE, ChannelType } from './channel_memory.ts';
import { type Path, Wakes } from './path.ts';
import type { Memory } from './vm/memory.ts';

const NO_PATHS: readonly Path[] = [];

export class Waits {
  /**
   * The path that waits where no other does, and only on one channel from outside, its `channel`: nearly always, so it is
   * kept out of the indexes until a second one begins to wait.
   */
  sole: Path | undefined = undefined;
  /** Paths that wait for messages or process events, first come first. */
  readonly external: Path[] = [];
  /** Paths that wait on a channel of the process or a timer, first come first, by the channel's memory. */
  #receivers: Map<number, Path[]> | undefined;
  #senders: Map<number, Path[]> | undefined;
  /** Paths by the tag of the command that they wait for. */
  #commands: Map<number, Path> | undefined;
  #begun = 0;
  #waiting = 0;
  /** How many paths could be woken by messages, by process events, by commands. */
  #messages = 0;
  #events = 0;
  #answers = 0;
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** `path` begins to wait; its `channels`, `sends`, `tag` and `wakes` say for what. */
  add(path: Path): void {
    path.since = ++this.#begun;
    this.#waiting++;
    this.#count(path.wakes, 1);
    this.#indexSole();
    this.#index(path);
  }

  /** `path` begins to wait for what comes out of this one channel. */
  addOn(path: Path, channel: number): void {
    if (this.#waiting === 0 && this.#isExternal(channel)) {
      path.since = ++this.#begun;
      this.#waiting = 1;
      this.#count(path.wakes, 1);
      path.channel = channel;
      this.sole = path;
      return;
    }
    path.channels.push(channel);
    this.add(path);
  }

  #indexSole(): void {
    const { sole } = this;
    if (sole === undefined) return;
    this.sole = undefined;
    sole.channels.push(sole.channel);
    this.#index(sole);
  }

  #index(path: Path): void {
    const { channels, sends } = path;
    let outside = false;
    for (let i = 0; i < channels.length; i++) {
      if (this.#isExternal(channels[i])) {
        outside = true;
        continue;
      }
      const index = sends?.[i] ? (this.#senders ??= new Map()) : (this.#receivers ??= new Map());
      const waiting = index.get(channels[i]);
      if (waiting === undefined) index.set(channels[i], [path]);
      else if (!waiting.includes(path)) waiting.push(path);
    }
    if (outside) this.external.push(path);
    if (path.tag !== 0) (this.#commands ??= new Map()).set(path.tag, path);
  }

  #isExternal(channel: number): boolean {
    const type = this.#memory.i32[(channel + CHANNEL_TYPE) >>> 2];
    return type !== ChannelType.Own && type !== ChannelType.Timer;
  }

  /** `path` no longer waits. */
  remove(path: Path): void {
    this.#waiting--;
    this.#count(path.wakes, -1);
    if (path === this.sole) this.sole = undefined;
    else {
      this.#unindex(path);
      path.channels.length = 0;
      path.sends = undefined;
      path.tag = 0;
    }
    path.wakes = Wakes.None;
  }

  #unindex(path: Path): void {
    const { channels, sends } = path;
    for (let i = 0; i < channels.length; i++) {
      const index = sends?.[i] ? this.#senders : this.#receivers;
      const waiting = index?.get(channels[i]);
      if (waiting === undefined) continue;
      if (waiting.length === 1) {
        if (waiting[0] === path) index!.delete(channels[i]);
      } else drop(waiting, path);
    }
    if ((path.wakes & (Wakes.Message | Wakes.Event)) !== 0) drop(this.external, path);
    if (path.tag !== 0) this.#commands!.delete(path.tag);
  }

  #count(wakes: number, by: number): void {
    if ((wakes & Wakes.Message) !== 0) this.#messages += by;
    if ((wakes & Wakes.Event) !== 0) this.#events += by;
    if ((wakes & Wakes.Command) !== 0) this.#answers += by;
  }

  /** The path that has waited longest to receive from a channel of the process. */
  receiver(channel: number): Path | undefined {
    return this.#receivers?.get(channel)?.[0];
  }

  sender(channel: number): Path | undefined {
    return this.#senders?.get(channel)?.[0];
  }

  /** All that wait on a channel, to receive and to send. */
  receiversOf(channel: number): readonly Path[] {
    this.#indexSole();
    const inside = this.#receivers?.get(channel) ?? NO_PATHS;
    return [...inside, ...this.external.filter(path => path.channels.includes(channel))];
  }

  sendersOf(channel: number): readonly Path[] {
    return [...(this.#senders?.get(channel) ?? NO_PATHS)];
  }

  /** Every path that waits, in the order in which they began to. */
  get paths(): readonly Path[] {
    this.#indexSole();
    const found = new Set(this.external);
    for (const waiting of this.#receivers?.values() ?? []) for (const path of waiting) found.add(path);
    for (const waiting of this.#senders?.values() ?? []) for (const path of waiting) found.add(path);
    for (const path of this.#commands?.values() ?? []) found.add(path);
    return [...found].sort((a, b) => a.since - b.since);
  }

  command(tag: number): Path | undefined {
    return this.#commands?.get(tag);
  }

  get forMessages(): boolean {
    return this.#messages > 0;
  }

  get forEvents(): boolean {
    return this.#events > 0;
  }

  get forCommands(): boolean {
    return this.#answers > 0;
  }
}

function drop(list: Path[], path: Path): void {
  const at = list.indexOf(path);
  if (at >= 0) list.splice(at, 1);
}
