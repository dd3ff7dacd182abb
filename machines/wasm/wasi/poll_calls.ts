/** `poll_oneoff`: sleeping, and waiting for input with or without a time limit. */
import { TroupeError } from '../../../runtime/errors.ts';
import { Errno, errnoOf, Refusal, refuse } from './errno.ts';
import { readClock } from './program_calls.ts';
import { Right } from './rights.ts';
import type { WasiBody, WasiProcess } from './wasi_process.ts';

const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const MOST_SUBSCRIPTIONS = 1024;
const NEVER = Number.POSITIVE_INFINITY;
/** Milliseconds: shorter waits cannot be told apart. */
const SHORTEST = 1;
const NANOSECONDS = 1e6;

const EventType = { CLOCK: 0, FD_READ: 1, FD_WRITE: 2 } as const;
const ABSOLUTE = 1;
const HANGUP = 1;

interface Subscription {
  readonly user: bigint;
  readonly type: number;
  /** The clock or the descriptor. */
  readonly subject: number;
  readonly timeout: bigint;
  readonly absolute: boolean;
}

interface PollEvent {
  readonly errno: number;
  /** Bytes that can be read. */
  readonly bytes: number;
  readonly hangup: boolean;
}

const READY: PollEvent = { errno: Errno.SUCCESS, bytes: 1, hangup: false };
const DUE: PollEvent = { errno: Errno.SUCCESS, bytes: 0, hangup: false };

/** What a subscription says before anything was waited for: an event, milliseconds to wait, or that it is for input. */
type Standing = PollEvent | number | 'input';

export const waitingPollCalls: { readonly [name: string]: WasiBody } = {
  poll_oneoff(wasi, subscriptionsAt, eventsAt, count, resultAt) {
    count >>>= 0;
    if (count === 0 || count > MOST_SUBSCRIPTIONS) refuse(Errno.INVAL);
    wasi.charge(count);
    wasi.memory.check(eventsAt, count * EVENT_BYTES);
    wasi.memory.check(resultAt, 4);
    const subscriptions = read(wasi, subscriptionsAt, count);
    const standings = wasi.remember(() => subscriptions.map(each => standingOf(wasi, each)));
    const events = standings.some(isEvent)
      ? standings.map(each => (isEvent(each) ? each : undefined))
      : wait(wasi, standings);
    let written = 0;
    for (const [index, event] of events.entries()) {
      if (event === undefined) continue;
      writeEvent(wasi, eventsAt + written * EVENT_BYTES, subscriptions[index], event);
      written++;
    }
    wasi.memory.setWord(resultAt, written);
  },
};

/** Wait for what comes first. Those of the same time are reported together. */
function wait(wasi: WasiProcess, standings: readonly Standing[]): (PollEvent | undefined)[] {
  const limit = Math.min(NEVER, ...standings.filter(each => typeof each === 'number'));
  const input = standings.includes('input') ? wasi.grants.io?.operations.input_ready : undefined;
  const due = () => standings.map(each => (typeof each === 'number' && each <= limit ? DUE : undefined));
  if (limit === 0 && input === undefined) return due();
  const longest = Math.max(limit, SHORTEST);
  if (input === undefined) {
    wasi.pause(longest);
    return due();
  }
  const outcome = wasi.askOrFail(input, () => [longest === NEVER ? null : longest]);
  if (outcome === null) return due();
  const event = inputEvent(outcome);
  return standings.map(each => (each === 'input' ? event : undefined));
}

function inputEvent(outcome: unknown): PollEvent {
  if (outcome instanceof TroupeError) return { errno: errnoOf(outcome), bytes: 0, hangup: false };
  return { errno: Errno.SUCCESS, bytes: outcome as number, hangup: outcome === 0 };
}

function isEvent(standing: Standing): standing is PollEvent {
  return typeof standing === 'object';
}

/** What is wrong with a subscription is an event, not an error of the call. */
function standingOf(wasi: WasiProcess, subscription: Subscription): Standing {
  try {
    return subscription.type === EventType.CLOCK ? clockStanding(wasi, subscription) : fileStanding(wasi, subscription);
  } catch (thrown) {
    if (thrown instanceof Refusal) return { errno: thrown.errno, bytes: 0, hangup: false };
    throw thrown;
  }
}

function clockStanding(wasi: WasiProcess, { subject, timeout, absolute }: Subscription): number {
  const now = readClock(wasi, subject);
  const left = absolute ? timeout - now : timeout;
  return left <= 0n ? 0 : Number(left) / NANOSECONDS;
}

/** Files and output never wait. */
function fileStanding(wasi: WasiProcess, { type, subject }: Subscription): Standing {
  const right = type === EventType.FD_READ ? Right.FD_READ : Right.FD_WRITE;
  const descriptor = wasi.descriptors.get(subject, Right.POLL_FD_READWRITE | right);
  return descriptor.type === 'input' ? 'input' : READY;
}

function read(wasi: WasiProcess, at: number, count: number): Subscription[] {
  const view = wasi.memory.view(at, count * SUBSCRIPTION_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const start = index * SUBSCRIPTION_BYTES;
    const type = view.getUint8(start + 8);
    if (type > EventType.FD_WRITE) refuse(Errno.INVAL);
    return {
      user: view.getBigUint64(start, true),
      type,
      subject: view.getUint32(start + 16, true),
      timeout: view.getBigUint64(start + 24, true),
      absolute: (view.getUint16(start + 40, true) & ABSOLUTE) !== 0,
    };
  });
}

function writeEvent(wasi: WasiProcess, at: number, { user, type }: Subscription, event: PollEvent): void {
  const view = wasi.memory.view(at, EVENT_BYTES);
  view.setBigUint64(0, user, true);
  view.setBigUint64(8, 0n, true);
  view.setUint16(8, event.errno, true);
  view.setUint8(10, type);
  view.setBigUint64(16, BigInt(event.bytes), true);
  view.setBigUint64(24, event.hangup ? BigInt(HANGUP) : 0n, true);
}
