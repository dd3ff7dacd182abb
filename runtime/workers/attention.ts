/**
 * One word of shared memory a scheduler, by which the others get its attention, and a port to wake its thread.
 *
 * Whoever has written something for a scheduler calls it afterwards. A scheduler listens before it looks at what others
 * have written, and rests only if nobody has called since. So of "written, called" and "listened, looked" one always
 * sees the other: what is written before a call is seen by the look that follows, and nobody sleeps over it.
 */
import type { MessagePort } from 'node:worker_threads';
import { CALLED } from '../scheduler/outbound.ts';

export const AttentionState = {
  /** It runs and has heard every call. */
  AWAKE: 0,
  /** Its thread waits for the event loop: a call must come with a nudge. */
  RESTING: 1,
  /** Somebody has called since it listened last. */
  CALLED,
} as const;

/** Int32 words from one scheduler's to the next one's: no two share a cache line. */
export const STRIDE = 16;

export class Attention {
  /** The words of all; the own one is looked at between any two steps. */
  readonly words: Int32Array;
  readonly at: number;
  readonly #ports: (MessagePort | undefined)[];

  constructor(memory: SharedArrayBuffer, own: number, ports: readonly (MessagePort | undefined)[]) {
    this.words = new Int32Array(memory);
    this.at = own * STRIDE;
    this.#ports = [...ports];
  }

  /** After something was written for it. */
  call(scheduler: number): void {
    const before = Atomics.exchange(this.words, scheduler * STRIDE, AttentionState.CALLED);
    if (before === AttentionState.RESTING) this.#ports[scheduler]?.postMessage(0);
  }

  /** Whether a scheduler rests: it has written nothing that is not published, and looks where things are anew when it wakes. */
  rests(scheduler: number): boolean {
    return Atomics.load(this.words, scheduler * STRIDE) === AttentionState.RESTING;
  }

  /** Before looking at what others have written, and before acting at all after a rest. */
  listen(): void {
    if (Atomics.load(this.words, this.at) !== AttentionState.AWAKE) {
      Atomics.store(this.words, this.at, AttentionState.AWAKE);
    }
  }

  /** The same for one that acts outside of its loop: calls that it has not heard must stay. */
  wakeUp(): void {
    Atomics.compareExchange(this.words, this.at, AttentionState.RESTING, AttentionState.AWAKE);
  }

  /** False if somebody has called: there is something to look at. */
  rest(): boolean {
    const before = Atomics.compareExchange(this.words, this.at, AttentionState.AWAKE, AttentionState.RESTING);
    return before !== AttentionState.CALLED;
  }

  /** The thread of a scheduler was replaced. */
  setPort(scheduler: number, port: MessagePort | undefined): void {
    this.#ports[scheduler] = port;
  }
}
