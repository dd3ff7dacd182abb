import type {
  EventQueue,
  Image,
  MachineType,
  Payload,
  Program,
  StateMachine,
  StepOutput,
} from '../../runtime/machine.ts';
import { StepStatus } from '../../runtime/machine.ts';

/** How often processes were moved. */
export interface Moves {
  count: number;
}

/** Every process leaves as an image after every `every`th of its steps and goes on in another instance. */
export function movingMachine(machine: MachineType, every: number, moves: Moves): MachineType {
  return {
    kinds: machine.kinds,
    prepare: (entry, tools) => machine.prepare(entry, tools),
    share: machine.share === undefined ? undefined : () => machine.share!(),
    load(entry, artifact, imports, shared) {
      const program = machine.load(entry, artifact, imports, shared);
      return {
        payloads: program.payloads,
        create: () => new Mover(program, program.create(), every, moves),
        resume: (image: Image) => program.resume!(image),
      };
    },
  };
}

class Mover implements StateMachine {
  readonly #program: Program;
  readonly #every: number;
  readonly #moves: Moves;
  #machine: StateMachine;
  #steps = 0;

  constructor(program: Program, machine: StateMachine, every: number, moves: Moves) {
    this.#program = program;
    this.#machine = machine;
    this.#every = every;
    this.#moves = moves;
  }

  init(method: string, args: readonly Payload[]): void {
    this.#machine.init(method, args);
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    const status = this.#machine.step(events, out);
    if (status === StepStatus.Complete || status === StepStatus.Upgrade || ++this.#steps % this.#every !== 0) {
      return status;
    }
    const image = this.#machine.suspend?.();
    if (image === undefined) return status;
    this.#machine.close();
    this.#machine = this.#program.resume!(image);
    this.#moves.count++;
    return status;
  }

  close(): void {
    this.#machine.close();
  }
}
