import { encode } from "./codec";
import { Decoder } from "./decoder";
import { area, capacity, outgoing, prepareArea, resultBuffer, resultText, settle } from "./exchange";
import * as host from "./imports";
import { Actor, Scope } from "./security";
import { Value } from "./value";

/**
 * A spawn with everything that can be said about it; each method answers the spawner itself.
 *
 *     const pid = new Spawner("shop:cart").host("shop:procs").arg(7).monitor().spawn();
 *     const sum = new Spawner("shop:add").arg(1).arg(2).timeout(500).exec();
 */
export class Spawner {
  private request: Value = Value.map();
  private list: Value = Value.list();
  private first: Value = Value.list();
  private values: Value = Value.map();

  /** `id`: registry id of the entry; without a namespace the spawner's own. */
  constructor(id: string) {
    this.request.set("id", Value.string(id));
  }

  host(id: string): Spawner {
    if (id.length > 0) this.request.set("host", Value.string(id));
    return this;
  }

  /** One more argument. */
  arg<T>(value: T): Spawner {
    this.list.push(value);
    return this;
  }

  args(values: Array<Value>): Spawner {
    for (let i = 0; i < values.length; i++) this.list.push(values[i]);
    return this;
  }

  /** Be told by an event when the child ends. */
  monitor(): Spawner {
    this.request.set("monitor", Value.bool(true));
    return this;
  }

  /** Die together, if one ends abnormally. */
  link(): Spawner {
    this.request.set("link", Value.bool(true));
    return this;
  }

  /** Where the name is taken, nothing is spawned and the messages go to its holder. */
  name(name: string): Spawner {
    this.request.set("name", Value.string(name));
    return this;
  }

  /** Arrives before any other message. */
  message<T>(topic: string, payload: T): Spawner {
    return this.messageList(topic, [Value.of(payload)]);
  }

  /** One message with several payloads, or none. */
  messageList(topic: string, payloads: Array<Value>): Spawner {
    this.first.push([Value.string(topic)].concat(payloads));
    return this;
  }

  /** A context value, laid over the inherited ones. */
  context<T>(key: string, value: T): Spawner {
    this.values.set(key, value);
    return this;
  }

  /** For whom the child acts; `meta`: a map that conditions of policies look at. Needs the capability `security`. */
  actor(id: string, meta: Value = Value.map()): Spawner {
    this.request.set("actor", Value.map().set("id", id).set("meta", meta));
    return this;
  }

  /** Ids of the policies that the child runs under. Needs the capability `security`. */
  scope(policies: Array<string>): Spawner {
    this.request.set("scope", policies);
    return this;
  }

  withActor(actor: Actor): Spawner {
    return this.actor(actor.id, actor.meta);
  }

  withScope(scope: Scope): Spawner {
    return this.scope(scope.policies().map<string>(policy => policy.id));
  }

  /** Milliseconds after which `exec` gives up. */
  timeout(milliseconds: f64): Spawner {
    this.request.set("timeout", Value.float(milliseconds));
    return this;
  }

  method(name: string): Spawner {
    this.request.set("method", Value.string(name));
    return this;
  }

  /** PID of the child, or of the name's holder; null: see `lastError`. */
  spawn(): string | null {
    prepareArea();
    this.encode();
    const length = host.spawn_with(outgoing.pointer, outgoing.length, area, capacity);
    return settle(length) ? resultText(length) : null;
  }

  /** Wait for the child's end; its value, or null: see `lastError`. */
  exec(): Value | null {
    prepareArea();
    this.encode();
    const length = host.exec_with(outgoing.pointer, outgoing.length, area, capacity);
    return settle(length) ? Value.decode(new Decoder(resultBuffer(length))) : null;
  }

  /** Call a function entry, on whatever host it names, and wait: its value, or null (see `lastError`). */
  call(): Value | null {
    this.request.set("call", Value.bool(true));
    const value = this.exec();
    this.request.set("call", Value.null());
    return value;
  }

  /** `exec` without waiting: the end comes as an `Answer` with this tag (0 to 2^29 - 1). */
  start(tag: i32): bool {
    this.encode();
    return host.start_exec(tag, outgoing.pointer, outgoing.length) >= 0;
  }

  private encode(): void {
    if (this.list.length > 0) this.request.set("args", this.list);
    if (this.first.length > 0) this.request.set("messages", this.first);
    if (this.values.length > 0) this.request.set("context", this.values);
    outgoing.reset();
    encode(outgoing, this.request);
  }
}

/** Start a process: its PID, or null (see `lastError`). `on`: id of a host; "" for the entry's default. */
export function spawn(id: string, args: Array<Value> = [], on: string = ""): string | null {
  return new Spawner(id).host(on).args(args).spawn();
}

/** `spawn`, and an event tells when it ends: no end can be missed. */
export function spawnMonitored(id: string, args: Array<Value> = [], on: string = ""): string | null {
  return new Spawner(id).host(on).args(args).monitor().spawn();
}

/** `spawn`, and both die together. */
export function spawnLinked(id: string, args: Array<Value> = [], on: string = ""): string | null {
  return new Spawner(id).host(on).args(args).link().spawn();
}

export function spawnLinkedMonitored(id: string, args: Array<Value> = [], on: string = ""): string | null {
  return new Spawner(id).host(on).args(args).link().monitor().spawn();
}

/** Run a program to its end: its value, or null (see `lastError`). Waits. */
export function exec(id: string, args: Array<Value> = [], on: string = ""): Value | null {
  return new Spawner(id).host(on).args(args).exec();
}

/** Call a function entry: its value, or null (see `lastError`). Waits. */
export function call(id: string, args: Array<Value> = []): Value | null {
  return new Spawner(id).args(args).call();
}
