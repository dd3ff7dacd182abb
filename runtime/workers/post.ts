/**
 * The way between schedulers: one ring of shared memory for each ordered pair. Frames of one pair arrive in the order
 * in which they were handed over, so messages, signals and spawns from one process to another keep their order.
 *
 * A ring that is full never blocks its writer (two full rings would wait for each other): frames wait in a backlog of
 * the writer, and messages are refused (RATE_LIMITED) once the backlog is long. Signals and spawns are never refused.
 *
 * A frame can overtake a spawn that a third scheduler sent: A spawns P on C and tells B, B sends to P, and B's ring is
 * read first. The directory says that P is alive and here, so what comes for it is kept until it arrives.
 */
import type { MessagePort } from 'node:worker_threads';
import { mailboxFull, processNotFound, ringFull } from '../catalogue.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import { endProcess } from '../lifecycle/exit.ts';
import { exitSignal, linkDownSignal, type Signal, SignalKind } from '../lifecycle/signal.ts';
import { applySignal } from '../lifecycle/signals_applied.ts';
import { arrive } from '../lifecycle/spawn.ts';
import type { ExitResult, Payload, SpawnRequest } from '../machine.ts';
import { Message, type PidHolder } from '../message.ts';
import { PayloadReader, PayloadWriter } from '../payload/messagepack.ts';
import { Packed } from '../payload/payload.ts';
import { formatPid, generationOf, parsePid, pidPrefix, SLOT_MASK } from '../pid.ts';
import type { FarSpawn, Outbound, Placed } from '../scheduler/outbound.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Lane } from './lane.ts';
import type { RingReader } from './ring.ts';
import type { Directory, Load } from './shared_state.ts';

const FrameKind = { Message: 1, Signal: 2, Spawn: 3, FreeSlot: 4 } as const;

/** Rounds of looking at the rings before a scheduler with nothing to do goes to rest. */
const LINGER_ROUNDS = 100;
/** A scheduler keeps its own spawns unless another one has so much less to do. */
const IMBALANCE = 16;

export interface PostOptions {
  readonly index: number;
  readonly schedulers: number;
  readonly directory: Directory;
  readonly load: Load;
  /** One Int32 a scheduler: 1 while it rests and must be nudged. */
  readonly sleeping: Int32Array;
  /** Byte a slot: 1 while the mailbox there takes nothing from afar. */
  readonly full: Uint8Array;
  readonly lanes: readonly (Lane | undefined)[];
  readonly readers: readonly (RingReader | undefined)[];
  readonly ports: readonly (MessagePort | undefined)[];
  readonly placement: 'least-loaded' | 'round-robin';
}

/** A sender on another scheduler; its PID is spelled out only if somebody asks. */
class FarSender implements PidHolder {
  readonly #prefix: string;
  readonly #number: number;
  constructor(prefix: string, number: number) {
    this.#prefix = prefix;
    this.#number = number;
  }
  get pid(): string {
    return formatPid(this.#prefix, this.#number & SLOT_MASK, generationOf(this.#number));
  }
}

type Kept = { readonly message: Message } | { readonly signal: Signal };

export class Post implements Outbound {
  readonly #options: PostOptions;
  readonly #index: number;
  readonly #writer = new PayloadWriter();
  readonly #reader = new PayloadReader();
  /** Live PIDs elsewhere, as text; checked against the directory at each use. */
  readonly #far = new Map<string, number>();
  /** What came for processes whose spawn is still on its way. */
  readonly #early = new Map<number, Kept[]>();
  readonly #hostPrefixes: string[] = [];
  #scheduler: Scheduler | undefined;
  #turn = 0;
  #places = 0;
  #hasTraffic = false;

  constructor(options: PostOptions) {
    this.#options = options;
    this.#index = options.index;
  }

  /** Must be called once before anything is sent or taken in. */
  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    for (const host of scheduler.deployed.hosts.values()) this.#hostPrefixes[host.index] = pidPrefix(host.id);
  }

  // --- the directory --------------------------------------------------------------------------------------------

