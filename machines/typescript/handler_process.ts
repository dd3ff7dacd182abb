/**
 * One process that is handlers: gives each what arrives for it, one after the other. Answers and ends of timers come
 * first, then process events, then messages in their order.
 */
import { isPromise } from 'node:util/types';
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type { EventQueue, ImportTable, Payload, StateMachine, StepOutput } from '../../runtime/machine.ts';
import { StepStatus } from '../../runtime/machine.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { isCommand } from '../../sdk/typescript/command.ts';
import { type Arrival, HandledProcess, NamedAnswer } from '../../sdk/typescript/handled_process.ts';
import { type HandlerSelf, SelfOfHandlers } from '../../sdk/typescript/handler_self.ts';
import { type Handler, isDone, resultOf } from '../../sdk/typescript/handlers.ts';
import { SLICE, slice } from '../../sdk/typescript/slice.ts';
import { beginContained, endContained } from './contained/guest_stacks.ts';
import type { TypeScriptProgram } from './program.ts';

/** What a handler's return means where the process goes on. */
const GO_ON = -1;

export class HandlerProcess extends HandledProcess implements StateMachine {
  protected readonly program: TypeScriptProgram;
  protected method = '';
  protected state: unknown = undefined;
  protected readonly self: HandlerSelf = new SelfOfHandlers(this);
  private args: readonly Payload[] | undefined = undefined;

  constructor(program: TypeScriptProgram) {
    super();
    this.program = program;
  }

  override get imports(): ImportTable {
    return this.program.imports;
  }

  init(method: string, args: readonly Payload[]): void {
    this.method = method;
    this.args = args;
  }

  step(events: EventQueue, out: StepOutput): StepStatus {
    slice.left = SLICE;
    slice.stepping = this;
    slice.running = undefined;
    const { contained } = this.program;
    if (contained) beginContained();
    let status: StepStatus | typeof GO_ON = GO_ON;
    if (this.output === undefined) {
      this.events = events;
      this.output = out;
      // One that goes on from an image has begun elsewhere.
      if (this.table === undefined) status = this.begin();
    }
    if (status === GO_ON) status = this.more === undefined ? this.handleMail() : this.handleAll();
    slice.stepping = undefined;
    if (contained) endContained();
    return status;
  }

  close(): void {
    this.end();
    this.args = undefined;
    this.state = undefined;
    this.timers = undefined;
  }

  private begin(): StepStatus | typeof GO_ON {
    const args = this.args!;
    this.args = undefined;
    let first: unknown;
    try {
      const table = this.program.handlers(this.method);
      this.table = table;
      const { init } = table;
      first = args.length === 1 ? init(this.self, args[0]) : init(this.self, ...args);
    } catch (thrown) {
      return this.failed(thrown);
    }
    return this.taken(first);
  }

  /** Events and messages, as long as nothing else can come. */
  private handleMail(): StepStatus {
    const { events } = this;
    const table = this.table!;
    while (slice.left > 0) {
      slice.left--;
      let handler = table.event;
      let arrived: unknown;
      if (handler !== undefined) arrived = events.event();
      if (arrived === undefined) {
        const message = events.message();
        if (message === undefined) return StepStatus.Idle;
        handler = table.forTopic(message.topic);
        if (handler === undefined) continue;
        arrived = message;
      }
      const status = this.handle(handler!, arrived);
      if (status !== GO_ON) return status;
      if (this.more !== undefined) return this.handleAll();
    }
    return StepStatus.Ready;
  }

  private handleAll(): StepStatus {
    const { events } = this;
    const waits = this.more!;
    const table = this.table!;
    while (slice.left > 0) {
      if (waits.upgrading) return StepStatus.Upgrade;
      slice.left--;
      waits.collect(events);
      let status: StepStatus | typeof GO_ON = GO_ON;
      if (this.arrived.length > 0) status = this.handleArrival(this.arrived.shift()!);
      else {
        let handler = table.event;
        let arrived: unknown;
        if (handler !== undefined) arrived = events.event();
        if (arrived === undefined) {
          const message = events.message();
          if (message === undefined) return StepStatus.Idle;
          handler = table.forTopic(message.topic);
          arrived = message;
        }
        if (handler !== undefined) status = this.handle(handler, arrived);
      }
      if (status !== GO_ON) return status;
    }
    return StepStatus.Ready;
  }

  private handleArrival(arrival: Arrival): StepStatus | typeof GO_ON {
    if (arrival.forgotten) return GO_ON;
    const { name, note } = arrival;
    if (arrival instanceof NamedAnswer) {
      const { value, error } = arrival;
      return this.handle(this.table!.answers.get(name)!, { value, error, note });
    }
    this.timers!.delete(name);
    return this.handle(this.table!.timers.get(name)!, note);
  }

  private handle(handler: Handler, arrived: unknown): StepStatus | typeof GO_ON {
    let result: unknown;
    try {
      result = handler(this.self, this.state, arrived);
    } catch (thrown) {
      return this.failed(thrown);
    }
    if (result === undefined && (this.more === undefined || !this.more.upgrading)) return GO_ON;
    return this.taken(result);
  }

  /** What `init` or a handler answered. */
  private taken(result: unknown): StepStatus | typeof GO_ON {
    if (this.more?.upgrading) return StepStatus.Upgrade;
    if (typeof result === 'object' && result !== null && result !== this.state) {
      if (isDone(result)) return this.finished(resultOf(result));
      if (isPromise(result) || isCommand(result)) return this.failed(cannotWait());
    }
    this.state = result;
    return GO_ON;
  }

  private finished(value: unknown): StepStatus {
    let result: Payload;
    try {
      result = copyPayload(value, 'result');
    } catch (refused) {
      return this.failed(toTroupeError(refused, 'INVALID'));
    }
    this.out.complete(result);
    return StepStatus.Complete;
  }

  private failed(thrown: unknown): StepStatus {
    this.out.fail(this.program.errorOf(thrown));
    return StepStatus.Complete;
  }
}

function cannotWait(): TroupeError {
  return new TroupeError(
    'a handler answered a command or promise where the next state belongs: begin it with `self.expect(name, command)` and handle its answer in `answers`',
    { kind: 'INVALID', retryable: false },
  );
}
