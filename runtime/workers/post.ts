/**
 * The way between schedulers: one ring of shared memory for each ordered pair. Frames of one pair arrive in the order
 * in which they were handed over, so messages, signals and spawns from one process to another keep their order; also
 * where one of the two moves (`arrivals.ts`).
 *
 * A ring that is full never blocks its writer (two full rings would wait for each other): frames wait in a backlog of
 * the writer, and what can be refused is refused (RATE_LIMITED) once the backlog is long: messages, spawns, new monitors
 * and links. Ends, answers and what moves processes are never refused; there are no more of them than processes.
 */
import type { MessagePort } from 'node:worker_threads';
import { mailboxFull, ringFull, workerGone } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { type Signal, SignalKind } from '../lifecycle/signal.ts';
import type { Payload } from '../machine.ts';
import { Message } from '../message.ts';
import { Packed } from '../payload/payload.ts';
import { formatPid, generationOf, hostOfPid, parsePid, pidPrefix, SLOT_MASK } from '../pid.ts';
import type { FarSpawn, Outbound, Placed, Sender } from '../scheduler/outbound.ts';
import type { Process } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { type Attention, STRIDE } from './attention.ts';
import type { BytesExchange } from './bytes_exchange.ts';
import { Departures, Marks } from './departures.ts';
import { Hunger } from './hunger.ts';
import type { Lane } from './lane.ts';
import { FrameKind, Outgoing } from './outgoing.ts';
import { writeProcess } from './process_record.ts';
import { Reception } from './reception.ts';
import type { RingReader } from './ring.ts';
import { Directory, Load, type SharedMemory } from './shared_state.ts';

/** Rounds of looking at the rings before a scheduler with nothing to do goes to rest. */
const LINGER_ROUNDS = 100;
/** Frames of one scheduler that are taken in before processes have their turn again: a flood must not keep them from it. */
const FRAMES_PER_LOOK = 512;
/** A scheduler keeps its own spawns unless another one has so many processes less. */
const IMBALANCE = 1024;

export interface PostOptions {
  readonly index: number;
  readonly memory: SharedMemory;
  readonly lanes: readonly (Lane | undefined)[];
  readonly readers: readonly (RingReader | undefined)[];
  readonly attention: Attention;
  readonly exchange: BytesExchange;
  readonly placement: 'least-loaded' | 'round-robin';
}

export class Post implements Outbound {
  readonly attention: Int32Array;
  readonly attentionAt: number;
  readonly stepping: Int32Array;
  readonly steppingAt: number;
  readonly #index: number;
  readonly #schedulers: number;
  readonly #placement: PostOptions['placement'];
  readonly #directory: Directory;
  readonly #load: Load;
  readonly #full: Uint8Array;
  readonly #calls: Attention;
  readonly #hunger: Hunger;
  readonly #departures: Departures;
  readonly #outgoing: Outgoing;
  readonly #reception: Reception;
  readonly #exchange: BytesExchange;
  readonly #readers: (RingReader | undefined)[];
  /** Live PIDs elsewhere, as text; checked against the directory at each use. */
  readonly #far = new Map<string, number>();
  readonly #hostPrefixes: string[] = [];
  readonly #whenSettled: (() => void)[] = [];
  #scheduler: Scheduler | undefined;
  #turn = 0;
  #places = 0;
  /** It has said that it rests. */
  #rests = false;

