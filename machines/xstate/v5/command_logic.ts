/**
 * `fromPromise` of contained programs, which have no promises: its function answers a command, `selfOf({ system }).call(...)`
 * say, or the result itself.
 */
import type * as xstate from 'xstate';
import { TroupeError } from '../../../runtime/errors.ts';
import { type Command, isCommand, isRunning, whenSettled } from '../../../sdk/typescript/command.ts';
import { type Event, processOf, type System } from './system.ts';

interface State {
  readonly status: string;
  readonly input: unknown;
}

type Creator = (args: object) => unknown;

const DONE = 'troupe.command.done';
const FAILED = 'troupe.command.failed';

const begun = new WeakMap<object, Command<unknown>>();

export function commandLogic(creator: Creator): object {
  return {
    config: creator,
    getInitialSnapshot: (_scope: unknown, input: unknown) => ({
      status: 'active',
      output: undefined,
      error: undefined,
      input,
    }),
    start(state: State, { self, system, emit }: xstate.AnyActorScope): void {
      if (state.status !== 'active') return;
      const process = processOf(system);
      if (process === undefined) throw outsideOfProcess();
      const tell = (event: Event): void => (system as unknown as System)._relay(self, self as never, event);
      const answer = creator({ input: state.input, system, self, emit });
      if (!isCommand(answer)) {
        tell({ type: DONE, value: answer });
        return;
      }
      begun.set(self, answer);
      whenSettled(
        answer,
        process,
        value => tell({ type: DONE, value }),
        error => tell({ type: FAILED, error }),
      );
    },
    transition(state: State, event: Event, { self }: xstate.AnyActorScope): unknown {
      if (state.status !== 'active') return state;
      switch (event.type) {
        case DONE:
          return { ...state, status: 'done', output: event.value, input: undefined };
        case FAILED:
          return { ...state, status: 'error', error: event.error, input: undefined };
        case 'xstate.stop': {
          const command = begun.get(self);
          if (isRunning(command)) command.cancel();
          return { ...state, status: 'stopped', input: undefined };
        }
        default:
          return state;
      }
    },
    getPersistedSnapshot: (state: unknown) => state,
    restoreSnapshot: (state: unknown) => state,
  };
}

function outsideOfProcess(): TroupeError {
  return new TroupeError('an actor of fromPromise can only be invoked or spawned by the machine of a process.xstate', {
    kind: 'INVALID',
    retryable: false,
  });
}
