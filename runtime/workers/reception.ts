/** What comes from other schedulers, frame by frame: given to processes here, kept for those on their way, forwarded. */
import { processNotFound } from '../catalogue.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import { endProcess } from '../lifecycle/exit.ts';
import { exitSignal, linkDownSignal, type Signal, SignalKind } from '../lifecycle/signal.ts';
import { applySignal } from '../lifecycle/signals_applied.ts';
import { arrive } from '../lifecycle/spawn.ts';
import type { Payload, SpawnRequest } from '../machine.ts';
import { Message, type PidHolder } from '../message.ts';
import { PayloadReader } from '../payload/messagepack.ts';
import { Packed } from '../payload/payload.ts';
import { formatPid, generationOf, SLOT_MASK } from '../pid.ts';
import type { Arriving, Held } from '../scheduler/arriving.ts';
import { inheritedOf } from '../scheduler/inherited.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { Arrivals } from './arrivals.ts';
import type { BytesExchange } from './bytes_exchange.ts';
import type { Departures, Marks } from './departures.ts';
import type { Hunger } from './hunger.ts';
import { FrameKind, KIND_BITS, type Outgoing, SPECIAL, WITH_MEMORY } from './outgoing.ts';
import { readProcess, readResult, writeResult } from './process_record.ts';
import { Recovery } from './recovery.ts';
import type { Directory, Load } from './shared_state.ts';

