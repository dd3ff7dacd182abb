/**
 * Protected calls (`luaD_rawrunprotected`), made anew with WebAssembly's own exceptions: the stock ones go through the
 * host's `try` and an allocation for each call. Around them, the two globals that tell how a yield can leave: `yield_base`,
 * the `nCcalls` of the coroutine where it was resumed, and `yield_state`, the coroutine or state that runs.
 */
import { FIRST_GRACE, FUEL, GRACE, UNWINDING } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import * as asm from '../assemble.ts';
import { THROWN } from '../page_zero.ts';
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';

/** An exception takes as long as this many turns of a loop: some microseconds. */
const FUEL_OF_ERROR = 100;

/** Nothing was resumed: no yield can return. */
const NO_BASE = -1;

/** Global 0 is emscripten's stack pointer, as in every frame of every function. */
export const STACK_POINTER = 0;

export interface ProtectedCalls {
  /** Global: `nCcalls` with which a yield may return instead of throwing. */
  readonly yieldBase: number;
  /** Global: the `lua_State` that runs, 0 outside of all protected calls. */
  readonly yieldState: number;
}

export function editProtectedCalls(program: Program, anchors: Anchors): ProtectedCalls {
  const { module } = program;
  const { calls } = anchors;
  const yieldBase = module.addGlobal(NO_BASE);
  const yieldState = module.addGlobal(0);
  module.exportGlobal('yield_base', yieldBase);
  module.exportGlobal('yield_state', yieldState);

  const run = addRunProtected(program, anchors);
  const globals = { yieldBase, yieldState };
  const resuming = addResuming(program, anchors, globals, run);
  const others = addPublishing(program, globals, run);

  const resume = program.exported('lua_resume');
  for (const position of calls.resumeCalls) {
    const { value } = resume.instructions[position];
    check(value === calls.luaD_rawrunprotected, 'lua_resume does not call luaD_rawrunprotected where expected');
    resume.replace(position, asm.call(resuming));
  }
  for (const fn of program.callers(calls.luaD_rawrunprotected)) {
    if (fn === resume.index) continue;
    const code = program.code(fn);
    for (const position of code.callsOf(calls.luaD_rawrunprotected)) code.replace(position, asm.call(others));
  }
  return globals;
}

/** `(L, function, data) -> status`: calls `function(L, data)`; errors of L come back as their status. */
function addRunProtected(program: Program, { layout, throwing, functions }: Anchors): number {
  const { module } = program;
  const { errorJmp, buffer, errorStatus, frameSize, longjmp } = throwing;
  const [L, fn, data, frame, depth] = [0, 1, 2, 3, 4];

  // What is thrown is the address of the jump buffer, which says to whom: a state without protected call of its own
  // throws to its main thread, past those of other coroutines in between.
  const tag = module.addTag();
  const thrower = program.code(functions.luaD_throw);
  thrower.replace(longjmp - 1, []); // the second argument of longjmp
  thrower.replace(
    longjmp,
    asm.code(
      asm.setWord(THROWN, asm.code(asm.word(THROWN), asm.constant(1), asm.add)),
      asm.setWord(FUEL, asm.code(asm.word(FUEL), asm.constant(FUEL_OF_ERROR), asm.subtract)),
      asm.raise(tag),
    ),
  );

  const caught = asm.code(
    asm.get(frame),
    asm.setGlobal(STACK_POINTER),
    asm.get(frame),
    asm.constant(buffer),
    asm.add,
    asm.notEqual,
    asm.when(asm.raiseAgain(1)),
  );
  return module.addFunction(
    { params: 3, results: 1, locals: 2 },
    asm.code(
      asm.get(L),
      asm.load(layout.nCcalls),
      asm.set(depth),
      asm.getGlobal(STACK_POINTER),
      asm.constant(frameSize),
      asm.subtract,
      asm.tee(frame),
      asm.setGlobal(STACK_POINTER),
      asm.get(frame),
      asm.constant(0),
      asm.store(errorStatus),
      asm.get(frame),
      asm.get(L),
      asm.load(errorJmp),
      asm.store(0),
      asm.get(L),
      asm.get(frame),
      asm.store(errorJmp),
      asm.attempt(
        asm.code(asm.get(L), asm.get(data), asm.get(fn), asm.callIndirect(module.addWordType(2, 0))),
        tag,
        caught,
      ),
      asm.get(L),
      asm.get(depth),
      asm.store(layout.nCcalls),
      asm.get(L),
      asm.get(frame),
      asm.load(0),
      asm.store(errorJmp),
      asm.get(frame),
      asm.constant(frameSize),
      asm.add,
      asm.setGlobal(STACK_POINTER),
      asm.get(frame),
      asm.load(errorStatus),
    ),
  );
}

/**
 * The protected calls of `lua_resume`: a yield that returned answers LUA_YIELD (1). The host's own resumptions, which are
 * not within another protected call, begin with a fresh `GRACE`.
 */
function addResuming(program: Program, { layout }: Anchors, globals: ProtectedCalls, run: number): number {
  const { yieldBase, yieldState } = globals;
  const [L, fn, data, outerBase, outerState, status] = [0, 1, 2, 3, 4, 5];
  return program.module.addFunction(
    { params: 3, results: 1, locals: 3 },
    asm.code(
      asm.getGlobal(yieldBase),
      asm.set(outerBase),
      asm.getGlobal(yieldState),
      asm.tee(outerState),
      asm.not,
      asm.when(asm.setWord(GRACE, asm.constant(FIRST_GRACE))),
      asm.get(L),
      asm.load(layout.nCcalls),
      asm.setGlobal(yieldBase),
      asm.get(L),
      asm.setGlobal(yieldState),
      asm.get(L),
      asm.get(fn),
      asm.get(data),
      asm.call(run),
      asm.tee(status),
      asm.not,
      asm.when(asm.word(UNWINDING), asm.set(status)),
      asm.setWord(UNWINDING, asm.constant(0)),
      asm.get(outerBase),
      asm.setGlobal(yieldBase),
      asm.get(outerState),
      asm.setGlobal(yieldState),
      asm.get(status),
    ),
  );
}

/** All other protected calls: no yield can leave them, but which state runs has to be known there, too. */
function addPublishing(program: Program, { yieldState }: ProtectedCalls, run: number): number {
  const [L, fn, data, outerState] = [0, 1, 2, 3];
  return program.module.addFunction(
    { params: 3, results: 1, locals: 1 },
    asm.code(
      asm.getGlobal(yieldState),
      asm.set(outerState),
      asm.get(L),
      asm.setGlobal(yieldState),
      asm.get(L),
      asm.get(fn),
      asm.get(data),
      asm.call(run),
      asm.get(outerState),
      asm.setGlobal(yieldState),
    ),
  );
}
