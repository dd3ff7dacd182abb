import { type Calls, findCalls } from './anchors/calls.ts';
import { findInterpreter, type Interpreter } from './anchors/interpreter.ts';
import { findLayout, type Layout, type YieldFunctions } from './anchors/layout.ts';
import { findLibraries, type Libraries } from './anchors/libraries.ts';
import { findNewState, type NewState } from './anchors/new_state.ts';
import { findThrowing, type Throwing } from './anchors/throwing.ts';
import type { Program } from './program.ts';

/** Everything that the edits need to know of the binary: which function is which, and what lies where. */
export interface Anchors {
  readonly layout: Layout;
  readonly functions: YieldFunctions;
  readonly calls: Calls;
  readonly throwing: Throwing;
  readonly interpreter: Interpreter;
  readonly libraries: Libraries;
  readonly newState: NewState;
}

/** Throws where one of them is missing or ambiguous. */
export function findAnchors(program: Program): Anchors {
  const { layout, functions } = findLayout(program);
  const calls = findCalls(program, layout);
  return {
    layout,
    functions,
    calls,
    throwing: findThrowing(program, layout, calls, functions),
    interpreter: findInterpreter(program, layout, calls, functions),
    libraries: findLibraries(program),
    newState: findNewState(program),
  };
}
