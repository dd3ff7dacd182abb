/**
 * How processes move from one scheduler to another: the taker's half, and the whole protocol.
 *
 * What must hold: what one process sends to another arrives in the order in which it was sent, and once, whichever of
 * the two moves meanwhile, and nobody waits for anybody.
 *
 *  1. The giver packs processes between two steps, all of a batch for one taker, and notes where they went
 *     (`Departures`). What still comes for them it forwards to the taker. The directory still names the giver.
 *  2. The taker puts each in its table and enters itself in the directory: from now on others send here directly. What
 *     comes by the giver is delivered; what comes from another source directly is held, because something that the same
 *     source sent earlier may still be on its way through the giver.
 *  3. With the batch complete the taker sends each other scheduler a Fence. That scheduler, which by then sees the
 *     directory's new entry, answers with Passed to the giver: behind everything that it has sent there before. The
 *     taker does so itself, and on behalf of schedulers that rest, which have nothing under way.
 *  4. For each Passed the giver, which has forwarded all that came before it, sends Settled to the taker; with the last
 *     one it forgets the batch. The taker delivers what it holds from that source, and with the last one answers Closed.
 *
 * A process is not moved on before its batch is closed here, so there is one way round at most. A process is not given
 * away while something that it sent is under way or held (`quiet.ts`), so neither end of a pair can be overtaken.
 */
import { Arriving, ArrivingBatch, type Held } from '../scheduler/arriving.ts';
import type { Process } from '../scheduler/process.ts';
import type { Marks } from './departures.ts';
import { FrameKind, type Outgoing } from './outgoing.ts';

interface Receiver {
  /** Takes what was held, also where the process has ended meanwhile. */
  deliver(process: Process, held: Held): void;
  /** Nothing comes for a process the old way any more. */
  settled(process: Process): void;
}

export class Arrivals {
  readonly #own: number;
  readonly #schedulers: number;
  readonly #outgoing: Outgoing;
  readonly #receiver: Receiver;
  readonly #marks: Marks;
  /** The same in the order in which they were opened. */
  readonly #open = new Map<ArrivingBatch, number>();
  #next: number;
  /** By giver, then by number; between the first process and Closed. */
  readonly #batches: Map<number, ArrivingBatch>[];
  /** Schedulers that were lost and not replaced yet: nothing of theirs is under way. */
  readonly #gone = new Set<number>();

  constructor(own: number, schedulers: number, marks: Marks, outgoing: Outgoing, receiver: Receiver) {
    this.#marks = marks;
    this.#next = marks.next(own);
    marks.setOldestOpen(own, this.#next);
    this.#own = own;
    this.#schedulers = schedulers;
    this.#outgoing = outgoing;
    this.#receiver = receiver;
    this.#batches = Array.from({ length: schedulers }, () => new Map());
  }

  /** A process of a batch is in the table, and the directory says so. */
  arrived(giver: number, id: number, process: Process): void {
    const batch = this.batch(giver, id);
    batch.processes.push(process);
    process.rare.arriving = new Arriving(batch);
  }

  /** The batch of that number, which a first process opens. */
  batch(giver: number, id: number): ArrivingBatch {
    let batch = this.#batches[giver].get(id);
    if (batch === undefined) {
      batch = new ArrivingBatch(giver, id, this.#schedulers);
      for (const scheduler of this.#gone) batch.settle(scheduler);
      this.#batches[giver].set(id, batch);
      this.#open.set(batch, this.#next);
      this.#next = (this.#next + 1) | 0;
      this.#marks.setNext(this.#own, this.#next);
    }
    return batch;
  }

  /** All of a batch are here: ask everybody to say that nothing comes the old way any more. */
  complete(giver: number, id: number): void {
    this.batch(giver, id);
    for (let scheduler = 0; scheduler < this.#schedulers; scheduler++) {
      if (scheduler === giver) continue;
      if (scheduler === this.#own || this.#outgoing.attention.rests(scheduler)) this.#passed(giver, id, scheduler);
      else {
        const writer = this.#outgoing.begin(FrameKind.Fence);
        writer.write(giver);
        writer.write(id);
        this.#outgoing.push(scheduler);
      }
    }
  }

  #passed(giver: number, id: number, source: number): void {
    const writer = this.#outgoing.begin(FrameKind.Passed);
    writer.write(id);
    writer.write(source);
    writer.write(this.#own);
    this.#outgoing.push(giver);
  }

  /** The giver says that nothing comes from `source` through it any more. */
  settled(giver: number, id: number, source: number): void {
    const batch = this.#batches[giver].get(id);
    if (batch === undefined) return;
    this.#settle(batch, source);
    if (!batch.settled) return;
    this.#close(batch);
    const writer = this.#outgoing.begin(FrameKind.Closed);
    writer.write(id);
    this.#outgoing.push(giver);
  }

  #settle(batch: ArrivingBatch, source: number): void {
    batch.settle(source);
    for (const process of batch.processes) {
      for (const held of process.extras?.arriving?.release(source) ?? []) this.#receiver.deliver(process, held);
    }
  }

  #close(batch: ArrivingBatch): void {
    this.#batches[batch.giver].delete(batch.id);
    this.#open.delete(batch);
    const oldest = this.#open.values().next();
    this.#marks.setOldestOpen(this.#own, oldest.done ? this.#next : oldest.value);
    for (const process of batch.processes) {
      const { extras } = process;
      if (extras === undefined || extras.arriving?.batch !== batch) continue;
      extras.arriving = undefined;
      this.#receiver.settled(process);
    }
  }

  /** A scheduler was lost: nothing comes through it, and nothing from it, any more. */
  lost(scheduler: number): void {
    this.#gone.add(scheduler);
    for (const batch of [...this.#batches[scheduler].values()]) {
      for (let source = 0; source < this.#schedulers; source++) this.#settle(batch, source);
      this.#close(batch);
    }
    for (const batches of this.#batches) {
      for (const batch of [...batches.values()]) this.settled(batch.giver, batch.id, scheduler);
    }
  }

  replaced(scheduler: number): void {
    this.#gone.delete(scheduler);
  }
}
