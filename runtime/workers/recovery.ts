/**
 * What the other schedulers do when one is lost, with its thread and all that was in its memory. The main thread leads
 * (`losses.ts`):
 *
 *  1. `sever`: each takes in what the lost one had published for it, takes back the processes that it had sent there and
 *     that had not arrived, and forgets the way there. Nothing moves until all is over.
 *  2. When all have done so, the main thread declares dead whoever lived there: names are free, PIDs name nobody.
 *  3. `settle`: each tells its own processes of the ends that concern them. Who watched a process of the lost scheduler
 *     has it on a list, but an end that was told properly may still be under way from where it happened: so each first
 *     notes which of those on the lists are dead, and asks the others for an answer, which comes behind everything that
 *     they had sent. Whoever is on a list then still was lost.
 */
import { orphaned } from '../lifecycle/commands.ts';
import { exitSignal, linkDownSignal } from '../lifecycle/signal.ts';
import { applySignal } from '../lifecycle/signals_applied.ts';
import type { TroupeError } from '../errors.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { FrameKind, type Outgoing } from './outgoing.ts';

/** A relation of a process here with one that is dead. */
interface Broken {
  readonly process: Process;
  readonly pid: string;
  /** What it is to the process: watched or linked by it, the child of its command `tag`, or the caller that waits for it. */
  readonly relation: 'watched' | 'linked' | 'child' | 'caller';
  readonly tag: number;
}

interface Settling {
  readonly error: TroupeError;
  readonly broken: readonly Broken[];
  /** Schedulers whose answer is still to come. */
  readonly awaited: Set<number>;
  readonly done: () => void;
}

export class Recovery {
  readonly #scheduler: Scheduler;
  readonly #outgoing: Outgoing;
  readonly #schedulers: number;
  readonly #settling = new Map<number, Settling>();
  #next = 0;

  constructor(scheduler: Scheduler, outgoing: Outgoing, schedulers: number) {
    this.#scheduler = scheduler;
    this.#outgoing = outgoing;
    this.#schedulers = schedulers;
  }

  /** Tell the processes here of the ends that nobody else tells them; `done` when that has happened. */
  settle(error: TroupeError, done: () => void): void {
    const id = ++this.#next;
    const awaited = new Set<number>();
    const broken = [...this.#broken()];
    for (let scheduler = 0; scheduler < this.#schedulers; scheduler++) {
      if (!this.#outgoing.reaches(scheduler)) continue;
      awaited.add(scheduler);
      this.#outgoing.begin(FrameKind.Flush).write(id);
      this.#outgoing.push(scheduler);
    }
    this.#settling.set(id, { error, broken, awaited, done });
    this.#finishIfAnswered(id);
  }

  /** Somebody asks for an answer behind everything that was sent to it. */
  flush(from: number, id: number): void {
    this.#outgoing.begin(FrameKind.Flushed).write(id);
    this.#outgoing.push(from);
  }

  flushed(from: number, id: number): void {
    this.#settling.get(id)?.awaited.delete(from);
    this.#finishIfAnswered(id);
  }

  /** One that was asked was lost itself. */
  lost(scheduler: number): void {
    for (const id of [...this.#settling.keys()]) this.flushed(scheduler, id);
  }

  #finishIfAnswered(id: number): void {
    const settling = this.#settling.get(id);
    if (settling === undefined || settling.awaited.size > 0) return;
    this.#settling.delete(id);
    for (const broken of settling.broken) this.#tell(broken, settling.error);
    settling.done();
    this.#scheduler.kick();
  }

  *#broken(): Generator<Broken> {
    const isDead = (pid: string): boolean => typeof this.#scheduler.locate(pid) !== 'string';
    for (const process of this.#scheduler.table.all()) {
      const { extras } = process;
      if (extras === undefined) continue;
      for (const pid of extras.watching ?? []) {
        if (isDead(pid)) yield { process, pid, relation: 'watched', tag: -1 };
      }
      for (const pid of extras.links ?? []) {
        if (isDead(pid)) yield { process, pid, relation: 'linked', tag: -1 };
      }
      for (const [tag, { child }] of extras.commands ?? []) {
        if (child !== undefined && isDead(child)) yield { process, pid: child, relation: 'child', tag };
      }
      for (const { pid, tag } of extras.watchers ?? []) {
        if (tag >= 0 && isDead(pid)) yield { process, pid, relation: 'caller', tag };
      }
    }
  }

  /** Those that were told meanwhile have taken the relation from their lists, and nothing happens. */
  #tell({ process, pid, relation, tag }: Broken, error: TroupeError): void {
    if (process.state === ProcessState.Dead) return;
    const at = this.#scheduler.clock.unix() / 1000;
    switch (relation) {
      case 'linked':
        applySignal(process, linkDownSignal(pid, at, { error }));
        return;
      case 'caller':
        orphaned(process, pid, tag);
        return;
      default:
        applySignal(process, exitSignal(pid, tag, at, { error }));
    }
  }
}
