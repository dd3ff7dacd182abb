/** One process that is a state machine: what arrives for it becomes events, and its final state is its end. */
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import {
  type EventQueue,
  type ImportTable,
  type Message,
  type Payload,
  type ProcessEvent,
  type StateMachine,
  type StepOutput,
  StepStatus,
} from '../../runtime/machine.ts';
import { copyPayload } from '../../runtime/payload/copy.ts';
import { raise } from '../../sdk/typescript/guest_error.ts';
import { Process } from '../../sdk/typescript/process.ts';
import { SLICE, slice } from '../../sdk/typescript/slice.ts';
import type { Waits } from '../../sdk/typescript/waits.ts';
import { beginContained, endContained } from '../typescript/contained/guest_stacks.ts';
import { type Event, RootActor } from './adapter.ts';
import type { XStateProgram } from './program.ts';

export class XStateProcess extends Process implements StateMachine {
  protected readonly program: XStateProgram;
  protected method = '';
  private args: readonly Payload[] | undefined = undefined;
  protected actor: RootActor | undefined = undefined;

  constructor(program: XStateProgram) {
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
    this.events = events;
    this.output = out;
    const { contained } = this.program;
    if (contained) beginContained();
    const status = this.run(events);
    slice.stepping = undefined;
    if (contained) endContained();
    return status;
  }

  close(): void {
    this.end();
    this.actor = undefined;
    this.args = undefined;
  }

  override fork(): void {
    raise(
      new TroupeError('a machine has no paths to fork: invoke or spawn an actor, or a process by fromEntry', {
        kind: 'INVALID',
        retryable: false,
      }),
    );
  }

  private run(events: EventQueue): StepStatus {
    try {
      return this.drive(events);
    } catch (thrown) {
      return this.failed(thrown);
    }
  }

  private drive(events: EventQueue): StepStatus {
    let { actor } = this;
    if (actor === undefined) {
      actor = new RootActor(this, this.program.machine(this.method), this.args![0]);
      this.actor = actor;
      this.args = undefined;
      actor.start();
    } else if (this.more?.upgrading !== true) actor.flush();
    this.more?.collect(events);
    for (;;) {
      const { more } = this;
      if (more?.upgrading) return StepStatus.Upgrade;
      if (actor.status !== 'active') break;
      if (more?.onItsWay) return StepStatus.Blocked;
      if (slice.left-- <= 0) return StepStatus.Ready;
      if (more !== undefined && more.mail.size > 0 && passMail(more)) continue;
      const event = nextEvent(events, actor.hearsProcesses);
      if (event === undefined) return StepStatus.Idle;
      actor._send(event);
    }
    if (actor.status === 'error') return this.failed(actor.error);
    return this.finished(actor.output);
  }

  private finished(output: unknown): StepStatus {
    let result: Payload;
    try {
      result = copyPayload(output, 'output');
    } catch (refused) {
      return this.failed(toTroupeError(refused, 'INVALID'));
    }
    this.out.complete(result);
    return StepStatus.Complete;
  }

  private failed(thrown: unknown): StepStatus {
    this.out.fail(this.program.errorOf(thrown ?? new TroupeError('the machine ended in an error state')));
    return StepStatus.Complete;
  }
}

/** Give something that has come to an actor that waits for it; whether there was anything. */
function passMail(waits: Waits): boolean {
  for (const source of waits.mail) {
    const waiter = source.pass();
    if (waiter === undefined) continue;
    waits.deliver(waiter);
    return true;
  }
  return false;
}

/** Process events first: an end or a cancel should not wait behind a full inbox. */
function nextEvent(events: EventQueue, hearsProcesses: boolean): Event | undefined {
  const event = hearsProcesses ? events.event() : undefined;
  if (event !== undefined) return ofProcessEvent(event);
  const message = events.message();
  return message === undefined ? undefined : ofMessage(message);
}

function ofProcessEvent({ kind, ...rest }: ProcessEvent): Event {
  return { ...rest, type: kind };
}

/** `xstate.done...` and `pid.exit` are said by XState and by the scheduler, never by a sender. */
const SAID_BY_THE_RUNTIME = /^(xstate|pid|troupe)\./;

/** `{ type, payload, from }`, and the fields of the payload where it is an object. */
function ofMessage(message: Message): Event {
  const { topic, payload, from } = message;
  const type = SAID_BY_THE_RUNTIME.test(topic) ? `@${topic}` : topic;
  if (typeof payload !== 'object' || payload === null || !isPlain(payload)) return { type, payload, from };
  return { ...payload, type, payload, from };
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
