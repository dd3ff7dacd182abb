/**
 * What a process waits for beyond its inbox: answers to commands, timers, channels, several paths at once, promises.
 */
import type { TroupeError } from '../../runtime/errors.ts';
import type { EventQueue } from '../../runtime/machine.ts';
import { hideHostFrames } from './guest_error.ts';
import type { Fork, Path } from './path.ts';
import type { Process } from './process.ts';
import { EventSource, InboxSource, type MailSource, NOTHING } from './source.ts';
import { needRoom } from './stack_room.ts';
import type { Waiter } from './waiter.ts';

/** What an answer of the scheduler is for: a command, a timeout, a timer. */
export interface Expecting {
  answered(value: unknown, error: TroupeError | undefined): void;
}

/** How the main path ended, if it ran on a promise. */
export interface Ending {
  readonly value?: unknown;
  /** Boxed, since anything can be thrown. */
  readonly thrown?: { readonly error: unknown };
}

/** As it was at the start: programs of trusted hosts can replace the global one. */
const { queueMicrotask } = globalThis;

export class Waits {
  private readonly process: Process;
  private readonly expected = new Map<number, Expecting>();
  private lastTag = 0;
  private inboxSource: InboxSource | undefined = undefined;
  private events: EventSource | undefined = undefined;

  /** The generator that is being resumed. */
  running: Path | undefined;
  /** What it is resumed with: the command that stopped it takes it from here, out of the program's sight. */
  handed: Waiter | undefined = undefined;
  /** A path that waits by the plain `receive()`; the inbox has no other receiver then. It is resumed at every step. */
  direct: Path | undefined = undefined;
  /** Who goes on first in this round: see `TypeScriptProcess`. */
  turn = 0;
  /** Paths to begin or resume, in this order. */
  runnable: (Waiter | Fork)[] = [];
  /** Waits of promises that no step has looked at yet. */
  asked: Waiter[] = [];
  /** Sources of the scheduler that somebody waits for. */
  readonly mail = new Set<MailSource>();
  /** Paths that run on promises and have not ended. */
  promises = 0;
  /**
   * A message or event was given to a promise, whose program sees it after the step. Until then nothing else of the process
   * goes on, which could upgrade it: what nobody has seen would be lost.
   */
  onItsWay = false;
  ending: Ending | undefined = undefined;
  upgrading = false;
  /** What programs hold and must find again: channels by topic, capabilities by name. */
  readonly kept = new Map<string, unknown>();

  constructor(process: Process, running: Path | undefined) {
    this.process = process;
    this.running = running;
  }

  /** A tag for a command of the scheduler; `target` gets the answer. */
  expect(target: Expecting): number {
    const tag = ++this.lastTag;
    this.expected.set(tag, target);
    return tag;
  }

  /** `target` gets the answer to a command that has been begun. */
  redirect(tag: number, target: Expecting): void {
    this.expected.set(tag, target);
  }

  /** By tag. */
  get outstanding(): ReadonlyMap<number, Expecting> {
    return this.expected;
  }

  /** The last tag that was given. */
  get tag(): number {
    return this.lastTag;
  }

  /** Go on with the tags of an image; `redirect` says whom its answers go to. */
  restoreTag(tag: number): void {
    this.lastTag = tag;
  }

  /** Whether nothing is under way but commands of the scheduler: no path, no promise, no wait for a source. */
  get isStill(): boolean {
    return (
      this.promises === 0 &&
      this.asked.length === 0 &&
      this.runnable.length === 0 &&
      this.mail.size === 0 &&
      this.ending === undefined &&
      !this.onItsWay &&
      !this.upgrading
    );
  }

  /** No answer will come for `tag`. */
  abandon(tag: number): void {
    needRoom();
    if (this.expected.delete(tag)) this.process.output?.abandon(tag);
  }

  startTimer(milliseconds: number, target: Expecting): number {
    const tag = this.expect(target);
    this.process.out.timer(tag, milliseconds);
    return tag;
  }

  /** A timer whose end nobody is told, unless `redirect` names somebody before. */
  setTimer(milliseconds: number): number {
    const tag = ++this.lastTag;
    this.process.out.timer(tag, milliseconds);
    return tag;
  }

  inbox(): InboxSource {
    return (this.inboxSource ??= new InboxSource(this.process));
  }

  get inboxWaited(): boolean {
    return this.inboxSource?.waited === true;
  }

  eventSource(): EventSource {
    return (this.events ??= new EventSource(this.process));
  }

  /** Take every answer, and look at what promises wait for. Messages and events come after: `MailSource.pass`. */
  collect(events: EventQueue): void {
    for (let answer = events.answer(); answer !== undefined; answer = events.answer()) {
      const target = this.expected.get(answer.tag);
      if (target === undefined) continue;
      this.expected.delete(answer.tag);
      const { value, error } = answer;
      if (error !== undefined && !this.process.imports.trusted) hideHostFrames(error);
      target.answered(value, error);
    }
    if (this.asked.length > 0) this.lookAtAsked();
  }

  private lookAtAsked(): void {
    const asked = this.asked;
    this.asked = [];
    for (const waiter of asked) {
      const { condition } = waiter;
      if (this.upgrading || (this.onItsWay && condition.takesMail)) {
        this.asked.push(waiter);
        continue;
      }
      try {
        const value = condition.poll(this.process);
        if (value === NOTHING) condition.arm(waiter);
        else {
          waiter.finished(value);
          if (condition.takesMail) this.sendOff();
        }
      } catch (error) {
        waiter.fail(error);
      }
    }
  }

  /** What `MailSource.pass` gave to a promise. */
  deliver(waiter: Waiter): void {
    waiter.wake();
    this.sendOff();
  }

  /** Contained programs have no promises: what waits like one has seen it already. */
  private sendOff(): void {
    if (!this.process.imports.trusted) return;
    this.onItsWay = true;
    queueMicrotask(() => {
      this.onItsWay = false;
      // The next step is in another turn of the event loop, when all reactions have run.
      if (this.isPending) this.process.output?.wake();
    });
  }

  /** Whether something may go on that was held up. */
  private get isPending(): boolean {
    const { asked, runnable, mail, direct } = this;
    return asked.length > 0 || runnable.length > 0 || mail.size > 0 || direct !== undefined;
  }

  /** Whether a message that arrives can let a path go on. */
  get forMessages(): boolean {
    if (this.direct !== undefined) return true;
    for (const source of this.mail) if (source.byMessage) return true;
    return false;
  }

  /** Whether anything but a message can. */
  get forAnything(): boolean {
    return this.promises > 0 || this.expected.size > 0 || this.mail.size > 0 || this.process.out.anyTimer;
  }
}
