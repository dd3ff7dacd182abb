/** Types of what a process gets. They describe what a program expects; nothing checks a sender's payload against them. */
import type { ProcessEventKind } from '../../runtime/machine.ts';
import type { TroupeError } from '../../runtime/errors.ts';

declare const pid: unique symbol;

/** `{host|0x00001}`: text that names one process for ever. */
export type Pid = string & { readonly [pid]: 'pid' };

/** Topic -> payload: what a process says it understands. Several payloads of one message are a tuple. */
export type Messages = { [topic: string]: any };

/** One message on a known topic. */
export interface Mail<Topic extends string = string, Body = any> {
  readonly topic: Topic;
  /** The payload; the list of them where the sender gave several or none. Private to the receiver. */
  readonly payload: Body;
  /** PID of the sender. */
  readonly from: Pid;
  /** How many payloads the sender gave. */
  readonly count: number;
}

/** Any message of a map of topics: `topic` tells which, and with it what `payload` is. */
export type MailOf<M extends Messages> = { [K in keyof M & string]: Mail<K, M[K]> }[keyof M & string];

interface EventBase {
  /** PID of the process that ended or asked. */
  readonly from: Pid;
  /** Unix time in seconds, with fraction. */
  readonly at: number;
}

/** How a process ended: with a value or with an error. */
export interface Exit {
  readonly value?: any;
  readonly error?: TroupeError;
}

/** What happens to a process, and to those that it monitors or is linked to (semantics section 3). */
export type ProcessEvent =
  | (EventBase & { readonly kind: typeof ProcessEventKind.CANCEL; readonly reason?: string })
  | (EventBase & { readonly kind: typeof ProcessEventKind.EXIT; readonly result: Exit })
  | (EventBase & { readonly kind: typeof ProcessEventKind.LINK_DOWN; readonly result: Exit })
  | (EventBase & { readonly kind: typeof ProcessEventKind.OUTDATED; readonly sources: readonly string[] });
