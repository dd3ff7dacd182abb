import type { Answer, EventQueue, Payload, StepOutput } from '../../../runtime/machine.ts';
import { StepStatus } from '../../../runtime/machine.ts';
import type { TroupeError } from '../../../runtime/errors.ts';
import { Sources } from '../abi/codes.ts';
import type { Arrivals } from './arrivals.ts';

const WAKES_ON_MESSAGE = Sources.INBOX | Sources.TOPICS;

/** How a wait ended. */
export const Outcome = {
  PENDING: 0,
  /** `arrivals` has taken something. */
  ARRIVAL: 1,
  /** The time given for an arrival is over. */
  TIMEOUT: 2,
  /** The command was answered: `value` or `error`. */
  ANSWER: 3,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

/**
 * What a suspended guest waits for: an arrival from some sources, perhaps with a time limit, or the answer to one
 * command. A guest waits for one thing at a time, so there is one of these for each instance.
 */
export class Wait {
  outcome: Outcome = Outcome.PENDING;
  value: Payload;
  error: TroupeError | undefined;
  /** An arrival is waited for, rather than the answer to a command. */
  #arrival = false;
  #sources = 0;
  #topic: string | undefined;
  /** Tag of the timer that limits the wait, or of the command; 0: none. */
  #tag = 0;

  /** Wait for an arrival; `tag` is that of an armed timer or 0. */
  forArrival(sources: number, topic: string | undefined, tag: number): void {
    this.#begin(true, sources, topic, tag);
  }

  /** Wait for the answer to the command `tag`; 0: for what never comes. */
  forAnswer(tag: number): void {
    this.#begin(false, 0, undefined, tag);
  }

  /** Wait for nothing: the guest goes on when it is stepped again. */
  forTurn(): void {
    this.#begin(false, 0, undefined, 0);
    this.outcome = Outcome.ANSWER;
  }

  #begin(arrival: boolean, sources: number, topic: string | undefined, tag: number): void {
    this.outcome = Outcome.PENDING;
    this.value = undefined;
    this.error = undefined;
    this.#arrival = arrival;
    this.#sources = sources;
    this.#topic = topic;
    this.#tag = tag;
  }

  /** An answer to one of the host's own tags; one that nobody waits for any more is dropped. */
  answered(answer: Answer): void {
    if (answer.tag !== this.#tag) return;
    this.#tag = 0;
    if (this.#arrival) {
      this.outcome = Outcome.TIMEOUT;
    } else {
      this.outcome = Outcome.ANSWER;
      this.value = answer.value;
      this.error = answer.error;
    }
  }

  /** Whether the guest can go on. What has arrived in the same step as the timeout counts as in time. */
  isOver(arrivals: Arrivals, events: EventQueue, out: StepOutput): boolean {
    if (this.#arrival && this.outcome !== Outcome.ARRIVAL && this.#take(arrivals, events)) {
      if (this.#tag !== 0) out.abandon(this.#tag);
      this.#tag = 0;
      this.outcome = Outcome.ARRIVAL;
    }
    return this.outcome !== Outcome.PENDING;
  }

  #take(arrivals: Arrivals, events: EventQueue): boolean {
    return this.#topic === undefined ? arrivals.take(events, this.#sources) : arrivals.takeOn(events, this.#topic);
  }

  /** Between two steps: what is waited for, if anything. */
  record(): WaitRecord {
    return {
      outcome: this.outcome,
      arrival: this.#arrival,
      sources: this.#sources,
      topic: this.#topic ?? null,
      tag: this.#tag,
    };
  }

  restore({ outcome, arrival, sources, topic, tag }: WaitRecord): void {
    this.#begin(arrival, sources, topic ?? undefined, tag);
    this.outcome = outcome as Outcome;
  }

  /** What a step reports while this lasts. */
  get status(): StepStatus {
    return this.#topic !== undefined || (this.#sources & WAKES_ON_MESSAGE) !== 0 ? StepStatus.Idle : StepStatus.Blocked;
  }
}

/** What a moved guest waits for. */
export interface WaitRecord {
  readonly outcome: number;
  readonly arrival: boolean;
  readonly sources: number;
  readonly topic: string | null;
  readonly tag: number;
}
