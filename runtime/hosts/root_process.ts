/**
 * The process through which a program that embeds the runtime takes part in it: its calls are a process's calls, so
 * that spawns, monitors and `exec` from outside have exactly the semantics they have inside.
 */
import { runtimeStopped } from '../catalogue.ts';
import type { Clock } from '../clock.ts';
import type { TroupeError } from '../errors.ts';
import {
  type EventQueue,
  type Message,
  type Payload,
  type ProcessEvent,
  ProcessEventKind,
  type SpawnRequest,
  type StateMachine,
  type StepOutput,
  StepStatus,
  STARTED,
} from '../machine.ts';

interface Waiting {
  resolve(value: Payload): void;
  reject(error: TroupeError): void;
}

export class RootMachine implements StateMachine {
  readonly #waiting = new Map<number, Waiting>();
  readonly #exits = new Map<string, ((event: ProcessEvent) => void)[]>();
  readonly #starts = new Map<string, () => void>();
  readonly #clock: Clock;
  #nextTag = 1;
  /** Gets each message that is sent to the embedding program's PID. */
  onMessage: ((message: Message) => void) | undefined = undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  init(): void {}

  step(events: EventQueue): StepStatus {
    for (let answer = events.answer(); answer !== undefined; answer = events.answer()) {
      const waiting = this.#waiting.get(answer.tag);
      this.#waiting.delete(answer.tag);
      if (answer.error !== undefined) waiting?.reject(answer.error);
      else waiting?.resolve(answer.value);
    }
    for (let event = events.event(); event !== undefined; event = events.event()) {
      if (event.kind === STARTED) {
        this.#starts.get(event.from)?.();
        this.#starts.delete(event.from);
      }
      if (event.kind !== ProcessEventKind.EXIT) continue;
      this.#starts.delete(event.from);
      const listeners = this.#exits.get(event.from);
      this.#exits.delete(event.from);
      for (const listener of listeners ?? []) listener(event);
    }
    // Without a listener messages to the outside are taken all the same, so that they do not pile up.
    for (let message = events.message(); message !== undefined; message = events.message()) this.onMessage?.(message);
    return StepStatus.Idle;
  }

  close(): void {
    this.#closed = true;
    // Whoever still waits for an exit must not wait for ever.
    for (const [from, listeners] of this.#exits) {
      const at = this.#clock.unix() / 1000;
      const event: ProcessEvent = { kind: ProcessEventKind.EXIT, from, at, result: { error: runtimeStopped() } };
      for (const listener of listeners) listener(event);
    }
    this.#exits.clear();
    this.#starts.clear();
    for (const waiting of this.#waiting.values()) waiting.reject(runtimeStopped());
    this.#waiting.clear();
  }

  exec(out: StepOutput, request: SpawnRequest): Promise<Payload> {
    if (this.#closed) return Promise.reject(runtimeStopped());
    return new Promise((resolve, reject) => {
      const tag = this.#nextTag++;
      this.#waiting.set(tag, { resolve, reject });
      out.exec(tag, request);
    });
  }

  /** Wait for `milliseconds` on the runtime's clock, or until the runtime stops. */
  wait(out: StepOutput, milliseconds: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise(resolve => {
      const tag = this.#nextTag++;
      const over = (): void => resolve();
      this.#waiting.set(tag, { resolve: over, reject: over });
      out.timer(tag, milliseconds);
    });
  }

  /** Call `listener` once with the EXIT of a process that was spawned with `monitor: true`. */
  onExit(pid: string, listener: (event: ProcessEvent) => void): void {
    const listeners = this.#exits.get(pid);
    if (listeners === undefined) this.#exits.set(pid, [listener]);
    else listeners.push(listener);
  }

  /** Call `listener` once where a process that was spawned with `announce: true` waits for the first time. */
  onStarted(pid: string, listener: () => void): void {
    this.#starts.set(pid, listener);
  }
}
