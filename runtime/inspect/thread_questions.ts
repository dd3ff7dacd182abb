/** Questions about processes that only the thread where they live can answer, and its answers. */
import { parsePid } from '../pid.ts';
import { systemClock } from '../clock.ts';
import { SYSTEM_HOST } from '../hosts/host.ts';
import { ProcessState } from '../scheduler/process.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { explain, type Explanation } from './explain.ts';
import { detailsOf, type ProcessDetails, type ProcessRow, rowOf, shownPid } from './process_report.ts';
import type { Payload } from '../payload/payload.ts';

/** Processes of one host, of one entry, or all but the runtime's own. */
export interface ListQuestion {
  readonly what: 'list';
  readonly host?: string;
  readonly entry?: string;
  /** So many rows at most. */
  readonly limit: number;
}

export interface DetailsQuestion {
  readonly what: 'details';
  readonly pid: string;
}

export interface ExplainQuestion {
  readonly what: 'explain';
  readonly pid: string;
  readonly action: string;
  readonly resource: string;
  readonly meta: { readonly [key: string]: Payload };
}

export type Question = ListQuestion | DetailsQuestion | ExplainQuestion;

export interface Listed {
  readonly rows: readonly ProcessRow[];
  /** How many there are, also of those beyond the limit. */
  readonly count: number;
}

/** Undefined: the process does not live on this thread. */
export type AnswerTo<Q extends Question> = Q extends ListQuestion
  ? Listed
  : Q extends DetailsQuestion
    ? ProcessDetails | undefined
    : Explanation | undefined;

/**
 * Processes that are looked at in one turn of the event loop, so that looking at a million of them delays nobody for long;
 * one that gets a row counts for so many.
 */
const LOOKS_A_TURN = 10_000;
const LOOKS_A_ROW = 10;

/** Answers the questions about one thread's processes. */
export class ThreadAnswers {
  readonly #scheduler: Scheduler;
  /** One list is made after the other, however many ask. */
  #lastList: Promise<unknown> = Promise.resolve();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  answer<Q extends Question>(question: Q): Promise<AnswerTo<Q>>;
  async answer(question: Question): Promise<AnswerTo<Question>> {
    if (question.what === 'list') return this.#list(question);
    const process = this.#scheduler.table.byNumber(parsePid(question.pid));
    if (process === undefined || shownPid(process) !== question.pid) return undefined;
    if (question.what === 'details') return detailsOf(process);
    const { action, resource, meta } = question;
    return explain(process, action, resource, meta);
  }

  #list(question: ListQuestion): Promise<Listed> {
    const list = this.#lastList.then(() => this.#walk(question));
    this.#lastList = list.catch(() => undefined);
    return list;
  }

  async #walk({ host, entry, limit }: ListQuestion): Promise<Listed> {
    const rows: ProcessRow[] = [];
    let count = 0;
    let left = LOOKS_A_TURN;
    for (const process of this.#scheduler.table.all()) {
      if (--left <= 0) {
        left = LOOKS_A_TURN;
        await new Promise<void>(resolve => systemClock.defer(resolve));
        // It was the next one, and may have ended or moved meanwhile.
        if (process.state === ProcessState.Dead) continue;
      }
      const { linked } = process;
      if (host === undefined ? linked.host.id === SYSTEM_HOST : linked.host.id !== host) continue;
      if (entry !== undefined && linked.entry.id !== entry) continue;
      if (count++ >= limit) continue;
      rows.push(rowOf(process));
      left -= LOOKS_A_ROW;
    }
    return { rows, count };
  }
}