  constructor(options: PostOptions) {
    const { index, memory } = options;
    this.#index = index;
    this.#schedulers = memory.schedulers;
    this.#placement = options.placement;
    this.#directory = new Directory(memory);
    this.#load = new Load(memory);
    this.#full = new Uint8Array(memory.full);
    this.#calls = options.attention;
    this.attention = this.#calls.words;
    this.attentionAt = this.#calls.at;
    this.#hunger = new Hunger(memory.hunger, index);
    this.#departures = new Departures(memory.departures, index, memory.schedulers);
    this.#exchange = options.exchange;
    const taken = new Marks(memory.arrivals);
    this.#outgoing = new Outgoing(index, options.lanes, this.#calls, this.#exchange, this.#departures, taken);
    this.#readers = [...options.readers];
    this.stepping = new Int32Array(memory.beats);
    this.steppingAt = index * STRIDE;
    this.#reception = new Reception({
      index,
      schedulers: memory.schedulers,
      directory: this.#directory,
      load: this.#load,
      full: this.#full,
      hunger: this.#hunger,
      departures: this.#departures,
      taken,
      outgoing: this.#outgoing,
      exchange: this.#exchange,
      hostPrefixes: this.#hostPrefixes,
      drain: scheduler => this.#drain(scheduler),
    });
    for (const [scheduler, lane] of options.lanes.entries()) {
      if (scheduler === index || lane !== undefined) continue;
      // It was lost together with the one whose place this is, and was not replaced yet.
      this.#departures.lost(scheduler);
      this.#reception.arrivals.lost(scheduler);
    }
  }

  /** Must be called once before anything is sent or taken in. */
  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
    this.#outgoing.attach(scheduler);
    this.#reception.attach(scheduler);
    this.knowHosts();
  }

  knowHosts(): void {
    for (const host of this.#scheduler!.deployed.hosts.values()) this.#hostPrefixes[host.index] = pidPrefix(host.id);
  }

  // --- the directory --------------------------------------------------------------------------------------------

  whereIs(pid: string): Placed | undefined {
    // Who acts after a rest must not be taken for resting: it may send where a process was when it looked.
    if (this.#rests) this.#wakeUp();
    const known = this.#far.get(pid);
    const number = known ?? parsePid(pid);
    if (number < 0) return undefined;
    const worker = this.#workerOf(number);
    if (worker < 0) return undefined;
    if (known === undefined) {
      // A PID must be written exactly as it was given out: the host is part of it.
      const prefix = this.#hostPrefixes[this.#directory.hostOf(number)];
      if (formatPid(prefix, number & SLOT_MASK, generationOf(number)) !== pid) return undefined;
      if (this.#far.size > 20_000) this.#far.clear();
      this.#far.set(pid, number);
    }
    return { number, worker };
  }

  /** Where to send what is for a live number: one that has just left this scheduler is on its way to the taker. */
  #workerOf(number: number): number {
    const worker = this.#directory.whereIs(number);
    if (worker !== this.#index) return worker;
    const taker = this.#departures.takerOf(number);
    return taker < 0 ? worker : taker;
  }

  announce(number: number, worker: number, host: { readonly index: number }): void {
    this.#full[number & SLOT_MASK] = 0;
    this.#directory.announce(number, worker, host.index);
    this.#load.came(worker);
  }

  retract(number: number, worker: number): void {
    this.#directory.retire(number);
    this.#load.left(worker);
  }

  retire(process: Process): void {
    this.#directory.retire(process.number);
    this.#load.left(this.#index);
    const arriving = process.extras?.arriving;
    if (arriving !== undefined) this.#reception.refuseHeld(process.number, arriving);
  }

  // --- when a scheduler is lost ---------------------------------------------------------------------------------

  /**
   * A scheduler is gone: take in what it had published, and back what had not arrived there. Answers the numbers of
   * processes that were under way, there or to here, and cannot be read any more: nobody has them now.
   */
  sever(lost: number): number[] {
    this.#outgoing.suspendGiving();
    this.#drain(lost);
    this.#readers[lost] = undefined;
    const unread = this.#outgoing.unread(lost);
    this.#outgoing.replaceLane(lost, undefined);
    this.#calls.setPort(lost, undefined);
    this.#exchange.setPort(lost, undefined);
    const underWay = this.#departures.lost(lost);
    const rescued = this.#reception.takeBack(unread);
    this.#reception.arrivals.lost(lost);
    this.#reception.recovery.lost(lost);
    this.#scheduler!.kick();
    const nobodys = new Set(
      underWay.filter(number => !rescued.has(number) && this.#directory.whereIs(number) === this.#index),
    );
    // Spawns that it had announced and not handed over.
    for (const number of this.#directory.dealtBy(lost, this.#index, this.#schedulers)) {
      if (!this.#isHere(number)) nobodys.add(number);
    }
    return [...nobodys];
  }

  /** Whether a live number that belongs here has its process here, or has passed it on. */
  #isHere(number: number): boolean {
    return this.#scheduler!.table.byNumber(number) !== undefined || this.#departures.takerOf(number) >= 0;
  }

  /** Call back when everything that was given away has arrived, so that no process is between two schedulers. */
  whenSettled(settled: () => void): void {
    if (this.#departures.settled) settled();
    else this.#whenSettled.push(settled);
  }

  /** Tell the processes here of ends that were lost with a scheduler; giving goes on after that. */
  settle(error: TroupeError, done: () => void): void {
    this.#reception.dropEarly();
    this.#reception.recovery.settle(error, () => {
      this.#outgoing.resumeGiving();
      done();
    });
  }

  /** Another thread is the scheduler now that was lost. */
  rejoin(scheduler: number, lane: Lane, reader: RingReader, port: MessagePort, bytesPort: MessagePort): void {
    this.#outgoing.replaceLane(scheduler, lane);
    this.#readers[scheduler] = reader;
    this.#departures.replaced(scheduler);
    this.#reception.arrivals.replaced(scheduler);
    this.#calls.setPort(scheduler, port);
    this.#exchange.setPort(scheduler, bytesPort);
    port.on('message', () => this.#scheduler!.run());
  }

  /** A process was lost with its thread: its number is free for whoever deals it out. */
  free(number: number): void {
    const slot = number & SLOT_MASK;
    const home = slot % this.#schedulers;
    if (home === this.#index) this.#scheduler!.table.release(slot, generationOf(number));
    else this.freeSlot(home, number);
  }

  place(host: { readonly pinned: boolean; readonly workers: number }): number {
    if (host.pinned) return 0;
    const load = this.#load;
    const last = this.#lastOf(host);
    if (this.#placement === 'round-robin') {
      // Never where the spawner is, if there is anywhere else: it is for crossing threads.
      for (let tries = 0; tries < last; tries++) {
        const next = (this.#places++ % last) + 1;
        if (last === 1 || (next !== this.#index && !this.#outgoing.refuses(next))) return next;
      }
    }
    const own = this.#index;
    let best = own >= 1 && own <= last ? own : -1;
    let least = best < 0 ? Number.POSITIVE_INFINITY : load.live(own) - IMBALANCE;
    for (let worker = 1; worker <= last; worker++) {
      if (worker === own || load.live(worker) >= least || this.#outgoing.refuses(worker)) continue;
      best = worker;
      least = load.live(worker);
    }
    // All are full or gone: the caller is told so.
    return best < 0 ? 1 : best;
  }

  /** The last scheduler that runs processes of a host. */
  #lastOf(host: { readonly workers: number }): number {
    const all = this.#schedulers - 1;
    return host.workers > 0 ? Math.min(host.workers, all) : all;
  }

  // --- sending --------------------------------------------------------------------------------------------------

  message(
    to: Placed,
    pid: string,
    sender: Sender,
    topic: string,
    payload: Payload | Packed,
    count: number,
  ): TroupeError | undefined {
    if (to.worker === this.#index) {
      const { mailbox } = this.#scheduler!.deployed.hosts.get(hostOfPid(pid))!;
      if (this.#reception.early(to.number) >= mailbox) return mailboxFull(pid, mailbox);
      this.#reception.keep(to.number, { source: this.#index, message: new Message(topic, sender, payload, count) });
      return undefined;
    }
    const refusal = this.refusal(to.worker);
    if (refusal !== undefined) return refusal;
    if (this.#full[to.number & SLOT_MASK] === 1) return mailboxFull(pid);
    const writer = this.#outgoing.begin(FrameKind.Message);
    writer.write(to.number);
    writer.write(sender.linked.host.index);
    writer.write(sender.number);
    writer.write(topic);
    writer.write(count);
    if (payload instanceof Packed) writer.raw(payload.bytes);
    else writer.write(payload);
    this.#outgoing.push(to.worker);
    return undefined;
  }

  signal(to: Placed, signal: Signal): TroupeError | undefined {
    if (to.worker === this.#index) {
      this.#reception.keep(to.number, { source: this.#index, signal });
      return undefined;
    }
    const refusable =
      signal.kind === SignalKind.Monitor || signal.kind === SignalKind.Link || signal.kind === SignalKind.Cancel;
    const refusal = refusable ? this.refusal(to.worker) : undefined;
    if (refusal !== undefined) return refusal;
    this.#reception.sendSignal(to.worker, to.number, signal);
    return undefined;
  }

  spawn(worker: number, spawn: FarSpawn): void {
    const { request } = spawn;
    const writer = this.#outgoing.begin(FrameKind.Spawn);
    writer.write(spawn.number);
    writer.write(spawn.entry);
    writer.write(spawn.revision);
    writer.write(spawn.host);
    writer.write(spawn.parent);
    writer.write(spawn.tag);
    writer.write((request.monitor ? 1 : 0) | (request.link ? 2 : 0) | (request.announce ? 4 : 0));
    writer.write(request.name);
    writer.write(request.method);
    writer.write(request.args as Payload[] | undefined);
    writer.write(request.messages?.map(({ topic, payloads }) => [topic, payloads]));
    writer.write(spawn.inherited.context);
    this.#outgoing.push(worker);
  }

  refusal(worker: number): TroupeError | undefined {
    if (!this.#outgoing.refuses(worker)) return undefined;
    return this.#outgoing.reaches(worker) ? ringFull(worker) : workerGone(worker);
  }

  freeSlot(worker: number, number: number): void {
    this.#outgoing.begin(FrameKind.FreeSlot).write(number);
    this.#outgoing.push(worker);
  }

  reopen(process: Process): void {
    this.#full[process.number & SLOT_MASK] = 0;
  }

  // --- giving processes away ------------------------------------------------------------------------------------

  hungry(): number {
    if (!this.#hunger.any || this.#outgoing.keeps) return -1;
    for (let scheduler = 1; scheduler < this.#schedulers; scheduler++) {
      if (scheduler !== this.#index && this.#hunger.isHungry(scheduler) && !this.#outgoing.refuses(scheduler)) {
        return scheduler;
      }
    }
    return -1;
  }

  mayRunOn(host: { readonly pinned: boolean; readonly workers: number }, scheduler: number): boolean {
    return !host.pinned && scheduler <= this.#lastOf(host);
  }

  get keeps(): boolean {
    return this.#outgoing.keeps;
  }

  claim(scheduler: number): boolean {
    return this.#hunger.claim(scheduler);
  }

  unclaim(scheduler: number): void {
    this.#hunger.unclaim(scheduler);
  }

  sends(process: Process): void {
    process.sentAt = this.#outgoing.quiet.epoch;
  }

  quietEpoch(): number {
    return this.#outgoing.quiet.look();
  }

  give(processes: readonly Process[], taker: number): Process[] {
    const { table, clock } = this.#scheduler!;
    const now = clock.now();
    const kept: Process[] = [];
    const gone: Process[] = [];
    const id = this.#departures.begin(
      taker,
      processes.map(process => process.number),
    );
    for (const process of processes) {
      const writer = this.#outgoing.begin(FrameKind.Process);
      writer.write(id);
      try {
        writeProcess(writer, process, now);
      } catch {
        // Something of it cannot be packed, so it stays.
        kept.push(process);
        continue;
      }
      this.#outgoing.push(taker);
      table.detach(process);
      this.#load.left(this.#index);
      gone.push(process);
    }
    this.#departures.stay(
      id,
      kept.map(process => process.number),
    );
    this.#outgoing.begin(FrameKind.BatchEnd).write(id);
    this.#outgoing.push(taker);
    for (const process of gone) this.#scheduler!.departed(process);
    this.#outgoing.handOver(taker);
    return kept;
  }

  publish(): void {
    this.#load.setRunnable(this.#index, this.#scheduler!.runnable);
    this.#outgoing.publish();
  }

  // --- taking in ------------------------------------------------------------------------------------------------

  exchange(): void {
    this.#rests = false;
    this.#calls.listen();
    const readers = this.#readers;
    // Each time another ring goes first, so that a flood from one scheduler does not delay the others.
    const first = ++this.#turn;
    for (let i = 0; i < readers.length; i++) this.#drain((first + i) % readers.length, FRAMES_PER_LOOK);
    if (this.#whenSettled.length > 0 && this.#departures.settled)
      for (const settled of this.#whenSettled.splice(0)) settled();
    if (this.#scheduler!.runnable > 0 && this.#hunger.isHungry(this.#index)) this.#hunger.withdraw();
  }

  /** Take in everything that a scheduler has published, or so many frames of it. */
  #drain(scheduler: number, most = Number.POSITIVE_INFINITY): void {
    const reader = this.#readers[scheduler];
    if (reader === undefined) return;
    for (let left = most; left > 0 && reader.read(); left--) {
      try {
        this.#reception.take(scheduler, reader.bytes, reader.offset, reader.length);
      } catch {
        // A frame that cannot be understood stops nobody: the next one begins where the ring says.
        this.#scheduler!.deadLetters++;
      }
    }
    reader.release();
  }

  linger(): boolean {
    // The main thread runs what must be there, and what embeds the runtime; it takes nothing from others.
    if (this.#index > 0 && this.#hunger.post()) this.#askBusiest();
    for (let round = 0; round < LINGER_ROUNDS; round++) if (this.hasFrames()) return true;
    return false;
  }

  /** Whoever has most to do looks at the board now, and not at its next look. */
  #askBusiest(): void {
    let busiest = -1;
    let most = 1;
    for (let scheduler = 1; scheduler < this.#schedulers; scheduler++) {
      const runnable = scheduler === this.#index ? 0 : this.#load.runnable(scheduler);
      if (runnable > most) {
        most = runnable;
        busiest = scheduler;
      }
    }
    if (busiest >= 0 && !this.#calls.rests(busiest)) this.#calls.call(busiest);
  }

  sleep(): boolean {
    // A look may have left something, and whoever wrote that does not call again.
    if (this.#outgoing.hasTraffic || this.hasFrames() || !this.#calls.rest()) return false;
    this.#rests = true;
    return true;
  }

  #wakeUp(): void {
    this.#rests = false;
    this.#calls.wakeUp();
    this.#scheduler!.kick();
  }

  /** Whether others have published anything that was not taken in. */
  hasFrames(): boolean {
    for (const reader of this.#readers) if (reader?.hasFrame) return true;
    return false;
  }
}
