/**
 * Which path of a process runs next: the one that was interrupted, so that no program can tell; otherwise one that was
 * woken, else by turns one for which something has come from outside and one that only made room for others. So neither a
 * flood of messages nor a busy loop keeps the other kind waiting.
 */
import { pollChannel } from './channels.ts';
import { Outcome, type Path } from './path.ts';
import { PathQueue } from './path_queue.ts';
import type { LuaProcess } from './process.ts';
import { Waits } from './waits.ts';
import type { Memory } from './vm/memory.ts';

/** Positions in a list of paths. */
export interface TurnsRecord {
  /** The one whose fuel ran out, if there is one. */
  readonly interrupted: readonly number[];
  /** In the order in which they go on. */
  readonly ready: readonly number[];
  readonly yielded: readonly number[];
  /** In the order in which they began to wait. */
  readonly waiting: readonly number[];
  readonly outsideNext: boolean;
}

export class PathTurns {
  readonly waits: Waits;
  /** The path whose fuel ran out in the last step. */
  interrupted: Path | undefined = undefined;
  /** Paths that have what they waited for, or have not begun. */
  readonly ready = new PathQueue();
  /** Paths that could go on and only made room for others. */
  readonly yielded = new PathQueue();
  #outsideNext = false;

  constructor(memory: Memory) {
    this.waits = new Waits(memory);
  }

  /** Undefined where no path can go on. */
  next(process: LuaProcess): Path | undefined {
    const { interrupted, yielded } = this;
    if (interrupted !== undefined) {
      this.interrupted = undefined;
      return interrupted;
    }
    if (!this.ready.empty) return this.ready.shift();
    if (yielded.empty) return this.#takeExternal(process);
    this.#outsideNext = !this.#outsideNext;
    return (this.#outsideNext ? this.#takeExternal(process) : undefined) ?? yielded.shift();
  }

  /** The first path for which a message or a process event has come, with it in its `item`. */
  #takeExternal(process: LuaProcess): Path | undefined {
    const { external, sole } = this.waits;
    if (sole !== undefined) {
      const item = pollChannel(process, sole.channel);
      if (item === undefined) return undefined;
      sole.item = item;
      sole.chosen = 0;
      sole.outcome = Outcome.Item;
      this.waits.remove(sole);
      return sole;
    }
    for (let i = 0; i < external.length; i++) {
      const path = external[i];
      const { channels, sends } = path;
      for (let k = 0; k < channels.length; k++) {
        if (sends?.[k]) continue;
        const item = pollChannel(process, channels[k]);
        if (item === undefined) continue;
        path.item = item;
        path.chosen = k;
        path.channel = channels[k];
        path.outcome = Outcome.Item;
        this.waits.remove(path);
        return path;
      }
    }
    return undefined;
  }

  /** All paths, `main` first, and where they stand. */
  record(main: Path): { readonly paths: readonly Path[]; readonly turns: TurnsRecord } {
    const ready = this.ready.paths;
    const yielded = this.yielded.paths;
    const waiting = this.waits.paths;
    const interrupted = this.interrupted === undefined ? [] : [this.interrupted];
    const paths = [...new Set([main, ...interrupted, ...ready, ...yielded, ...waiting])];
    const positions = (of: readonly Path[]) => of.map(path => paths.indexOf(path));
    return {
      paths,
      turns: {
        interrupted: positions(interrupted),
        ready: positions(ready),
        yielded: positions(yielded),
        waiting: positions(waiting),
        outsideNext: this.#outsideNext,
      },
    };
  }

  /** Into turns that have none yet. */
  restore(record: TurnsRecord, paths: readonly Path[]): void {
    for (const at of record.interrupted) this.interrupted = paths[at];
    for (const at of record.ready) this.ready.push(paths[at]);
    for (const at of record.yielded) this.yielded.push(paths[at]);
    for (const at of record.waiting) this.waits.add(paths[at]);
    this.#outsideNext = record.outsideNext;
  }
}