  whereIs(pid: string): Placed | undefined {
    const { directory } = this.#options;
    const known = this.#far.get(pid);
    const number = known ?? parsePid(pid);
    if (number < 0) return undefined;
    const worker = directory.whereIs(number);
    if (worker < 0) return undefined;
    if (known === undefined) {
      // A PID must be written exactly as it was given out: the host is part of it.
      const prefix = this.#hostPrefixes[directory.hostOf(number)];
      if (formatPid(prefix, number & SLOT_MASK, generationOf(number)) !== pid) return undefined;
      if (this.#far.size > 20_000) this.#far.clear();
      this.#far.set(pid, number);
    }
    return { number, worker };
  }

  announce(number: number, worker: number, host: { readonly index: number }): void {
    this.#options.full[number & SLOT_MASK] = 0;
    this.#options.directory.announce(number, worker, host.index);
    this.#options.load.spawned(worker);
  }

  retire(number: number): void {
    this.#options.directory.retire(number);
    this.#options.load.ended(this.#index);
  }

  place(host: { readonly pinned: boolean; readonly workers: number }): number {
    if (host.pinned) return 0;
    const { schedulers, load, placement } = this.#options;
    const last = host.workers > 0 ? Math.min(host.workers, schedulers - 1) : schedulers - 1;
    if (placement === 'round-robin') {
      // Never where the spawner is, if there is anywhere else: it is for crossing threads.
      const next = (this.#places++ % last) + 1;
      return next === this.#index && last > 1 ? (this.#places++ % last) + 1 : next;
    }
    let best = 1;
    for (let worker = 2; worker <= last; worker++) if (load.of(worker) < load.of(best)) best = worker;
    const own = this.#index;
    return own >= 1 && own <= last && load.of(own) <= load.of(best) + IMBALANCE ? own : best;
  }

  // --- sending --------------------------------------------------------------------------------------------------

  message(
    to: Placed,
    pid: string,
    sender: Process,
    topic: string,
    payload: Payload | Packed,
    count: number,
  ): TroupeError | undefined {
    const lane = this.#options.lanes[to.worker]!;
    if (lane.refusesMessages) return ringFull(to.worker);
    if (this.#options.full[to.number & SLOT_MASK] === 1) return mailboxFull(pid);
    const writer = this.#writer;
    writer.reset();
    writer.write(FrameKind.Message);
    writer.write(to.number);
    writer.write(sender.linked.host.index);
    writer.write(sender.number);
    writer.write(topic);
    writer.write(count);
    if (payload instanceof Packed) writer.raw(payload.bytes);
    else writer.write(payload);
    this.#push(to.worker);
    return undefined;
  }

  signal(to: Placed, signal: Signal): void {
    const writer = this.#writer;
    writer.reset();
    writer.write(FrameKind.Signal);
    writer.write(to.number);
    writer.write(signal.kind);
    writer.write(signal.from);
    writer.write(signal.tag);
    writer.write(signal.at);
    writer.write(signal.text);
    writer.write(signal.result === undefined ? 0 : signal.result.error === undefined ? 1 : 2);
    if (signal.result !== undefined) writer.write(signal.result.error ?? signal.result.value);
    this.#push(to.worker);
  }

  spawn(worker: number, spawn: FarSpawn): void {
    const { request } = spawn;
    const writer = this.#writer;
    writer.reset();
    writer.write(FrameKind.Spawn);
    writer.write(spawn.number);
    writer.write(spawn.entry);
    writer.write(spawn.host);
    writer.write(spawn.parent);
    writer.write(spawn.tag);
    writer.write((request.monitor ? 1 : 0) | (request.link ? 2 : 0));
    writer.write(request.name);
    writer.write(request.method);
    writer.write(request.args as Payload[] | undefined);
    writer.write(request.messages?.map(({ topic, payloads }) => [topic, payloads]));
    writer.write(spawn.inherited.context);
    this.#push(worker);
  }

  freeSlot(worker: number, number: number): void {
    const writer = this.#writer;
    writer.reset();
    writer.write(FrameKind.FreeSlot);
    writer.write(number);
    this.#push(worker);
  }

  #push(worker: number): void {
    const lane = this.#options.lanes[worker]!;
    lane.push(this.#writer.bytes, this.#writer.length);
    this.#hasTraffic = true;
    // A step that sends very much must not wait for its own end before the reader makes room.
    if ((lane.backlog & 63) === 1) this.#handOver(worker, lane);
    // Outside of the loop nobody would publish it.
    this.#scheduler!.kick();
  }

  publish(): void {
    this.#options.load.setRunnable(this.#index, this.#scheduler!.runnable);
    if (!this.#hasTraffic) return;
    this.#hasTraffic = false;
    const { lanes } = this.#options;
    for (let worker = 0; worker < lanes.length; worker++) {
      const lane = lanes[worker];
      if (lane !== undefined && lane.dirty) this.#handOver(worker, lane);
    }
  }

  /** Let a reader see what was written, and wake it if it rests. */
  #handOver(worker: number, lane: Lane): void {
    const { sleeping, ports } = this.#options;
    if (!lane.publish()) this.#hasTraffic = true;
    if (Atomics.exchange(sleeping, worker, 0) === 1) ports[worker]!.postMessage(0);
  }

  // --- taking in ------------------------------------------------------------------------------------------------

  exchange(): void {
    const { readers } = this.#options;
    // Each time another ring goes first, so that a flood from one scheduler does not delay the others.
    const first = ++this.#turn;
    for (let i = 0; i < readers.length; i++) {
      const reader = readers[(first + i) % readers.length];
      if (reader === undefined) continue;
      while (reader.read()) {
        try {
          this.#take(reader.bytes, reader.offset, reader.length);
        } catch {
          // A frame that cannot be understood stops nobody: the next one begins where the ring says.
          this.#scheduler!.deadLetters++;
        }
      }
    }
  }

  linger(): boolean {
    for (let round = 0; round < LINGER_ROUNDS; round++) if (this.#waiting()) return true;
    return false;
  }

  sleep(): boolean {
    if (this.#hasTraffic) return false;
    const { sleeping } = this.#options;
    Atomics.store(sleeping, this.#index, 1);
    if (!this.#waiting()) return true;
    Atomics.store(sleeping, this.#index, 0);
    return false;
  }

  #waiting(): boolean {
    for (const reader of this.#options.readers) if (reader?.hasFrame) return true;
    return false;
  }

  #take(bytes: Uint8Array, offset: number, length: number): void {
    const reader = this.#reader;
    reader.reset(bytes, offset, offset + length);
    switch (reader.read()) {
      case FrameKind.Message:
        this.#takeMessage(reader, bytes, offset + length);
        return;
      case FrameKind.Signal:
        this.#takeSignal(reader);
        return;
      case FrameKind.Spawn:
        this.#takeSpawn(reader);
        return;
      case FrameKind.FreeSlot:
        this.#freed(reader.read() as number);
        return;
    }
  }

  #freed(number: number): void {
    this.#scheduler!.table.release(number & SLOT_MASK, generationOf(number));
  }

  #takeMessage(reader: PayloadReader, bytes: Uint8Array, end: number): void {
    const scheduler = this.#scheduler!;
    const number = reader.read() as number;
    const host = reader.read() as number;
    const sender = reader.read() as number;
    const topic = reader.read() as string;
    const count = reader.read() as number;
    const target = scheduler.table.byNumber(number);
    const packed = target !== undefined && target.linked.program.payloads === 'packed';
    const size = end - reader.position;
    const body = packed ? new Packed(bytes.slice(reader.position, end)) : reader.read();
    const from = new FarSender(this.#hostPrefixes[host], sender);
    const message = new Message(topic, from, body, count, size);
    if (target !== undefined) this.#deliver(target, message);
    else if (!this.#keep(number, { message })) scheduler.deadLetters++;
  }

  /** What has crossed is never refused: past its limit a mailbox stops taking from afar until it is half empty. */
  #deliver(target: Process, message: Message): void {
    if (this.#scheduler!.deliver(target, message) === undefined) return;
    target.append(message);
    target.rare.overfull = true;
    this.#options.full[target.number & SLOT_MASK] = 1;
  }

  reopen(process: Process): void {
    this.#options.full[process.number & SLOT_MASK] = 0;
  }

  #takeSignal(reader: PayloadReader): void {
    const number = reader.read() as number;
    const kind = reader.read() as SignalKind;
    const from = reader.read() as string;
    const tag = reader.read() as number;
    const at = reader.read() as number;
    const text = (reader.read() ?? undefined) as string | undefined;
    const form = reader.read() as number;
    let result: ExitResult | undefined;
    if (form === 1) result = { value: reader.read() };
    else if (form === 2) result = { error: toTroupeError(reader.read()) };
    const signal: Signal = { kind, from, tag, at, result, text };
    const target = this.#scheduler!.table.byNumber(number);
    if (target !== undefined) applySignal(target, signal);
    else if (!this.#keep(number, { signal })) this.#refuse(number, signal);
  }

  /** For a process that is still on its way here; false if there is none. */
  #keep(number: number, kept: Kept): boolean {
    if (this.#options.directory.whereIs(number) !== this.#index) return false;
    const list = this.#early.get(number);
    if (list === undefined) this.#early.set(number, [kept]);
    else list.push(kept);
    return true;
  }

  /** It ended while the signal was under way: who wants to watch it is told now. */
  #refuse(number: number, signal: Signal): void {
    const scheduler = this.#scheduler!;
    const gone = scheduler.table.endedLately(number);
    const pid = gone?.pid ?? `number ${number}`;
    const result = gone?.result ?? { error: processNotFound(pid) };
    const at = scheduler.clock.unix() / 1000;
    if (signal.kind === SignalKind.Monitor) scheduler.notify(signal.from, exitSignal(pid, signal.tag, at, result));
    else if (signal.kind === SignalKind.Link && (gone === undefined || result.error !== undefined)) {
      scheduler.notify(signal.from, linkDownSignal(pid, at, result));
    } else if (signal.kind === SignalKind.Named && gone !== undefined) {
      scheduler.names.release(signal.text!, pid);
    }
  }

  #takeSpawn(reader: PayloadReader): void {
    const scheduler = this.#scheduler!;
    const { deployed } = scheduler;
    const number = reader.read() as number;
    const entry = reader.read() as string;
    const host = deployed.hosts.get(reader.read() as string)!;
    const parent = reader.read() as string;
    const tag = reader.read() as number;
    const flags = reader.read() as number;
    const request: SpawnRequest = {
      id: entry,
      monitor: (flags & 1) !== 0,
      link: (flags & 2) !== 0,
      name: (reader.read() ?? undefined) as string | undefined,
      method: (reader.read() ?? undefined) as string | undefined,
      args: (reader.read() ?? undefined) as Payload[] | undefined,
      messages: ((reader.read() ?? undefined) as [string, Payload[]][] | undefined)?.map(([topic, payloads]) => ({
        topic,
        payloads,
      })),
    };
    const context = Object.freeze(reader.read() as { [key: string]: Payload });
    const linked = deployed.link(entry, host, entry.slice(0, entry.indexOf(':')));
    // The spawner linked it before it sent it here, so it links here too.
    if (linked instanceof TroupeError) throw linked;
    const process = arrive(
      scheduler,
      linked,
      number & SLOT_MASK,
      generationOf(number),
      parent,
      request,
      tag,
      Object.freeze({ context }),
      parent,
    );
    this.#arrived(process);
    try {
      linked.program;
    } catch (thrown) {
      endProcess(process, { error: toTroupeError(thrown, 'INVALID') });
    }
  }

  #arrived(process: Process): void {
    const kept = this.#early.get(process.number);
    if (kept === undefined) return;
    this.#early.delete(process.number);
    for (const item of kept) {
      if (process.state === ProcessState.Dead) return;
      if ('message' in item) this.#deliver(process, item.message);
      else applySignal(process, item.signal);
    }
  }
}
