/** Actor logic that runs a registry entry as a child process. */
import type * as xstate from 'xstate';
import { TroupeError } from '../../../runtime/errors.ts';
import type { SpawnRequest } from '../../../runtime/machine.ts';
import { copyArguments } from '../../../sdk/typescript/guest_error.ts';
import type { Process } from '../../../sdk/typescript/process.ts';
import type { Expecting } from '../../../sdk/typescript/waits.ts';
import { type Event, processOf, type Ref, type System } from './system.ts';

export interface EntryOptions<Input> {
  /** Host to run it on; default: the entry's own, or the only one. */
  host?: string;
  /** The arguments of the entry; default: the input of the child, alone. */
  args?: (input: Input) => readonly unknown[];
}

const DONE = 'troupe.child.done';
const FAILED = 'troupe.child.failed';

type EntrySnapshot<Output, Input> = xstate.Snapshot<Output> & { input: Input | undefined };

/** Actor logic of any registry entry, of any language: what `fromEntry` of the SDK answers. */
export type EntryLogic<Output, Input> = xstate.ActorLogic<
  EntrySnapshot<Output, Input>,
  xstate.EventObject,
  Input,
  xstate.ActorSystem<any>
>;

/** A child that runs as a process: its end becomes an event of its actor. */
class Child implements Expecting {
  readonly #self: Ref;
  readonly #system: System;
  readonly #process: Process;
  readonly #tag: number;

  constructor(self: Ref, system: System, process: Process, request: SpawnRequest) {
    this.#self = self;
    this.#system = system;
    this.#process = process;
    this.#tag = process.waits().expect(this);
    process.out.exec(this.#tag, request);
  }

  answered(value: unknown, error: unknown): void {
    const event = error === undefined ? { type: DONE, value } : { type: FAILED, error };
    this.#system._relay(this.#self, this.#self as never, event);
  }

  cancel(): void {
    this.#process.more?.abandon(this.#tag);
  }
}

const children = new WeakMap<object, Child>();

export function entryLogic<Output, Input>(id: string, options: EntryOptions<Input>): EntryLogic<Output, Input> {
  const logic = {
    config: { id, host: options.host },
    getInitialSnapshot: (_scope: unknown, input: Input) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
    }),
    start(state: { status: string; input: Input }, scope: xstate.AnyActorScope): void {
      if (state.status !== 'active') return;
      const { self, system } = scope;
      const process = processOf(system);
      if (process === undefined) throw outsideOfProcess(id);
      const args = options.args?.(state.input) ?? (state.input === undefined ? [] : [state.input]);
      const request = { id, host: options.host, args: copyArguments([...args], 'input') };
      children.set(self, new Child(self, system as unknown as System, process, request));
    },
    transition(state: { status: string }, event: Event, { self }: xstate.AnyActorScope) {
      if (state.status !== 'active') return state;
      switch (event.type) {
        case DONE:
          return { ...state, status: 'done', output: event.value, input: undefined };
        case FAILED:
          return { ...state, status: 'error', error: event.error, input: undefined };
        case 'xstate.stop':
          children.get(self)?.cancel();
          return { ...state, status: 'stopped', input: undefined };
        default:
          throw cannotReceive(id, event.type);
      }
    },
    getPersistedSnapshot: (state: unknown) => state,
    restoreSnapshot: (state: unknown) => state,
  };
  return logic as unknown as EntryLogic<Output, Input>;
}

function outsideOfProcess(id: string): TroupeError {
  return new TroupeError(`fromEntry("${id}") can only be invoked or spawned by the machine of a process.xstate`, {
    kind: 'INVALID',
    retryable: false,
  });
}

function cannotReceive(id: string, type: string): TroupeError {
  return new TroupeError(
    `event "${type}" cannot be sent to the child "${id}", which is a process: give it a name and use sendMessage(name, topic, payload)`,
    { kind: 'INVALID', retryable: false },
  );
}
