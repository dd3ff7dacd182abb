import type { CallContext } from '../capabilities/capability.ts';
import type { TroupeError } from '../errors.ts';
import type { Command } from '../lifecycle/commands.ts';
import type { Answer, ExitResult, Image, Payload, ProcessEvent } from '../machine.ts';
import type { Message } from '../message.ts';
import type { Arriving } from './arriving.ts';
import type { Queue } from './queue.ts';
import { NO_TIMER } from './timing_wheel.ts';

/** Somebody who wants to know how a process ends: a monitor, or the command with `tag` of an `exec`. */
export interface Watcher {
  readonly pid: string;
  /** -1: a monitor. Otherwise the tag of the command that the exit answers. */
  readonly tag: number;
}

/** What a process has only if it uses it: answers, subscriptions, relations, names, options, pending end. */
export class Extras {
  answers: Queue<Answer> | undefined = undefined;
  events: Queue<ProcessEvent> | undefined = undefined;
  /** Queues of listened topics; a topic that is no longer listened on keeps its queue until it is read empty. */
  topics: Map<string, Queue<Message>> | undefined = undefined;
  listened: Set<string> | undefined = undefined;
  /** Messages in the queues of topics, all together. */
  routed = 0;
  /** Messages that have arrived since the first `listen`: the order in which an upgrade merges the queues. */
  arrivals = 0;
  /** Bytes of the messages that wait and are large enough to be weighed. */
  heldBytes = 0;
  /** More than the host's limit waits; what comes from other schedulers is refused until half of it is read. */
  overfull = false;

  /** Who watches this process. At most one monitor a PID; commands are distinct by tag. */
  watchers: Watcher[] | undefined = undefined;
  /** Whom this process monitors: for ALREADY_EXISTS. */
  watching: Set<string> | undefined = undefined;
  links: Set<string> | undefined = undefined;
  names: Set<string> | undefined = undefined;

  /** What must be answered by others; timers, those of these commands too, are in `ProcessTimers`. */
  commands: Map<number, Command> | undefined = undefined;
  /** The youngest of the timers that run: see `ProcessTimers`. */
  timers = NO_TIMER;
  /** How operations of capabilities see this process. */
  caller: CallContext | undefined = undefined;
  /** Called at the end: what capabilities opened for the process. */
  releases: (() => void)[] | undefined = undefined;

  /** It has asked for its events. */
  hears = false;
  /** Something is to happen when it waits: `starter` or `replacement` is there. */
  awaited = false;
  /** PID of who is told when it waits for the first time. */
  starter: string | undefined = undefined;
  /** Arguments with which it goes on as the present revision of its entry, once it waits; until then it gets no more mail. */
  replacement: readonly Payload[] | undefined = undefined;
  trapLinks = false;
  upgradable = false;
  /** The method to run where it is not the entry's own. */
  method: string | undefined = undefined;

  /** Its machine, until the next step: it has come from another scheduler, or its machine could not be handed on. */
  image: Image | undefined = undefined;
  /** How often there was no room for it. */
  attempts = 0;
  /** It has come from another scheduler, and something for it may still come the old way. */
  arriving: Arriving | undefined = undefined;
  /** Too large to be moved. */
  heavy = false;
  /** Turns that it still has behind the preempted, because it sent too much in one step (`Scheduler.sends`). */
  debt = 0;

  /** What the program said before it returned Complete. */
  result: ExitResult | undefined = undefined;
  upgrade: { readonly id: string | null; readonly args: readonly Payload[] | TroupeError } | undefined = undefined;
  /** It has gone on as another program, which has not waited yet: if it fails now, the upgrade has failed. */
  upgraded = false;
  /** It was killed while it ran: the error with which it ends as soon as the step returns. */
  doom: TroupeError | undefined = undefined;
}
