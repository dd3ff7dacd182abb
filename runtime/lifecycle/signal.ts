/**
 * What processes tell one another besides messages, in the form in which it is applied locally and in which it
 * crosses workers. Signals and messages from one sender to one receiver keep their order.
 */
import type { ExitResult, Payload } from '../machine.ts';

export const SignalKind = {
  Monitor: 0,
  Unmonitor: 1,
  Link: 2,
  Unlink: 3,
  /** A watched process ended. */
  Exit: 4,
  /** A linked process ended abnormally. */
  LinkDown: 5,
  /** A linked process ended normally: the link is gone, nobody is told. */
  LinkGone: 6,
  Cancel: 7,
  Terminate: 8,
  /** The receiver was given a name by somebody else: it must release it at its end. */
  Named: 9,
  /** A child waits for the first time. */
  Started: 10,
  /** Cancel for who hears it, Terminate for who does not. */
  Shutdown: 11,
  /** A request to a supervisor. */
  Ask: 12,
} as const;
export type SignalKind = (typeof SignalKind)[keyof typeof SignalKind];

export interface Signal {
  readonly kind: SignalKind;
  /** PID of the sender. */
  readonly from: string;
  /** Monitor, Unmonitor, Exit: see `Watcher.tag`. */
  readonly tag: number;
  /** Exit, LinkDown, Cancel, Shutdown, Started: unix seconds. */
  readonly at: number;
  /** Exit, LinkDown; Ask: its `value` is the question. */
  readonly result: ExitResult | undefined;
  /** Cancel, Shutdown: the reason. Named: the name. */
  readonly text: string | undefined;
}

function signal(kind: SignalKind, from: string, tag: number, at: number, result?: ExitResult, text?: string): Signal {
  return { kind, from, tag, at, result, text };
}

export const monitorSignal = (from: string, tag: number): Signal => signal(SignalKind.Monitor, from, tag, 0);
export const unmonitorSignal = (from: string, tag: number): Signal => signal(SignalKind.Unmonitor, from, tag, 0);
export const linkSignal = (from: string): Signal => signal(SignalKind.Link, from, -1, 0);
export const unlinkSignal = (from: string): Signal => signal(SignalKind.Unlink, from, -1, 0);
export const exitSignal = (from: string, tag: number, at: number, result: ExitResult): Signal =>
  signal(SignalKind.Exit, from, tag, at, result);
export const linkDownSignal = (from: string, at: number, result: ExitResult): Signal =>
  signal(SignalKind.LinkDown, from, -1, at, result);
export const linkGoneSignal = (from: string): Signal => signal(SignalKind.LinkGone, from, -1, 0);
export const cancelSignal = (from: string, at: number, reason: string | undefined): Signal =>
  signal(SignalKind.Cancel, from, -1, at, undefined, reason);
export const startedSignal = (from: string, at: number): Signal => signal(SignalKind.Started, from, -1, at);
export const shutdownSignal = (from: string, at: number, reason: string | undefined): Signal =>
  signal(SignalKind.Shutdown, from, -1, at, undefined, reason);
export const askSignal = (from: string, question: Payload): Signal =>
  signal(SignalKind.Ask, from, -1, 0, { value: question });
export const terminateSignal = (from: string): Signal => signal(SignalKind.Terminate, from, -1, 0);
export const namedSignal = (from: string, name: string): Signal =>
  signal(SignalKind.Named, from, -1, 0, undefined, name);
