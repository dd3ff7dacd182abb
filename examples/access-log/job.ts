/**
 * One analysis: starts the reader, the parsers, the rules and the level, and puts the figures of the chunks together in
 * file order, so that the report does not depend on which parser was faster.
 *
 *     reader --chunk--> job --chunk--> parser (N of them)
 *       ^                |  <--counted--
 *       |--more----------|--watched--> rules --alert--> level
 *
 * A credit (`more`) is given back when a chunk has been counted and the rules have seen its requests: at most `WINDOW`
 * chunks for each parser are anywhere between the disk and the figures.
 */
import { defineProcess, EventKind, type MailOf, type Pid, type ProcessEvent, type Self, TroupeError } from 'troupe/sdk';
import { Parsers } from './parsers.ts';
import type { Alert, Chunk, Counted, LevelChange, LevelName, Progress, Report, Watching } from './protocol.ts';
import type { ReaderResult } from './reader.ts';
import { Totals } from './totals.ts';

export interface JobSettings {
  file: string;
  /** Parser processes. */
  parsers: number;
  /** Bytes that are read at once. */
  chunk: number;
  /** Rows of the top tables. */
  top: number;
  /** 0, or: every so many chunks the parser is made to crash. */
  chaos: number;
  /** PID that gets `progress`. */
  progress: string;
}

/** Chunks in flight for each parser: one in work, one waiting, one being read. */
const WINDOW = 3;

interface JobMessages {
  /** The reader: lines of the log. */
  chunk: Chunk;
  /** A parser: the figures of a chunk. */
  counted: Counted;
  /** The rules: what they want to see; that they have seen a chunk's requests, and how many alerts there are. */
  watching: Partial<Watching>;
  seen: { alerts: number };
  level: LevelChange;
  /** The reader: bytes of the log, null where that is not known beforehand. */
  size: number | null;
  [other: string]: any;
}

/** The report, or why there is none. */
export type JobResult = Report | { failed: string };

export default defineProcess<[JobSettings], JobMessages, JobResult>(function* (self, settings) {
  // A crashed parser is replaced; the others of this job end with it.
  self.setOptions({ trapLinks: true });
  const job = new Job(self, settings);
  while (!job.finished) {
    const got = yield* self.select({ message: self.inbox(), event: self.events() });
    if (got.key === 'message') job.take(got.value as MailOf<JobMessages>);
    else job.happened(got.value as ProcessEvent);
  }
  return job.result();
});

class Job {
  readonly #self: Self<JobMessages>;
  readonly #settings: JobSettings;
  readonly #totals = new Totals();
  readonly #level: Pid;
  readonly #rules: Pid;
  #reader: Pid | undefined;
  #parsers: Parsers | undefined;
  /** Figures that came before those of an earlier chunk; at most as many as there are chunks in flight. */
  readonly #early = new Map<number, Counted>();
  /** The number of the next chunk to be added. */
  #next = 0;
  /** How many chunks there are, once the reader has said so. */
  #chunks: number | undefined;
  /** Bytes of each chunk in flight, for the progress. */
  readonly #bytes = new Map<number, number>();
  readonly #progress: Progress = { bytes: 0, size: null, requests: 0, alerts: 0, level: 'normal', restarts: 0 };
  #failed: string | undefined;
  #finishing = false;
  #alerts: Alert[] | undefined;
  #history: LevelChange[] | undefined;

  constructor(self: Self<JobMessages>, settings: JobSettings) {
    this.#self = self;
    this.#settings = settings;
    this.#level = self.spawnLinkedMonitored('log:level', 'log:work', { job: self.pid });
    this.#rules = self.spawnLinkedMonitored('log:watch', 'log:work', self.pid, this.#level);
  }

  get finished(): boolean {
    return this.#alerts !== undefined && this.#history !== undefined;
  }

  result(): JobResult {
    if (this.#failed !== undefined) return { failed: this.#failed };
    return this.#totals.report(this.#alerts ?? [], this.#history ?? [], this.#settings.top);
  }

  take(message: MailOf<JobMessages>): void {
    switch (message.topic) {
      case 'watching':
        this.#begin(message.payload);
        break;
      case 'chunk':
        this.#bytes.set(message.payload.number, message.payload.bytes.length);
        this.#parsers?.give(message.payload);
        break;
      case 'counted':
        if (this.#parsers?.take(message.from, message.payload)) this.#add(message.payload);
        break;
      case 'seen':
        this.#progress.alerts = message.payload.alerts;
        this.#credit(1);
        break;
      case 'size':
        this.#progress.size = message.payload;
        break;
      case 'level':
        this.#progress.level = message.payload.state as LevelName;
        break;
    }
  }

  happened(event: ProcessEvent): void {
    if (event.kind === EventKind.CANCEL) throw new TroupeError('the analysis was cancelled', { kind: 'CANCELED' });
    // LINK_DOWN says again what the EXIT of the same process says.
    if (event.kind !== EventKind.EXIT) return;
    const { value, error } = event.result;
    if (this.#parsers?.ended(event.from, event.result)) {
      this.#progress.restarts = this.#parsers.restarts;
      return;
    }
    if (error !== undefined) throw error;
    if (event.from === this.#reader) {
      this.#readingEnded(value as ReaderResult);
    } else if (event.from === this.#rules) this.#alerts = listOf<Alert>(value);
    else if (event.from === this.#level) this.#history = listOf<LevelChange>(value);
  }

  /** The rules have said what they want to see. */
  #begin(wanted: Partial<Watching>): void {
    const { file, parsers, chunk, chaos } = this.#settings;
    const watching = { status: listOf<number>(wanted.status), text: listOf<string>(wanted.text) };
    this.#parsers = new Parsers(this.#self, parsers, watching, chaos);
    this.#reader = this.#self.spawnLinkedMonitored('log:reader', 'log:files', this.#self.pid, file, chunk);
    this.#credit(WINDOW * parsers);
  }

  #readingEnded(result: ReaderResult): void {
    if ('failed' in result) {
      this.#failed = result.failed;
      this.#finish();
    } else {
      this.#chunks = result.chunks;
      this.#finishIfDone();
    }
  }

  #credit(count: number): void {
    if (this.#reader !== undefined) this.#self.send(this.#reader, 'more', count);
  }

  #add(counted: Counted): void {
    this.#early.set(counted.number, counted);
    for (let next = this.#early.get(this.#next); next !== undefined; next = this.#early.get(this.#next)) {
      this.#early.delete(this.#next++);
      const first = this.#totals.requests === 0;
      this.#totals.add(next);
      if (first && next.requests > 0) this.#self.send(this.#rules, 'begin', { at: next.first });
      this.#self.send(this.#rules, 'watched', next.watched);
      this.#report(next.number);
    }
    this.#finishIfDone();
  }

  #report(number: number): void {
    this.#progress.bytes += this.#bytes.get(number) ?? 0;
    this.#bytes.delete(number);
    this.#progress.requests = this.#totals.requests;
    this.#self.send(this.#settings.progress, 'progress', this.#progress);
  }

  #finishIfDone(): void {
    if (this.#next === this.#chunks) this.#finish();
  }

  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#parsers?.stop();
    this.#self.send(this.#rules, 'finish', { at: this.#totals.latest });
  }
}

/** A list as it is; an empty Lua table is no list. */
function listOf<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}
