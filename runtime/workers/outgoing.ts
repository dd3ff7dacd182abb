/**
 * What this scheduler writes for the others: one frame at a time into the lane of its receiver, seen by it after
 * `publish`, or at once after `handOver`.
 */
import { PayloadWriter } from '../payload/messagepack.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { Attention } from './attention.ts';
import type { BytesExchange } from './bytes_exchange.ts';
import type { Departures, Marks } from './departures.ts';
import type { Lane } from './lane.ts';
import { Quiet } from './quiet.ts';

export const FrameKind = {
  Message: 1,
  Signal: 2,
  Spawn: 3,
  FreeSlot: 4,
  /** A process that moves; and the end of a batch of them. */
  Process: 5,
  BatchEnd: 6,
  /** See `arrivals.ts`. */
  Fence: 7,
  Passed: 8,
  Settled: 9,
  Closed: 10,
  /** See `recovery.ts`. */
  Flush: 11,
  Flushed: 12,
} as const;
export type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

/** In the first byte of a frame, beside its kind: it has Bytes or frozen values in it. */
export const SPECIAL = 0x40;
/** And: some are in shared memory that goes with it. */
export const WITH_MEMORY = 0x20;
export const KIND_BITS = 0x1f;

export class Outgoing {
  readonly attention: Attention;
  readonly quiet: Quiet;
  readonly #lanes: (Lane | undefined)[];
  readonly #writer = new PayloadWriter(1024, 'crossing');
  readonly #exchange: BytesExchange;
  readonly #departures: Departures;
  #scheduler: Scheduler | undefined;
  #hasTraffic = false;
  /** Losses that are being dealt with. */
  #suspended = 0;

  constructor(
    own: number,
    lanes: readonly (Lane | undefined)[],
    attention: Attention,
    exchange: BytesExchange,
    departures: Departures,
    taken: Marks,
  ) {
    this.#lanes = [...lanes];
    this.attention = attention;
    this.#exchange = exchange;
    this.#departures = departures;
    this.quiet = new Quiet(own, lanes, departures.marks, taken);
  }

  attach(scheduler: Scheduler): void {
    this.#scheduler = scheduler;
  }

  /** Something waits to be published. */
  get hasTraffic(): boolean {
    return this.#hasTraffic;
  }

  /** Whether so much waits for a scheduler that what can be refused is refused. */
  refuses(worker: number): boolean {
    return this.#lanes[worker]?.refusesMessages ?? true;
  }

  /** The beginning of a frame; `push` ends it. */
  begin(kind: FrameKind): PayloadWriter {
    const writer = this.#writer;
    writer.reset();
    // What may have to be taken back from a lost thread, a process on its way and all that follows it, must be in the ring:
    // what lies in the port is gone with the thread.
    writer.sharing = kind !== FrameKind.Process && this.#departures.settled;
    writer.write(kind);
    return writer;
  }

  push(worker: number): void {
    const lane = this.#lanes[worker];
    // It was lost with everything that could have read this.
    if (lane === undefined) return;
    const scheduler = this.#scheduler!;
    // What a process sends keeps it here until it was delivered (`quiet.ts`).
    if (scheduler.current !== undefined) scheduler.current.sentAt = this.quiet.epoch;
    const { bytes, shared, special } = this.#writer;
    if (special) bytes[0] |= shared.length > 0 ? SPECIAL | WITH_MEMORY : SPECIAL;
    if (shared.length > 0) {
      this.#exchange.give(worker, shared);
      // Nothing that has been given away is kept.
      shared.length = 0;
    }
    lane.push(bytes, this.#writer.length);
    this.#hasTraffic = true;
    // A step that sends very much must not wait for its own end before the reader makes room.
    if ((lane.backlog & 63) === 1) this.handOver(worker);
    // Outside of the loop nobody would publish it.
    scheduler.kick();
  }

  publish(): void {
    if (!this.#hasTraffic) return;
    this.#hasTraffic = false;
    for (let worker = 0; worker < this.#lanes.length; worker++) {
      if (this.#lanes[worker]?.dirty) this.handOver(worker);
    }
  }

  /** Let a reader see what was written for it, and have it look. */
  handOver(worker: number): void {
    const lane = this.#lanes[worker];
    if (lane === undefined) return;
    if (!lane.publish()) this.#hasTraffic = true;
    this.attention.call(worker);
  }

  /** Nothing is given away for now. */
  get keeps(): boolean {
    return this.#suspended > 0;
  }

  suspendGiving(): void {
    this.#suspended++;
  }

  resumeGiving(): void {
    this.#suspended--;
  }

  /** What a scheduler that is gone has not read. */
  unread(worker: number): Uint8Array[] {
    return [...(this.#lanes[worker]?.unread() ?? [])];
  }

  /** Whether there is a way to a scheduler. */
  reaches(worker: number): boolean {
    return this.#lanes[worker] !== undefined;
  }

  /** Another thread is at a lane's end now, or none. */
  replaceLane(worker: number, lane: Lane | undefined): void {
    this.#lanes[worker] = lane;
    this.quiet.replaceLane(worker, lane);
  }
}
