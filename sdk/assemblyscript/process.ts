import { encode } from "./codec";
import { Decoder } from "./decoder";
import { area, beginTexts, capacity, outgoing, prepareArea, putText, resultBuffer, resultText, settle, textLength } from "./exchange";
import { ErrorKind } from "./failure";
import * as host from "./imports";
import { Value } from "./value";

/** This process. */
export abstract class self {
  /** Its PID, `{host|0x00001}`. */
  static get pid(): string {
    prepareArea();
    return resultText(host.pid(area, capacity));
  }

  /** Registry id of the entry that it runs. */
  static get id(): string {
    prepareArea();
    return resultText(host.id(area, capacity));
  }

  /** What it was spawned with. */
  static get args(): Array<Value> {
    prepareArea();
    const length = host.args(area, capacity);
    return settle(length) ? Value.decode(new Decoder(resultBuffer(length))).asList() : [];
  }

  /** Context values, inherited through spawns and calls: a map. */
  static get context(): Value {
    prepareArea();
    const length = host.context(area, capacity);
    return settle(length) ? Value.decode(new Decoder(resultBuffer(length))) : Value.map();
  }

  /** End with a value. Does not return. */
  static exit<T>(value: T): void {
    outgoing.reset();
    encode<T>(outgoing, value);
    host.exit(outgoing.pointer, outgoing.length);
    unreachable();
  }

  /** End with an error. Does not return. `retryable`: 1 yes, 0 no, -1 unknown; `details`: a map. */
  static fail(
    message: string,
    kind: ErrorKind = ErrorKind.UNKNOWN,
    retryable: i32 = -1,
    details: Value | null = null,
  ): void {
    outgoing.reset();
    if (details !== null) details.encode(outgoing);
    beginTexts(message.length);
    const text = putText(message);
    host.fail(kind, text, textLength, retryable, outgoing.pointer, outgoing.length);
    unreachable();
  }

  /** End with an error that is there already, as it is: `lastError()`, the payload of an answer. Does not return. */
  static failWith(error: Value): void {
    outgoing.reset();
    error.encode(outgoing);
    host.fail_with(outgoing.pointer, outgoing.length);
    unreachable();
  }

  /** Go on as another entry ("": the current one, reloaded). Does not return: what is wrong ends the process with "upgrade: ...". */
  static upgrade(id: string, args: Array<Value> = []): bool {
    outgoing.reset();
    encode(outgoing, args);
    beginTexts(id.length);
    const text = putText(id);
    return host.upgrade(text, textLength, outgoing.pointer, outgoing.length) >= 0;
  }

  /** With `on`, the death of a linked process is an event instead of this process's own end. */
  static trapLinks(on: bool): void {
    host.set_options(on ? 1 : 0, -1);
  }

  /** Whether the death of a linked process is an event. */
  static get trapsLinks(): bool {
    return (host.get_options() & 1) != 0;
  }

  /** With `on`, an event tells when the entry has changed. */
  static upgradable(on: bool): void {
    host.set_options(-1, on ? 1 : 0);
  }

  /** Whether an event tells when the entry has changed. */
  static get isUpgradable(): bool {
    return (host.get_options() & 2) != 0;
  }
}

/** Send a payload to a PID or a registered name: anything that `encode` takes. False: see `lastError`. */
export function send<T>(dest: string, topic: string, payload: T): bool {
  outgoing.reset();
  encode<T>(outgoing, payload);
  beginTexts(dest.length + topic.length);
  const to = putText(dest);
  const toLength = textLength;
  const subject = putText(topic);
  return host.send(to, toLength, subject, textLength, outgoing.pointer, outgoing.length) >= 0;
}

/** Send several payloads as one message. */
export function sendList(dest: string, topic: string, payloads: Array<Value>): bool {
  outgoing.reset();
  encode(outgoing, payloads);
  beginTexts(dest.length + topic.length);
  const to = putText(dest);
  const toLength = textLength;
  const subject = putText(topic);
  return host.send_list(to, toLength, subject, textLength, outgoing.pointer, outgoing.length) >= 0;
}

/** Be told, by an event, when a process ends. */
export function monitor(pid: string): bool {
  beginTexts(pid.length);
  const text = putText(pid);
  return host.monitor(text, textLength) >= 0;
}

export function unmonitor(pid: string): bool {
  beginTexts(pid.length);
  const text = putText(pid);
  return host.unmonitor(text, textLength) >= 0;
}

/** Die together, if one ends abnormally. */
export function link(pid: string): bool {
  beginTexts(pid.length);
  const text = putText(pid);
  return host.link(text, textLength) >= 0;
}

export function unlink(pid: string): bool {
  beginTexts(pid.length);
  const text = putText(pid);
  return host.unlink(text, textLength) >= 0;
}

/** Ask a process to end: it gets a CANCEL event. */
export function cancel(dest: string, reason: string = ""): bool {
  beginTexts(dest.length + reason.length);
  const to = putText(dest);
  const toLength = textLength;
  const why = putText(reason);
  return host.cancel(to, toLength, why, textLength) >= 0;
}

/** End a process. */
export function terminate(dest: string): bool {
  beginTexts(dest.length);
  const text = putText(dest);
  return host.terminate(text, textLength) >= 0;
}

/** Names of processes. */
export namespace registry {
  /** Give a name to a process, this one if `pid` is "". */
  export function register(name: string, pid: string = ""): bool {
    beginTexts(name.length + pid.length);
    const text = putText(name);
    const length = textLength;
    const holder = putText(pid);
    return host.register(text, length, holder, textLength) >= 0;
  }

  /** The PID that holds a name; null if none does. */
  export function lookup(name: string): string | null {
    prepareArea();
    beginTexts(name.length);
    const text = putText(name);
    const length = host.lookup(text, textLength, area, capacity);
    return settle(length) ? resultText(length) : null;
  }

  /** Whether the name was held. False, too, where that is not allowed: see `lastError`. */
  export function unregister(name: string): bool {
    beginTexts(name.length);
    const text = putText(name);
    return host.unregister(text, textLength) > 0;
  }
}
