/** What can be said of a process from outside: plain data of bounded size, made on the thread where it lives. */
import type { Command } from '../lifecycle/commands.ts';
import { formatPid } from '../pid.ts';
import { type Process, ProcessState } from '../scheduler/process.ts';
import { actorIn, scopeIn, withoutIdentity } from '../security/identity.ts';
import { abridged, type Plain } from './abridged.ts';

export type ShownState = 'new' | 'idle' | 'blocked' | 'queued' | 'running' | 'ended';

/** One line of `troupe ps`. */
export interface ProcessRow {
  readonly pid: string;
  /** Registry id of the entry that runs. */
  readonly entry: string;
  /** Of the entry: `process.lua`. */
  readonly kind: string;
  readonly host: string;
  /** Index of the scheduler; 0 is the main thread. */
  readonly thread: number;
  readonly state: ShownState;
  /** Messages that wait. */
  readonly mailbox: number;
  readonly links: number;
  /** How many processes it monitors. */
  readonly monitors: number;
  /** Some of its names, sorted. */
  readonly names: readonly string[];
  /** How many it has. */
  readonly name_count: number;
}

/** The first of a number of things. */
export interface Some<T> {
  readonly count: number;
  readonly first: readonly T[];
}

export interface WaitingCommand {
  readonly tag: number;
  /** PID of the child that an `exec` waits for. */
  readonly exec?: string;
  /** Entry of that child. */
  readonly entry?: string;
  /** `fs.read_file`. */
  readonly operation?: string;
}

export interface WaitingTimer {
  readonly tag: number;
  /** Milliseconds until it fires. */
  readonly in: number;
}

export interface ProcessDetails extends Omit<ProcessRow, 'links' | 'monitors' | 'names' | 'name_count'> {
  /** Its topics that are listened on, with the messages that wait there; the others wait in the inbox. */
  readonly topics: Some<{ readonly topic: string; readonly waiting: number }>;
  readonly names: Some<string>;
  readonly links: Some<string>;
  readonly monitors: Some<string>;
  readonly monitored_by: Some<string>;
  /** Who waits for its result (`exec`, `funcs.call`). */
  readonly awaited_by: Some<string>;
  readonly trap_links: boolean;
  readonly upgradable: boolean;
  /** Undefined in each case: there is none. */
  readonly actor: Plain | undefined;
  readonly scope: readonly string[] | undefined;
  readonly context: Plain;
  /** Whether its host denies what policies guard to who has neither actor nor scope. */
  readonly strict: boolean;
  readonly trusted: boolean;
  /** What of the process model its host lets it use, and the hosts that its host lets in; undefined: all. */
  readonly operations: readonly string[] | undefined;
  readonly reachable_from: readonly string[] | undefined;
  /** Of its host; sizes in bytes, times in milliseconds. What is absent has no limit of its own. */
  readonly limits: { readonly [name: string]: number | string };
  /** Capabilities that it was linked with. */
  readonly imports: readonly string[];
  readonly commands: Some<WaitingCommand>;
  readonly timers: Some<WaitingTimer>;
}

/** Names in a row, and things in a list. */
const MOST_NAMES = 5;
const MOST_LISTED = 100;

const STATES: { readonly [state in ProcessState]: ShownState } = {
  [ProcessState.Idle]: 'idle',
  [ProcessState.Blocked]: 'blocked',
  [ProcessState.Queued]: 'queued',
  [ProcessState.Running]: 'running',
  [ProcessState.RunningWoken]: 'running',
  [ProcessState.Dead]: 'ended',
};

/** Its PID. The text is not kept: who only looks makes no process larger. */
export function shownPid({ pidText, linked, slot, generation }: Process): string {
  return pidText ?? formatPid(linked.pidPrefix, slot, generation);
}

export function rowOf(process: Process): ProcessRow {
  const { linked, extras } = process;
  return {
    pid: shownPid(process),
    entry: linked.entry.id,
    kind: linked.entry.kind,
    host: linked.host.id,
    thread: linked.scheduler.index,
    state: process.args === undefined ? STATES[process.state] : 'new',
    mailbox: process.waiting,
    links: extras?.links?.size ?? 0,
    monitors: extras?.watching?.size ?? 0,
    names: some(extras?.names, MOST_NAMES).first,
    name_count: extras?.names?.size ?? 0,
  };
}

export function detailsOf(process: Process): ProcessDetails {
  const { linked, extras, context } = process;
  const { host, scheduler, imports } = linked;
  const { pid, entry, kind, thread, state, mailbox } = rowOf(process);
  const watchers = extras?.watchers ?? [];
  const actor = actorIn(context);
  const topics = [...(extras?.listened ?? [])].map(topic => ({ topic, waiting: extras!.topics!.get(topic)!.size }));
  const now = scheduler.clock.now();
  const timers = scheduler.timers.of(process).sort((a, b) => a.when - b.when || a.tag - b.tag);
  return {
    pid,
    entry,
    kind,
    host: host.id,
    thread,
    state,
    mailbox,
    topics: cut(topics.sort((a, b) => (a.topic < b.topic ? -1 : 1))),
    names: some(extras?.names),
    links: some(extras?.links),
    monitors: some(extras?.watching),
    monitored_by: some(watchers.filter(({ tag }) => tag < 0).map(watcher => watcher.pid)),
    awaited_by: some(watchers.filter(({ tag }) => tag >= 0).map(watcher => watcher.pid)),
    ...process.options(),
    actor: actor === undefined ? undefined : abridged({ ...actor }),
    scope: scopeIn(context),
    context: abridged(withoutIdentity(context)),
    strict: host.strict,
    trusted: host.trusted,
    operations: host.operations === undefined ? undefined : [...host.operations].sort(),
    reachable_from: host.reachableFrom === undefined ? undefined : [...host.reachableFrom].sort(),
    limits: { mailbox: host.mailbox, mailbox_bytes: host.mailboxBytes, ...host.limits },
    imports: [...imports.names].sort(),
    commands: cut([...(extras?.commands ?? [])].map(commandOf)),
    timers: cut(timers.map(({ tag, when }) => ({ tag, in: Math.max(0, Math.ceil(when - now)) }))),
  };
}

function commandOf([tag, { child, id, operation }]: [number, Command]): WaitingCommand {
  if (operation === undefined) return { tag, exec: child, entry: id };
  return { tag, operation: `${operation.capability}.${operation.name}` };
}

function some(texts: Iterable<string> | undefined, most?: number): Some<string> {
  return cut([...(texts ?? [])].sort(), most);
}

function cut<T>(all: readonly T[], most = MOST_LISTED): Some<T> {
  return { count: all.length, first: all.slice(0, most) };
}
