/** One Lua process without a kernel: steps it, keeps what it asks for, and can move it between any two steps. */
import { createHash } from 'node:crypto';
import type { Bundle } from '../../machines/lua/bundle.ts';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { LuaProgram } from '../../machines/lua/program.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import {
  Answer,
  type Entry,
  type EventQueue,
  type Image,
  type ImportTable,
  Message,
  type Payload,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../../runtime/machine.ts';

export function loadProgram(source: string, limits: Partial<ImportTable> = {}, regions?: unknown): LuaProgram {
  const bundle: Bundle = {
    units: [{ id: 'app:main', chunkName: '@main.lua', text: source, aliases: {}, place: 'app.yaml:1:1' }],
    modules: [],
  };
  const entry = { id: 'app:main' } as Entry;
  const imports: ImportTable = {
    host: 'app:host',
    trusted: false,
    names: [],
    has: () => false,
    get: () => undefined,
    ...limits,
  };
  const sha256 = createHash('sha256').update(source).digest('hex');
  return new LuaProgram(engineOfThread(regions), entry, { sha256, data: bundle }, imports);
}

export class BareProcess {
  readonly program: LuaProgram;
  machine: StateMachine;
  status: StepStatus = StepStatus.Ready;
  value: Payload;
  error: TroupeError | undefined;
  steps = 0;
  /** What it sent, in order: topic and payload. */
  readonly sent: [string, Payload][] = [];
  readonly #messages: Message[] = [];
  readonly #topics = new Set<string>();
  readonly #timers: number[] = [];
  readonly #queue: EventQueue;
  readonly #out: StepOutput;

  constructor(program: LuaProgram, machine: StateMachine) {
    this.program = program;
    this.machine = machine;
    const take = (wanted: (message: Message) => boolean): Message | undefined => {
      const at = this.#messages.findIndex(wanted);
      return at < 0 ? undefined : this.#messages.splice(at, 1)[0];
    };
    this.#queue = {
      answer: () => {
        const tag = this.#timers.shift();
        return tag === undefined ? undefined : new Answer(tag, null, undefined);
      },
      message: () => take(message => !this.#topics.has(message.topic)),
      messageOn: topic => take(message => message.topic === topic),
      event: () => undefined,
      listen: topic => this.#topics.add(topic),
      unlisten: topic => this.#topics.delete(topic),
      waiting: 0,
    };
    this.#out = {
      pid: '{app:host|0x00001}',
      id: 'app:main',
      send: (dest: string, topic: string, payload: Payload) => {
        if (dest === '{app:host|0x00001}') this.#messages.push(new Message(topic, dest, payload, 1));
        else this.sent.push([topic, payload]);
        return undefined;
      },
      timer: (tag: number) => this.#timers.push(tag),
      // Chance and time stand still, so that every run is the same.
      invoke: () => 0.5,
      abandon: () => undefined,
      complete: (value: Payload) => {
        this.value = value;
      },
      fail: (error: TroupeError) => {
        this.error = error;
      },
    } as unknown as StepOutput;
  }

  static begin(program: LuaProgram, ...args: Payload[]): BareProcess {
    const machine = program.create();
    machine.init('main', args);
    return new BareProcess(program, machine);
  }

  send(topic: string, payload: Payload): void {
    this.#messages.push(new Message(topic, '{app:host|0x00002}', payload, 1));
  }

  step(): StepStatus {
    this.steps++;
    this.status = this.machine.step(this.#queue, this.#out);
    return this.status;
  }

  get canGoOn(): boolean {
    if (this.status === StepStatus.Ready) return true;
    if (this.status === StepStatus.Complete) return false;
    return this.#timers.length > 0 || this.#messages.length > 0;
  }

  /** Until it ends or waits for what does not come. `between` may move it. */
  run(between: (process: BareProcess) => void = () => undefined): this {
    while (this.canGoOn) {
      if (this.step() !== StepStatus.Complete) between(this);
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
    this.machine = this.program.resume(image);
  }
}
