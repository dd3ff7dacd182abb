/**
 * What the main thread asks a worker about its processes, for people who look into a running deployment, and what it has it
 * change there.
 */
import type { MessagePort } from 'node:worker_threads';
import { systemClock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { TroupeError, toTroupeError } from '../errors.ts';
import type { AnswerTo, Question, ThreadAnswers } from '../inspect/thread_questions.ts';
import type { ChangeMade, ChangeOrder, ThreadChanges } from './thread_changes.ts';
import { packPayload, unpackPayload } from '../payload/messagepack.ts';

export interface Asked {
  readonly ask: number;
  readonly question: Question | ChangeOrder;
}

export interface Told {
  readonly told: number;
  readonly answer: unknown;
  /** Packed; why there is no answer. */
  readonly error: Uint8Array | undefined;
}

/** Worker: answer a question, or make a change. */
export async function tell(
  { ask, question }: Asked,
  answers: ThreadAnswers,
  changes: ThreadChanges,
  port: MessagePort,
): Promise<void> {
  let answer: unknown;
  let error: Uint8Array | undefined;
  try {
    answer = 'change' in question ? changes.make(question) : await answers.answer(question);
  } catch (thrown) {
    error = packPayload(toTroupeError(thrown, 'INTERNAL'));
  }
  port.postMessage({ told: ask, answer, error } satisfies Told);
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: TroupeError): void;
  readonly timer: unknown;
}

/** Main thread: questions to one worker. */
export class Questions {
  readonly #post: (asked: Asked) => void;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #isGone = false;

  constructor(post: (asked: Asked) => void) {
    this.#post = post;
  }

  /** Undefined: the worker is gone. Rejects with TIMEOUT after so many milliseconds. */
  ask<Q extends Question>(question: Q, timeout: number): Promise<AnswerTo<Q> | undefined>;
  ask<O extends ChangeOrder>(order: O, timeout: number): Promise<ChangeMade<O> | undefined>;
  ask(question: Question | ChangeOrder, timeout: number): Promise<unknown> {
    if (this.#isGone) return Promise.resolve(undefined);
    const ask = ++this.#next;
    return new Promise((resolve, reject) => {
      // Other threads run in real time.
      const timer = systemClock.arm(timeout, () => {
        this.#waiting.delete(ask);
        const text = `its thread did not answer within ${formatDuration(timeout)}`;
        reject(new TroupeError(text, { kind: 'TIMEOUT', retryable: true }));
      });
      this.#waiting.set(ask, { resolve, reject, timer });
      this.#post({ ask, question });
    });
  }

  told({ told, answer, error }: Told): void {
    const waiting = this.#waiting.get(told);
    // It was too late.
    if (waiting === undefined) return;
    this.#waiting.delete(told);
    systemClock.disarm(waiting.timer);
    if (error === undefined) waiting.resolve(answer);
    else waiting.reject(toTroupeError(unpackPayload(error)));
  }

  /** Its thread has ended: no answer will come. */
  gone(): void {
    this.#isGone = true;
    for (const { resolve, timer } of this.#waiting.values()) {
      systemClock.disarm(timer);
      resolve(undefined);
    }
    this.#waiting.clear();
  }
}
