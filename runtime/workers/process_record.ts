/**
 * A process between two steps as a frame: everything that the kernel keeps for it, and its machine as an image, or its
 * arguments where it has not begun. The PID's number stays the same, so whoever knows it need not know that it moved.
 */
import type { Command } from '../lifecycle/commands.ts';
import { Answer, type ExitResult, type Payload, type ProcessEvent } from '../machine.ts';
import { Message } from '../message.ts';
import type { PayloadReader, PayloadWriter } from '../payload/messagepack.ts';
import { Packed } from '../payload/payload.ts';
import { generationOf, SLOT_MASK } from '../pid.ts';
import type { Extras, Watcher } from '../scheduler/extras.ts';
import { Inherited, NOTHING_INHERITED } from '../scheduler/inherited.ts';
import { Process, type ProcessState } from '../scheduler/process.ts';
import { Queue } from '../scheduler/queue.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { toTroupeError } from '../errors.ts';

const NO_ARGS: readonly Payload[] = Object.freeze([]) as readonly Payload[];

/** Flags of a record: what a process has. */
const Has = {
  IMAGE: 1,
  EXTRAS: 2,
  TRAP_LINKS: 4,
  UPGRADABLE: 8,
  OVERFULL: 16,
  CONTEXT: 32,
  HEARS: 64,
  UPGRADED: 128,
} as const;

export function writeProcess(writer: PayloadWriter, process: Process, now: number): void {
  const { extras } = process;
  const image = extras?.image;
  const inherited = process.inherited !== NOTHING_INHERITED;
  writer.write(process.number);
  writer.write(process.linked.entry.id);
  writer.write(process.linked.revision);
  writer.write(process.linked.host.id);
  writer.write(process.state);
  writer.write(
    (image === undefined ? 0 : Has.IMAGE) |
      (extras === undefined ? 0 : Has.EXTRAS) |
      (extras?.trapLinks ? Has.TRAP_LINKS : 0) |
      (extras?.upgradable ? Has.UPGRADABLE : 0) |
      (extras?.overfull ? Has.OVERFULL : 0) |
      (extras?.upgraded ? Has.UPGRADED : 0) |
      (inherited ? Has.CONTEXT : 0) |
      (extras?.hears ? Has.HEARS : 0),
  );
  if (inherited) writer.write(process.inherited.context);
  if (image === undefined) writer.write(process.args as Payload[]);
  else {
    writer.write(image.program);
    writer.write(image.bytes);
  }
  const count = process.mainSize;
  writer.write(count);
  if (count > 0) writeMessage(writer, process.first!);
  for (let i = 0; i < count - 1; i++) writeMessage(writer, process.more!.at(i)!);
  if (extras !== undefined) {
    writeExtras(writer, extras);
    writeTimers(writer, process, now);
  }
}

function writeExtras(writer: PayloadWriter, extras: Extras): void {
  writer.write(extras.method);
  writer.write(extras.starter);
  writer.write(extras.replacement as Payload[] | undefined);
  writer.write(extras.debt);
  writer.write(extras.arrivals);
  writer.write(extras.listened === undefined ? undefined : [...extras.listened]);
  const { topics } = extras;
  writer.write(topics?.size ?? 0);
  if (topics !== undefined) {
    for (const [topic, queue] of topics) {
      writer.write(topic);
      writer.write(queue.size);
      for (let i = 0; i < queue.size; i++) writeMessage(writer, queue.at(i)!);
    }
  }
  writer.write(extras.watchers?.flatMap(({ pid, tag }) => [pid, tag]));
  writer.write(extras.watching === undefined ? undefined : [...extras.watching]);
  writer.write(extras.links === undefined ? undefined : [...extras.links]);
  writer.write(extras.names === undefined ? undefined : [...extras.names]);
  writeQueue(writer, extras.answers, writeAnswer);
  writeQueue(writer, extras.events, writeEvent);
  writer.write(extras.commands?.size ?? 0);
  if (extras.commands !== undefined) {
    for (const [tag, command] of extras.commands) {
      writer.write(tag);
      writer.write(command.child);
      writer.write(command.id);
      writer.write(command.timeout);
      writer.write(command.supervised);
      writer.write(command.isEnding);
    }
  }
}

