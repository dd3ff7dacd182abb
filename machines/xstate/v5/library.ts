/** The module `xstate` as programs import it: without what would run beside the scheduler. */
import { isProxy } from 'node:util/types';
import * as xstate from 'xstate';
import { TroupeError } from '../../../runtime/errors.ts';
import { freezeData, privateContext } from '../description.ts';

export type Machine = xstate.AnyStateMachine;
export type Library = typeof xstate;

/** Every copy of XState that machines here are made by. */
const libraries: Library[] = [xstate];

export function isMachine(value: unknown): value is Machine {
  return !isProxy(value) && libraries.some(({ StateMachine }) => value instanceof StateMachine);
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

export function denied(text: string): () => never {
  return () => {
    throw new TroupeError(text, { kind: 'PERMISSION_DENIED', retryable: false });
  };
}

const noActors = denied(
  'createActor is not available to a process, which is one actor already: invoke or spawn the machine as a child, or make it an entry of its own',
);

/** A copy of XState without what would run beside the scheduler. */
export function forPrograms(library: Library, more: object = {}): object {
  if (!libraries.includes(library)) libraries.push(library);
  return {
    ...library,
    createMachine: (config: unknown, implementations: unknown) =>
      (library.createMachine as AnyFunction)(described(config), implementations),
    setup: (options: unknown) => wrapSetup((library.setup as AnyFunction)(options)),
    createActor: noActors,
    interpret: noActors,
    ...more,
  };
}

/** For programs of trusted hosts. */
export const xstateForPrograms: object = Object.freeze(forPrograms(xstate));
