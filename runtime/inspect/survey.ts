/**
 * Looking at the processes of a runtime, on whatever thread they live. Nothing is stopped for it: a process that is
 * moving from one thread to another while a list is made may be missing from it.
 */
import { processNotFound } from '../catalogue.ts';
import { systemClock } from '../clock.ts';
import { formatDuration } from '../duration.ts';
import { TroupeError } from '../errors.ts';
import { parsePid } from '../pid.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { WorkerPool } from '../workers/pool.ts';
import type { Explanation } from './explain.ts';
import type { ProcessDetails, ProcessRow } from './process_report.ts';
import {
  type AnswerTo,
  type DetailsQuestion,
  type ExplainQuestion,
  type Question,
  ThreadAnswers,
} from './thread_questions.ts';

/** Milliseconds that a thread has to answer. A step that never ends is cut off later than that, if at all. */
const PATIENCE = 2_000;
/** A process that has just been spawned or moved is looked for so often, so many milliseconds apart. */
const LOOKS = 20;
const PAUSE = 5;

export interface Filter {
  readonly host?: string;
  readonly entry?: string;
  readonly limit: number;
}

export interface ProcessList {
  /** Sorted by number, which is the order of spawns as long as no slot was used again. */
  readonly processes: readonly ProcessRow[];
  /** How many there are, also of those beyond the limit. */
  readonly count: number;
  readonly threads: number;
  /** Threads that did not answer: what lives there is missing. */
  readonly silent: readonly SilentThread[];
}

export interface SilentThread {
  readonly thread: number;
  /** PID of the process whose step holds it. */
  readonly running: string | undefined;
  readonly why: string;
}

export class Survey {
  readonly #scheduler: Scheduler;
  readonly #pool: WorkerPool | undefined;
  readonly #here: ThreadAnswers;

  /** `scheduler`: that of the main thread. */
  constructor(scheduler: Scheduler, pool: WorkerPool | undefined) {
    this.#scheduler = scheduler;
    this.#pool = pool;
    this.#here = new ThreadAnswers(scheduler);
  }

  async list({ host, entry, limit }: Filter): Promise<ProcessList> {
    const { count: threads } = this.#scheduler;
    const silent: SilentThread[] = [];
    const found = new Map<string, ProcessRow>();
    let count = 0;
    await Promise.all(
      Array.from({ length: threads }, async (_, thread) => {
        try {
          const listed = await this.#ask(thread, { what: 'list', host, entry, limit });
          count += listed?.count ?? 0;
          for (const row of listed?.rows ?? []) {
            // It has moved while others were asked.
            if (found.has(row.pid)) count--;
            found.set(row.pid, row);
          }
        } catch (thrown) {
          const why = (thrown as Error).message;
          silent.push({ thread, running: this.#pool?.steppedOn(thread), why });
        }
      }),
    );
    const numbered = [...found.values()].map(row => ({ row, number: parsePid(row.pid) }));
    const processes = numbered.sort((a, b) => a.number - b.number).map(({ row }) => row);
    silent.sort((a, b) => a.thread - b.thread);
    return { processes: processes.slice(0, limit), count, threads, silent };
  }

  /** `process`: a PID or a name. Throws NOT_FOUND; TIMEOUT where its thread does not answer. */
  async details(process: string): Promise<ProcessDetails> {
    return this.#askOwner(process, pid => ({ what: 'details', pid }) satisfies DetailsQuestion);
  }

  /** As `details`. */
  async explain(
    process: string,
    action: string,
    resource: string,
    meta: ExplainQuestion['meta'],
  ): Promise<Explanation> {
    return this.#askOwner(process, pid => ({ what: 'explain', pid, action, resource, meta }) satisfies ExplainQuestion);
  }

  async #askOwner<Q extends DetailsQuestion | ExplainQuestion>(
    process: string,
    question: (pid: string) => Q,
  ): Promise<Exclude<AnswerTo<Q>, undefined>> {
    const scheduler = this.#scheduler;
    const pid = scheduler.locate(process);
    if (typeof pid !== 'string') throw pid;
    for (let looks = 0; looks < LOOKS; looks++) {
      if (looks > 0) await new Promise<void>(resolve => systemClock.arm(PAUSE, resolve));
      const thread = this.#threadOf(pid);
      if (thread === undefined) throw processNotFound(process);
      const answer = await this.#ask(thread, question(pid)).catch(thrown => {
        throw this.#silence(pid, thread, thrown);
      });
      if (answer !== undefined) return answer as Exclude<AnswerTo<Q>, undefined>;
    }
    throw new TroupeError(
      `${pid} was not found within ${formatDuration(LOOKS * PAUSE)} where it was said to live; try again`,
      {
        kind: 'UNAVAILABLE',
        retryable: true,
      },
    );
  }

  #threadOf(pid: string): number | undefined {
    const { table, outbound, index } = this.#scheduler;
    return table.byPid(pid) === undefined ? outbound?.whereIs(pid)?.worker : index;
  }

  async #ask<Q extends Question>(thread: number, question: Q): Promise<AnswerTo<Q> | undefined> {
    if (thread === this.#scheduler.index) return this.#here.answer(question);
    return this.#pool?.ask(thread, question, PATIENCE);
  }

  #silence(pid: string, thread: number, thrown: unknown): unknown {
    if (!(thrown instanceof TroupeError) || thrown.kind !== 'TIMEOUT') return thrown;
    const running = this.#pool?.steppedOn(thread);
    const culprit = running === undefined ? '' : `: a step of ${running} holds it`;
    return new TroupeError(
      `thread ${thread}, on which ${pid} lives, did not answer within ${formatDuration(PATIENCE)}${culprit}`,
      { kind: 'TIMEOUT', retryable: true, details: { thread, running } },
    );
  }
}
