/** What is heard from the processes of the scenario that is played. */
import type { TroupeError } from '../../../runtime/errors.ts';
import type { LogFields, LogOrigin, LogSink } from '../../../runtime/logger.ts';

/** Something that happened; `pid`: to a worker. */
interface Heard {
  readonly what: string;
  readonly key: string;
  readonly pid: string | undefined;
  /** Nanoseconds; undefined for what does not say when it was. */
  readonly at: bigint | undefined;
}

export class Stage implements LogSink {
  #scene = '';
  #heard: Heard[] = [];
  /** Key by PID, of workers that live; in the order of their start. */
  readonly #workers = new Map<string, string>();
  /** Which of all processes of its key a worker is, by PID. */
  readonly #numbers = new Map<string, number>();
  /** How often each key was started. */
  readonly #starts = new Map<string, number>();
  readonly #ignoring = new Set<string>();
  readonly #gone = new Set<string>();
  /** Ended by force, as one thread says, before another one says that they have started: they have moved. */
  readonly #cutUnborn = new Set<string>();
  /** Grows with everything that happens. */
  clock = 0;

  /** `scene`: with which the records of its workers begin. */
  begin(scene: string): void {
    this.#scene = scene;
    this.#heard = [];
    this.#workers.clear();
    this.#numbers.clear();
    this.#starts.clear();
    this.#ignoring.clear();
    this.#gone.clear();
    this.#cutUnborn.clear();
  }

  /** PIDs by key; of several that live the last one. */
  get workers(): Map<string, string> {
    return new Map([...this.#workers].map(([pid, key]) => [key, pid]));
  }

  get live(): string[] {
    return [...this.#workers.keys()];
  }

  keyOf(pid: string): string | undefined {
    return this.#workers.get(pid);
  }

  /** Whether this process is known to have ended. */
  isGone(pid: string): boolean {
    return this.#gone.has(pid);
  }

  /** Whether somebody was asked to stop and does not: then nothing happens until time goes on. */
  get isIgnored(): boolean {
    return this.#ignoring.size > 0;
  }

  /** What has happened since this was last asked, in order: the lines of README.md. */
  takeLines(): string[] {
    // What says when it was comes where it belongs; the others stay behind what was heard before them.
    let last = 0n;
    const ordered = this.#heard
      .map(heard => ({ ...heard, at: (last = heard.at ?? last) }))
      .sort((a, b) => Number(a.at - b.at));
    this.#heard = [];
    // Threads are heard one after the other, so that only now it is known who was first.
    for (const { what, key, pid } of ordered) {
      if (what !== 'starts') continue;
      const number = (this.#starts.get(key) ?? 0) + 1;
      this.#starts.set(key, number);
      this.#numbers.set(pid!, number);
    }
    return ordered.map(
      ({ what, key, pid }) => `${what} ${key}${pid === undefined ? '' : `#${this.#numbers.get(pid)}`}`,
    );
  }

  enabled(): boolean {
    return true;
  }

  log(_level: string, message: string, fields?: LogFields, origin?: LogOrigin): void {
    const [scene, what, key] = message.split(' ');
    if (scene !== this.#scene || origin === undefined) return;
    const { pid } = origin;
    if (what === 'ignores') {
      this.#ignoring.add(pid);
      return;
    }
    const at = fields?.at === undefined ? undefined : BigInt(String(fields.at));
    this.#note({ what, key, pid: what === 'refuses' ? undefined : pid, at });
    if (what === 'starts') {
      if (this.#cutUnborn.has(pid)) this.#note({ what: 'cut', key, pid, at: undefined });
      else if (!this.#gone.has(pid)) this.#workers.set(pid, key);
    }
    // What fails is heard of once more.
    if (what === 'returns' || what === 'stops') this.#leave(pid);
  }

  crashed(pid: string, id: string, error: TroupeError): void {
    const key = this.#workers.get(pid);
    this.#leave(pid);
    const [scene, supervisor] = id.slice('t:'.length).split('-');
    if (supervisor !== undefined) {
      if (scene === this.#scene) this.#note({ what: endOf(error), key: supervisor, pid: undefined, at: undefined });
    } else if (!error.message.includes('told to fail')) {
      if (key === undefined) this.#cutUnborn.add(pid);
      else this.#note({ what: 'cut', key, pid, at: undefined });
    }
  }

  #leave(pid: string): void {
    this.#gone.add(pid);
    this.#workers.delete(pid);
    this.#ignoring.delete(pid);
  }

  #note(heard: Heard): void {
    this.clock++;
    this.#heard.push(heard);
  }
}

/** Of a supervisor that ended with an error. */
function endOf(error: TroupeError): string {
  if (/ gave up: /.test(error.message)) return 'gives up';
  if (/ cannot start: /.test(error.message)) return 'cannot start';
  return 'cut';
}
