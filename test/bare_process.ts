/** One process without a kernel: steps it, keeps what it asks for, and can move it between any two steps. */
import type { TroupeError } from '../runtime/errors.ts';
import {
  Answer,
  type BoundOperation,
  type EventQueue,
  type Image,
  type ImportTable,
  Message,
  Packed,
  type Payload,
  type Program,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../runtime/machine.ts';

/** What a host grants that says nothing but these limits. */
export function importTable(limits: Partial<ImportTable> = {}): ImportTable {
  return { host: 'app:host', trusted: false, names: [], has: () => false, get: () => undefined, ...limits };
}

export class BareProcess {
  readonly program: Program;
  machine: StateMachine;
  status: StepStatus = StepStatus.Ready;
  value: Payload;
  error: TroupeError | undefined;
  steps = 0;
  /** While false, timers that are set do not fire. */
  timersRun = true;
  /** What it sent, in order: topic and payload. */
  readonly sent: [string, Payload][] = [];
  /** Operations that it called, in order. */
  readonly invoked: [string, readonly Payload[]][] = [];
  /** Names of operations whose answers do not come. */
  readonly unanswered = new Set<string>();
  readonly #messages: Message[] = [];
  readonly #topics = new Set<string>();
  readonly #timers: number[] = [];
  #due = 0;
  readonly #queue: EventQueue;
  readonly #out: StepOutput;

  /** `kernel`: what waits for it where it was before. */
  constructor(program: Program, machine: StateMachine, kernel?: KernelPart) {
    this.program = program;
    this.machine = machine;
    if (kernel !== undefined) {
      for (const [topic, from, packed] of kernel.messages) {
        this.#messages.push(new Message(topic, from, new Packed(Uint8Array.from(packed)), 1));
      }
      for (const topic of kernel.topics) this.#topics.add(topic);
      this.#timers.push(...kernel.timers);
    }
    const take = (wanted: (message: Message) => boolean): Message | undefined => {
      const at = this.#messages.findIndex(wanted);
      return at < 0 ? undefined : this.#messages.splice(at, 1)[0];
    };
    this.#queue = {
      answer: () => {
        // Those that are set in this step fire in the next one.
        const tag = this.#due-- > 0 ? this.#timers.shift() : undefined;
        return tag === undefined ? undefined : new Answer(tag, null, undefined);
      },
      message: () => take(message => !this.#topics.has(message.topic)),
      messageOn: topic => take(message => message.topic === topic),
      event: () => undefined,
      hear: () => undefined,
      listen: topic => {
        this.#topics.add(topic);
        return undefined;
      },
      unlisten: topic => this.#topics.delete(topic),
      waiting: 0,
    };
    this.#out = {
      pid: '{app:host|0x00001}',
      id: 'app:main',
      context: {},
      send: (dest: string, topic: string, payload: Payload | Packed) => {
        const message = new Message(topic, dest, payload, 1);
        if (dest === '{app:host|0x00001}') this.#messages.push(message);
        else this.sent.push([topic, message.payload]);
        return undefined;
      },
      timer: (tag: number) => this.#timers.push(tag),
      // Chance and time stand still, so that every run is the same.
      invoke: (_tag: number, { name }: BoundOperation, args: readonly Payload[]) => {
        this.invoked.push([name, args]);
        return this.unanswered.has(name) ? undefined : 0.5;
      },
      abandon: () => false,
      isOutstanding: (tag: number) => this.#timers.includes(tag),
      anyTimer: false,
      takeWork: () => 0,
      options: () => ({ trap_links: false, upgradable: false }),
      complete: (value: Payload) => {
        this.value = value;
      },
      fail: (error: TroupeError) => {
        this.error = error;
      },
    } as unknown as StepOutput;
  }

  static begin(program: Program, ...args: Payload[]): BareProcess {
    const machine = program.create();
    machine.init('main', args);
    return new BareProcess(program, machine);
  }

  /** `bytes`: what the payload keeps, where it is much. */
  send(topic: string, payload: Payload, bytes = 0): void {
    this.#messages.push(new Message(topic, '{app:host|0x00002}', payload, 1, bytes));
  }

  step(): StepStatus {
    this.steps++;
    this.#due = this.timersRun ? this.#timers.length : 0;
    this.status = this.machine.step(this.#queue, this.#out);
    return this.status;
  }

  get isOver(): boolean {
    return this.status === StepStatus.Complete;
  }

  get canGoOn(): boolean {
    if (this.status === StepStatus.Ready) return true;
    if (this.isOver) return false;
    return (this.timersRun && this.#timers.length > 0) || this.#messages.length > 0;
  }

  /** Until it ends or waits for what does not come. `between` may move it. */
  run(between: (process: BareProcess) => void = () => undefined): this {
    while (this.canGoOn) {
      this.step();
      if (!this.isOver) between(this);
    }
    return this;
  }

  /** Leave as an image: nothing of the process is here any more. */
  leave(): Image {
    const image = this.machine.suspend!()!;
    this.machine.close();
    return image;
  }

  /** Go on from an image, of this process or of another one of the same program. */
  enter(image: Image): void {
    this.machine = this.program.resume!(image);
  }

  /** What is the kernel's and so in no image; plain data. */
  kernel(): KernelPart {
    return {
      messages: this.#messages.map(({ topic, from, packed }) => [topic, from, [...packed]]),
      topics: [...this.#topics],
      timers: this.#timers,
    };
  }
}

export interface KernelPart {
  readonly messages: readonly (readonly [topic: string, from: string, packed: readonly number[]])[];
  readonly topics: readonly string[];
  readonly timers: readonly number[];
}