function writeTimers(writer: PayloadWriter, process: Process, now: number): void {
  const timers = process.linked.scheduler.timers.of(process);
  writer.write(timers.length);
  for (const { tag, when } of timers) {
    writer.write(tag);
    // Clocks of threads begin at different times: what is left is what counts.
    writer.write(Math.max(when - now, 0));
  }
}

function writeQueue<T>(
  writer: PayloadWriter,
  queue: Queue<T> | undefined,
  write: (w: PayloadWriter, item: T) => void,
): void {
  writer.write(queue?.size ?? 0);
  if (queue !== undefined) for (let i = 0; i < queue.size; i++) write(writer, queue.at(i)!);
}

function writeMessage(writer: PayloadWriter, message: Message): void {
  writer.write(message.topic);
  writer.write(message.from);
  writer.write(message.count);
  writer.write(message.bytes);
  writer.write(message.order);
  // What was packed stays so: numbers would change their type on the way through a value.
  writer.write(message.isPacked);
  writer.write(message.isPacked ? message.packed : message.payload);
}

function writeAnswer(writer: PayloadWriter, { tag, value, error }: Answer): void {
  writer.write(tag);
  writer.write(error);
  writer.write(value);
}

function writeEvent(writer: PayloadWriter, event: ProcessEvent): void {
  writer.write(event.kind);
  writer.write(event.from);
  writer.write(event.at);
  writer.write(event.reason);
  writer.write(event.sources as Payload);
  writeResult(writer, event.result);
}

/** How a process ended, or that it is not said. */
export function writeResult(writer: PayloadWriter, result: ExitResult | undefined): void {
  writer.write(result === undefined ? 0 : result.error === undefined ? 1 : 2);
  if (result !== undefined) writer.write(result.error ?? result.value);
}

export function readResult(reader: PayloadReader): ExitResult | undefined {
  const form = reader.read();
  if (form === 0) return undefined;
  const value = reader.read();
  return form === 1 ? { value } : { error: toTroupeError(value) };
}

/** The process, not yet in the table; throws a TroupeError where its entry is unknown here. */
export function readProcess(reader: PayloadReader, scheduler: Scheduler): Process {
  const number = reader.read() as number;
  const entry = reader.read() as string;
  const revision = reader.read() as number;
  const host = reader.read() as string;
  const state = reader.read() as ProcessState;
  const has = reader.read() as number;
  const { deployed } = scheduler;
  const linked = deployed.linkRevision(entry, deployed.hosts.get(host)!, revision);
  const inherited =
    (has & Has.CONTEXT) === 0 ? NOTHING_INHERITED : new Inherited(reader.read() as { [key: string]: Payload });
  const generation = generationOf(number);
  const image = (has & Has.IMAGE) !== 0;
  const args = image ? NO_ARGS : (reader.read() as Payload[]);
  const process = new Process(linked, number & SLOT_MASK, generation, args, inherited);
  process.state = state;
  if (image) {
    const program = reader.read() as string;
    process.rare.image = { program, bytes: reader.read() as Uint8Array };
    process.args = undefined;
  }
  for (let left = reader.read() as number; left > 0; left--) process.append(readMessage(reader));
  if ((has & Has.EXTRAS) === 0) return process;
  const { rare } = process;
  rare.trapLinks = (has & Has.TRAP_LINKS) !== 0;
  rare.upgradable = (has & Has.UPGRADABLE) !== 0;
  rare.hears = (has & Has.HEARS) !== 0;
  rare.overfull = (has & Has.OVERFULL) !== 0;
  rare.upgraded = (has & Has.UPGRADED) !== 0;
  readExtras(reader, rare);
  readTimers(reader, process, scheduler);
  return process;
}