export interface ReceptionOptions {
  readonly index: number;
  readonly schedulers: number;
  readonly directory: Directory;
  readonly load: Load;
  readonly full: Uint8Array;
  readonly hunger: Hunger;
  readonly departures: Departures;
  /** Of the batches that each scheduler takes. */
  readonly taken: Marks;
  readonly outgoing: Outgoing;
  readonly exchange: BytesExchange;
  readonly hostPrefixes: readonly string[];
  /** Take in all that one scheduler has published. */
  readonly drain: (scheduler: number) => void;
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

/** Where its program cannot be loaded here it ends at its next step, and until then takes either form. */
function wantsPacked(target: Process): boolean {
  try {
    return target.linked.program.payloads === 'packed';
  } catch {
    return false;
  }
}

const NO_MEMORY: readonly SharedArrayBuffer[] = Object.freeze([]);

export class Reception {
  readonly arrivals: Arrivals;
  readonly #options: ReceptionOptions;
  readonly #reader = new PayloadReader('crossing');
  /** What came for processes whose spawn is still on its way. */
  readonly #early = new Map<number, Held[]>();
  #scheduler: Scheduler | undefined;
  #recovery: Recovery | undefined;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    const { index, schedulers, taken, outgoing } = options;
    this.arrivals = new Arrivals(index, schedulers, taken, outgoing, {
      deliver: (process, held) => this.#deliver(process, held),
      settled: process => {
        if (!process.rare.overfull) options.full[process.number & SLOT_MASK] = 0;
      },
    });
  }

  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    this.#recovery = new Recovery(scheduler, this.#options.outgoing, this.#options.schedulers);
  }

  get recovery(): Recovery {
    return this.#recovery!;
  }

  /** One frame that `source` has written. Throws where it cannot be understood. */
  take(source: number, bytes: Uint8Array, offset: number, length: number): void {
    const reader = this.#reader;
    reader.reset(bytes, offset, offset + length);
    const head = reader.read() as number;
    if ((head & WITH_MEMORY) === 0) {
      this.#takeKind(head, source, reader, bytes, offset + length);
      return;
    }
    reader.shared = this.#options.exchange.take(source);
    try {
      this.#takeKind(head, source, reader, bytes, offset + length);
    } finally {
      reader.shared = NO_MEMORY;
    }
  }

  #takeKind(head: number, source: number, reader: PayloadReader, bytes: Uint8Array, end: number): void {
    const { departures } = this.#options;
    switch (head & KIND_BITS) {
      case FrameKind.Message:
        this.#takeMessage(source, reader, bytes, end, (head & SPECIAL) !== 0);
        return;
      case FrameKind.Signal:
        this.#takeSignal(source, reader);
        return;
      case FrameKind.Spawn:
        this.#takeSpawn(reader);
        return;
      case FrameKind.FreeSlot: {
        const number = reader.read() as number;
        this.#scheduler!.table.release(number & SLOT_MASK, generationOf(number));
        return;
      }
      case FrameKind.Process:
        this.#takeProcess(source, reader);
        return;
      case FrameKind.BatchEnd:
        this.#options.hunger.fed();
        this.arrivals.complete(source, reader.read() as number);
        return;
      case FrameKind.Fence:
        this.#passOn(reader.read() as number, reader.read() as number, source);
        return;
      case FrameKind.Passed:
        this.#takePassed(source, reader.read() as number, reader.read() as number, reader.read() as number);
        return;
      case FrameKind.Settled:
        this.arrivals.settled(source, reader.read() as number, reader.read() as number);
        return;
      case FrameKind.Closed:
        departures.close(reader.read() as number);
        return;
      case FrameKind.Flush:
        this.recovery.flush(source, reader.read() as number);
        return;
      case FrameKind.Flushed:
        this.recovery.flushed(source, reader.read() as number);
        return;
      default:
        throw new TroupeError('a frame of an unknown kind came from another thread', { kind: 'INTERNAL' });
    }
  }

  // --- messages and signals -------------------------------------------------------------------------------------

  #takeMessage(source: number, reader: PayloadReader, bytes: Uint8Array, end: number, special: boolean): void {
    const number = reader.read() as number;
    const host = reader.read() as number;
    const sender = reader.read() as number;
    const topic = reader.read() as string;
    const count = reader.read() as number;
    const target = this.#scheduler!.table.byNumber(number);
    const taker = target === undefined ? this.#options.departures.takerOf(number) : -1;
    if (taker >= 0) {
      const writer = this.#options.outgoing.begin(FrameKind.Message);
      for (const part of [number, host, sender, topic, count]) writer.write(part);
      if (special) writer.write(reader.read());
      else writer.raw(bytes.subarray(reader.position, end));
      this.#options.outgoing.push(taker);
      // The taker opens the mailbox again with the end of the batch.
      if (this.#options.outgoing.refuses(taker)) this.#options.full[number & SLOT_MASK] = 1;
      return;
    }
    const packed = target !== undefined && wantsPacked(target);
    let size = end - reader.position;
    for (const memory of reader.shared) size += memory.byteLength;
    // What has Bytes in it is packed for its reader when that takes it: others do not know the form of frames.
    const body = packed && !special ? new Packed(bytes.slice(reader.position, end)) : reader.read();
    const from = new FarSender(this.#options.hostPrefixes[host], sender);
    const message = new Message(topic, from, body, count, size);
    if (target === undefined) {
      if (!this.keep(number, { source, message })) this.#scheduler!.deadLetters++;
    } else if (!this.#hold(target, { source, message })) this.#put(target, message);
  }

  #takeSignal(source: number, reader: PayloadReader): void {
    const number = reader.read() as number;
    const kind = reader.read() as SignalKind;
    const from = reader.read() as string;
    const tag = reader.read() as number;
    const at = reader.read() as number;
    const text = (reader.read() ?? undefined) as string | undefined;
    const signal: Signal = { kind, from, tag, at, result: readResult(reader), text };
    const target = this.#scheduler!.table.byNumber(number);
    if (target !== undefined) {
      if (!this.#hold(target, { source, signal })) applySignal(target, signal);
      return;
    }
    const taker = this.#options.departures.takerOf(number);
    if (taker >= 0) this.sendSignal(taker, number, signal);
    else if (!this.keep(number, { source, signal })) this.#refuse(number, signal);
  }

  sendSignal(worker: number, number: number, signal: Signal): void {
    const writer = this.#options.outgoing.begin(FrameKind.Signal);
    for (const part of [number, signal.kind, signal.from, signal.tag, signal.at, signal.text]) writer.write(part);
    writeResult(writer, signal.result);
    this.#options.outgoing.push(worker);
  }

  /** What comes directly for a process that has just arrived waits until nothing of the same source comes the old way. */
  #hold(target: Process, held: Held): boolean {
    const arriving = target.extras?.arriving;
    if (arriving === undefined || !arriving.batch.awaits(held.source)) return false;
    const { message } = held;
    arriving.hold(held);
    // As past the limit of its mailbox: others stop sending until that, and this, is half empty.
    if (message !== undefined && arriving.isOver(target.linked.host)) this.#close(target);
    return true;
  }

  #deliver(process: Process, { message, signal }: Held): void {
    if (process.state === ProcessState.Dead) {
      if (signal !== undefined) this.#refuse(process.number, signal);
      else this.#scheduler!.deadLetters++;
    } else if (signal !== undefined) applySignal(process, signal);
    else this.#put(process, message!);
  }

  /** What has crossed is never refused: past its limit a mailbox stops taking from afar until it is half empty. */
  #put(target: Process, message: Message): void {
    const scheduler = this.#scheduler!;
    if (scheduler.deliverHere(target, message) === undefined) return;
    scheduler.deadLetters--;
    target.append(message);
    // It may be what the process waits for, while all that is before it is not.
    if (target.state === ProcessState.Idle) scheduler.enqueue(target);
    this.#close(target);
  }

  #close(target: Process): void {
    target.rare.overfull = true;
    this.#options.full[target.number & SLOT_MASK] = 1;
  }

  /** For a process that is still on its way here; false if there is none. */
  keep(number: number, kept: Held): boolean {
    if (this.#options.directory.whereIs(number) !== this.#options.index) return false;
    const list = this.#early.get(number);
    if (list === undefined) this.#early.set(number, [kept]);
    else list.push(kept);
    return true;
  }

  /** How much is kept for a process that is still on its way here. */
  early(number: number): number {
    return this.#early.get(number)?.length ?? 0;
  }

  /** What waits for processes that were lost. Who watches one of them is told with all others (`recovery.ts`). */
  dropEarly(): void {
    const { directory, index } = this.#options;
    for (const [number, kept] of this.#early) {
      if (directory.whereIs(number) === index) continue;
      this.#early.delete(number);
      for (const { message } of kept) if (message !== undefined) this.#scheduler!.deadLetters++;
    }
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

  /** It has ended before what is held for it could be delivered. */
  refuseHeld(number: number, arriving: Arriving): void {
    for (const { signal } of arriving.drop()) {
      if (signal !== undefined) this.#refuse(number, signal);
      else this.#scheduler!.deadLetters++;
    }
  }

  // --- spawns ---------------------------------------------------------------------------------------------------

  #takeSpawn(reader: PayloadReader): void {
    const scheduler = this.#scheduler!;
    const { deployed } = scheduler;
    const number = reader.read() as number;
    const entry = reader.read() as string;
    const revision = reader.read() as number;
    const host = deployed.hosts.get(reader.read() as string)!;
    const parent = reader.read() as string;
    const tag = reader.read() as number;
    const flags = reader.read() as number;
    const request: SpawnRequest = {
      id: entry,
      monitor: (flags & 1) !== 0,
      link: (flags & 2) !== 0,
      announce: (flags & 4) !== 0,
      name: (reader.read() ?? undefined) as string | undefined,
      method: (reader.read() ?? undefined) as string | undefined,
      args: (reader.read() ?? undefined) as Payload[] | undefined,
      messages: ((reader.read() ?? undefined) as [string, Payload[]][] | undefined)?.map(([topic, payloads]) => ({
        topic,
        payloads,
      })),
    };
    const inherited = inheritedOf(reader.read() as { [key: string]: Payload });
    const linked = deployed.linkRevision(entry, host, revision);
    const process = arrive(
      scheduler,
      linked,
      number & SLOT_MASK,
      generationOf(number),
      parent,
      request,
      tag,
      inherited,
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
    for (const item of kept) this.#deliver(process, item);
  }

  // --- processes that move --------------------------------------------------------------------------------------

  #takeProcess(source: number, reader: PayloadReader): void {
    const scheduler = this.#scheduler!;
    const id = reader.read() as number;
    const process = readProcess(reader, scheduler);
    scheduler.admit(process);
    this.#options.load.came(this.#options.index);
    this.arrivals.arrived(source, id, process);
    // The last thing: who reads it sends here from now on.
    this.#options.directory.moved(process.number, this.#options.index);
  }

  /**
   * Of frames that a lost scheduler has not read: processes that were on their way there live on here, and get what was
   * sent after them. Answers the numbers of those.
   */
  takeBack(frames: readonly Uint8Array[]): Set<number> {
    const rescued = new Set<number>();
    for (const frame of frames) {
      try {
        this.#takeBackOne(frame, rescued);
      } catch {
        // A process that cannot be read is lost, like those that had arrived; the others must still be told.
        this.#scheduler!.deadLetters++;
      }
    }
    return rescued;
  }

  #takeBackOne(frame: Uint8Array, rescued: Set<number>): void {
    const { directory, index, load } = this.#options;
    const reader = this.#reader;
    reader.reset(frame);
    const kind = (reader.read() as number) & KIND_BITS;
    if (kind === FrameKind.Process) {
      reader.read();
      const process = readProcess(reader, this.#scheduler!);
      const { number } = process;
      // Otherwise it had arrived there.
      if (directory.whereIs(number) !== index) return;
      this.#scheduler!.admit(process);
      load.came(index);
      rescued.add(number);
    } else if ((kind === FrameKind.Message || kind === FrameKind.Signal) && rescued.has(reader.read() as number)) {
      this.take(index, frame, 0, frame.length);
    }
  }

  /** Answer a fence of `taker`: what this scheduler sends for that batch goes to the taker from now on. */
  #passOn(giver: number, id: number, taker: number): void {
    const writer = this.#options.outgoing.begin(FrameKind.Passed);
    writer.write(id);
    writer.write(this.#options.index);
    writer.write(taker);
    this.#options.outgoing.push(giver);
  }

  /** `source` has nothing for a batch under way to here any more; said by itself, or by the taker where it rests. */
  #takePassed(from: number, id: number, source: number, taker: number): void {
    const { departures, outgoing, drain } = this.#options;
    if (from !== source) drain(source);
    departures.passed(id, source);
    const writer = outgoing.begin(FrameKind.Settled);
    writer.write(id);
    writer.write(source);
    outgoing.push(taker);
  }
}
