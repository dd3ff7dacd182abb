/** Monitors and links (semantics section 3). */
import { linkedFailed, monitorExists, notOneself } from '../catalogue.ts';
import type { TroupeError } from '../errors.ts';
import { type ExitResult, ProcessEventKind } from '../machine.ts';
import type { Process } from '../scheduler/process.ts';
import { answerExec } from './commands.ts';
import { linkSignal, monitorSignal, unlinkSignal, unmonitorSignal } from './signal.ts';
import { kill, pushEvent } from './stop.ts';

export function monitorProcess(process: Process, dest: string): TroupeError | undefined {
  const scheduler = process.linked.scheduler;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string') return pid;
  if (pid === process.pid) return notOneself('monitor');
  if (process.extras?.watching?.has(pid)) return monitorExists(pid);
  const error = scheduler.signalTo(pid, monitorSignal(process.pid, -1));
  if (error === undefined) noteWatching(process, pid);
  return error;
}

export function noteWatching(process: Process, pid: string): void {
  const rare = process.rare;
  if (rare.watching === undefined) rare.watching = new Set();
  rare.watching.add(pid);
}

export function unmonitorProcess(process: Process, dest: string): undefined {
  const scheduler = process.linked.scheduler;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string' || !process.extras?.watching?.delete(pid)) return;
  scheduler.notify(pid, unmonitorSignal(process.pid, -1));
}

export function linkProcesses(process: Process, dest: string): TroupeError | undefined {
  const scheduler = process.linked.scheduler;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string') return pid;
  if (pid === process.pid) return notOneself('link');
  if (process.extras?.links?.has(pid)) return undefined;
  const error = scheduler.signalTo(pid, linkSignal(process.pid));
  if (error === undefined) noteLink(process, pid);
  return error;
}

export function noteLink(process: Process, pid: string): void {
  const rare = process.rare;
  if (rare.links === undefined) rare.links = new Set();
  rare.links.add(pid);
}

export function unlinkProcesses(process: Process, dest: string): undefined {
  const scheduler = process.linked.scheduler;
  const pid = scheduler.locate(dest);
  if (typeof pid !== 'string' || !process.extras?.links?.delete(pid)) return;
  scheduler.notify(pid, unlinkSignal(process.pid));
}

// --- the watched and linked side ----------------------------------------------------------------------------------

export function onMonitor(process: Process, from: string, tag: number): void {
  const rare = process.rare;
  if (rare.watchers === undefined) rare.watchers = [];
  rare.watchers.push({ pid: from, tag });
}

export function onUnmonitor(process: Process, from: string, tag: number): void {
  const watchers = process.extras?.watchers;
  if (watchers === undefined) return;
  const index = watchers.findIndex(watcher => watcher.pid === from && watcher.tag === tag);
  if (index >= 0) watchers.splice(index, 1);
}

export function onExit(process: Process, from: string, tag: number, at: number, result: ExitResult): void {
  if (tag >= 0) {
    answerExec(process, tag, from, result);
    return;
  }
  // An exit that was under way when the monitor was taken back is nobody's.
  if (!process.extras?.watching?.delete(from)) return;
  pushEvent(process, { kind: ProcessEventKind.EXIT, from, at, result });
}

export function onLinkDown(process: Process, from: string, at: number, result: ExitResult): void {
  if (!process.extras?.links?.delete(from)) return;
  if (process.extras.trapLinks) pushEvent(process, { kind: ProcessEventKind.LINK_DOWN, from, at, result });
  else kill(process, linkedFailed(from, result.error));
}