function readExtras(reader: PayloadReader, rare: Extras): void {
  rare.method = (reader.read() ?? undefined) as string | undefined;
  rare.starter = (reader.read() ?? undefined) as string | undefined;
  rare.replacement = (reader.read() ?? undefined) as Payload[] | undefined;
  rare.awaited = rare.starter !== undefined || rare.replacement !== undefined;
  rare.debt = reader.read() as number;
  rare.arrivals = reader.read() as number;
  rare.listened = readSet(reader);
  const topics = reader.read() as number;
  if (topics > 0) rare.topics = new Map();
  for (let i = 0; i < topics; i++) {
    const queue = new Queue<Message>();
    rare.topics!.set(reader.read() as string, queue);
    for (let left = reader.read() as number; left > 0; left--) {
      const message = readMessage(reader);
      queue.push(message);
      rare.routed++;
      rare.heldBytes += message.bytes;
    }
  }
  const watchers = reader.read() as (string | number)[] | null;
  if (watchers !== null) rare.watchers = watchersOf(watchers);
  rare.watching = readSet(reader);
  rare.links = readSet(reader);
  rare.names = readSet(reader);
  rare.answers = readQueue(reader, readAnswer);
  rare.events = readQueue(reader, readEvent);
  const commands = reader.read() as number;
  if (commands > 0) rare.commands = new Map();
  for (let i = 0; i < commands; i++) readCommand(reader, rare.commands!);
}

function watchersOf(flat: readonly (string | number)[]): Watcher[] {
  const watchers: Watcher[] = [];
  for (let i = 0; i < flat.length; i += 2) watchers.push({ pid: flat[i] as string, tag: flat[i + 1] as number });
  return watchers;
}

function readSet(reader: PayloadReader): Set<string> | undefined {
  const list = reader.read() as string[] | null;
  return list === null ? undefined : new Set(list);
}

function readQueue<T>(reader: PayloadReader, read: (reader: PayloadReader) => T): Queue<T> | undefined {
  const count = reader.read() as number;
  if (count === 0) return undefined;
  const queue = new Queue<T>(4);
  for (let i = 0; i < count; i++) queue.push(read(reader));
  return queue;
}

function readCommand(reader: PayloadReader, commands: Map<number, Command>): void {
  const tag = reader.read() as number;
  const child = (reader.read() ?? undefined) as string | undefined;
  const id = reader.read() as string;
  const timeout = reader.read() as number;
  const supervised = reader.read() as boolean;
  const isEnding = reader.read() as boolean;
  commands.set(tag, { child, operation: undefined, id, timeout, supervised, isEnding });
}

function readTimers(reader: PayloadReader, process: Process, scheduler: Scheduler): void {
  for (let left = reader.read() as number; left > 0; left--) {
    const tag = reader.read() as number;
    scheduler.timers.arm(process, tag, reader.read() as number);
  }
}

function readMessage(reader: PayloadReader): Message {
  const topic = reader.read() as string;
  const from = reader.read() as string;
  const count = reader.read() as number;
  const bytes = reader.read() as number;
  const order = reader.read() as number;
  const packed = reader.read();
  const body = reader.read();
  const message = new Message(topic, from, packed ? new Packed(body as Uint8Array) : body, count, bytes);
  message.order = order;
  return message;
}

function readAnswer(reader: PayloadReader): Answer {
  const tag = reader.read() as number;
  const error = reader.read();
  return new Answer(tag, reader.read(), error === null ? undefined : toTroupeError(error));
}

function readEvent(reader: PayloadReader): ProcessEvent {
  const kind = reader.read() as ProcessEvent['kind'];
  const from = reader.read() as string;
  const at = reader.read() as number;
  const reason = (reader.read() ?? undefined) as string | undefined;
  const sources = (reader.read() ?? undefined) as string[] | undefined;
  const result = readResult(reader);
  return { kind, from, at, result, reason, sources };
}
