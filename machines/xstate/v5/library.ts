/** The module `xstate` as programs import it: without what would run beside the scheduler. */
import * as xstate from 'xstate';
import { TroupeError } from '../../../runtime/errors.ts';
import { freezeData, privateContext } from '../description.ts';

export type Machine = xstate.AnyStateMachine;

export function isMachine(value: unknown): value is Machine {
  return value instanceof xstate.StateMachine;
}

type AnyFunction = (...args: any[]) => any;

/** One machine serves many processes: its description is frozen, and each process has its context to itself. */
function described(config: unknown): unknown {
  const owned = privateContext(config);
  freezeData(owned);
  return owned;
}

function wrapSetup(made: object): object {
  const { createMachine, extend } = made as { createMachine: AnyFunction; extend: AnyFunction };
  return {
    ...made,
    createMachine: (config: unknown) => createMachine(described(config)),
    extend: (more: unknown) => wrapSetup(extend(more)),
  };
}

function noActors(): never {
  throw new TroupeError(
    'createActor is not available to a process, which is one actor already: invoke or spawn the machine as a child, or make it an entry of its own',
    { kind: 'PERMISSION_DENIED', retryable: false },
  );
}

/** XState without what would run beside the scheduler. */
export const xstateForPrograms: object = Object.freeze({
  ...xstate,
  createMachine: (config: unknown, implementations: unknown) =>
    (xstate.createMachine as AnyFunction)(described(config), implementations),
  setup: (options: unknown) => wrapSetup((xstate.setup as AnyFunction)(options)),
  createActor: noActors,
  interpret: noActors,
});
