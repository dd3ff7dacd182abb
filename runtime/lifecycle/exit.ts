/**
 * How a process ends (semantics section 3). Order: no longer reachable -> names released -> EXIT to monitors ->
 * LINK_DOWN to links (abnormal only) -> close().
 *
 * One end can cause others (links). They are settled one after the other, not nested, so that a chain of a hundred
 * thousand linked processes needs no stack and each end is complete before the next begins.
 */
import type { ExitResult } from '../machine.ts';
import { copyOfError, copyPayload } from '../payload/copy.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { dropCommands } from './commands.ts';
import { exitSignal, linkDownSignal, linkGoneSignal } from './signal.ts';

interface Ending {
  readonly process: Process;
  readonly result: ExitResult;
}

const endings = new WeakMap<Scheduler, { queue: Ending[]; settling: boolean }>();

/** End a live process. Nothing reaches it any more when this returns; everybody concerned is told in order. */
export function endProcess(process: Process, result: ExitResult): void {
  if (process.state === ProcessState.Dead) return;
  process.state = ProcessState.Dead;
  const { linked } = process;
  const scheduler = linked.scheduler;
  const extras = process.extras;
  // A process with no relations, the most frequent kind, ends here without further ado.
  if (
    extras === undefined ||
    (extras.names === undefined && extras.watchers === undefined && extras.links === undefined)
  ) {
    if (result.error !== undefined) scheduler.onCrash?.(process.pid, linked.entry.id, result.error, linked.revision);
    leave(scheduler, process, result);
    finish(process);
    return;
  }
  // The PID's text is needed below, and spelled out while the process still has its place.
  const pid = process.pid;
  if (result.error !== undefined) scheduler.onCrash?.(pid, linked.entry.id, result.error, linked.revision);
  leave(scheduler, process, result);
  if (extras.names !== undefined) for (const name of extras.names) scheduler.names.release(name, pid);
  let pending = endings.get(scheduler);
  if (pending === undefined) {
    pending = { queue: [], settling: false };
    endings.set(scheduler, pending);
  }
  pending.queue.push({ process, result });
  if (!pending.settling) settleEndings(scheduler);
}

/** From now on nobody can reach it. */
function leave(scheduler: Scheduler, process: Process, result: ExitResult): void {
  const { outbound } = scheduler;
  if (outbound !== undefined) {
    scheduler.table.remember(process, result);
    outbound.retire(process);
  }
  scheduler.table.remove(process);
  scheduler.counters.leave(process.linked.host.index);
}

/** Tell everybody about the ends that have not been told yet. */
export function settleEndings(scheduler: Scheduler): void {
  const pending = endings.get(scheduler);
  if (pending === undefined || pending.settling) return;
  pending.settling = true;
  try {
    for (let i = 0; i < pending.queue.length; i++) settle(scheduler, pending.queue[i]);
  } finally {
    pending.queue.length = 0;
    pending.settling = false;
  }
}

function settle(scheduler: Scheduler, ending: Ending): void {
  const { process, result } = ending;
  const extras = process.extras!;
  const pid = process.pid;
  const at = scheduler.clock.unix() / 1000;
  if (extras.watchers !== undefined) {
    for (const watcher of extras.watchers) {
      scheduler.notify(watcher.pid, exitSignal(pid, watcher.tag, at, privateResult(result)));
    }
  }
  if (extras.links !== undefined) {
    for (const link of extras.links) {
      if (result.error === undefined) scheduler.notify(link, linkGoneSignal(pid));
      else scheduler.notify(link, linkDownSignal(pid, at, privateResult(result)));
    }
  }
  finish(process);
}

/** Everybody who is told of an end gets a result of their own: processes never share an object. */
function privateResult(result: ExitResult): ExitResult {
  // Its details may hold what cannot be sent. An end must be told all the same.
  if (result.error !== undefined) return { error: copyOfError(result.error) };
  const value = result.value;
  return { value: typeof value === 'object' && value !== null ? copyPayload(value, 'result') : value };
}

/** The last part: what it left unfinished, what it opened, its machine. */
function finish(process: Process): void {
  const extras = process.extras;
  if (extras !== undefined) {
    dropCommands(process);
    if (extras.releases !== undefined) {
      for (const release of extras.releases) {
        try {
          release();
        } catch {
          // A release that fails has nobody left to tell; the others must still run.
        }
      }
    }
  }
  const image = extras?.image;
  if (image !== undefined) {
    try {
      process.linked.program.discard?.(image);
    } catch {
      // What is damaged cannot be given back.
    }
  }
  const machine = process.machine;
  process.machine = undefined;
  process.args = undefined;
  process.first = undefined;
  process.more = undefined;
  process.extras = undefined;
  // The dead must not keep one another alive.
  process.lastTarget = undefined;
  if (machine !== undefined) {
    try {
      machine.close();
    } catch {
      // `close` must not throw; a machine that does so has still been told to let go.
    }
  }
}
