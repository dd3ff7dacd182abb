/**
 * Yields that return. Stock Lua leaves a coroutine by longjmp, an exception of several microseconds. Here a yield sets
 * `UNWINDING`, and each function between it and `lua_resume` looks at that after its call and returns at once.
 *
 * It may do so only where all C functions in between are known to look: where `L->nCcalls` is what it was when the
 * coroutine was resumed. Every other way from C back into Lua counts it up (metamethods, comparators, callbacks), and
 * a yield from in there is thrown as before. `L->status` is no substitute for `UNWINDING`: a host may run metamethods on
 * coroutines that are suspended or dead.
 */
import { Status } from '../../layout.ts';
import { UNWINDING } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import * as asm from '../assemble.ts';
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';
import { type ProtectedCalls, STACK_POINTER } from './protected_calls.ts';

/** `L` is the first parameter of every function that is edited here. */
const L = 0;

/** What `lua_yieldk` answers when it returned: the C function hands it on, and nobody looks at it. */
const NO_RESULTS = -2;

export function editYields(program: Program, anchors: Anchors, globals: ProtectedCalls): void {
  const { calls, functions, interpreter } = anchors;
  const instead = unwindHere(anchors, globals);

  const yieldk = program.exported('lua_yieldk');
  const thrown = yieldk.only('the throw of lua_yieldk', `get.0 const.1 call.${functions.luaD_throw} unreachable`);
  yieldk.insertBefore(thrown.first, instead(NO_RESULTS));
  // A hook may yield, too.
  program.code(interpreter.luaG_traceexec).insertBefore(interpreter.traceThrow, instead(Status.Yield));

  const unwinding = asm.word(UNWINDING);
  const leave = asm.code(unwinding, asm.when(asm.answer));
  program.code(calls.precallC).insertAfter(calls.callOfC, asm.code(unwinding, asm.when(asm.constant(0), asm.answer)));

  const resume = program.code(calls.resume);
  check(resume.instructions[calls.resumePoscall].value === calls.luaD_poscall, 'resume does not end as expected');
  resume.insertBefore(calls.resumePoscall, leave);
  resume.insertBefore(calls.resumeUnroll, leave);
  const unroll = program.code(calls.unroll);
  unroll.insertBefore(calls.unrollPoscall, leave);
  unroll.insertAfter(calls.unrollExecute, leave);

  editInterpreter(program, anchors, addCountedCall(program, anchors, globals));
}

/** Code that returns `result` where a yield may return, and else falls through to the throw. */
function unwindHere({ layout }: Anchors, { yieldBase }: ProtectedCalls): (result: number) => number[] {
  return result =>
    asm.code(
      asm.get(L),
      asm.load(layout.nCcalls),
      asm.getGlobal(yieldBase),
      asm.equal,
      asm.when(asm.setWord(UNWINDING, asm.constant(1)), asm.constant(result), asm.answer),
    );
}

/** Gives the C frame back, as the function does at its own end. */
function leaveFrame(frame: number, size: number): number[] {
  return asm.code(asm.get(frame), asm.constant(size), asm.add, asm.setGlobal(STACK_POINTER));
}

/**
 * `pcall`, `xpcall` and the iterators of `for` run their function through `luaD_call`, which counts. Both callers can
 * return at once: Lua's own continuations do the rest when the coroutine is resumed. So the count is one that `yield_base`
 * takes part in. `(L, function, results) -> whether a yield is on its way out`.
 */
function addCountedCall({ module }: Program, { layout, calls }: Anchors, { yieldBase }: ProtectedCalls): number {
  const callIt = asm.code(asm.get(L), asm.get(1), asm.get(2), asm.call(calls.luaD_call));
  return module.addFunction(
    { params: 3, results: 1 },
    asm.code(
      asm.get(L),
      asm.load(layout.nCcalls),
      asm.getGlobal(yieldBase),
      asm.notEqual,
      asm.when(callIt, asm.constant(0), asm.answer),
      asm.getGlobal(yieldBase),
      asm.constant(1),
      asm.add,
      asm.setGlobal(yieldBase),
      callIt,
      asm.getGlobal(yieldBase),
      asm.constant(1),
      asm.subtract,
      asm.setGlobal(yieldBase),
      asm.word(UNWINDING),
    ),
  );
}

function editInterpreter(program: Program, { calls, interpreter }: Anchors, countedCall: number): void {
  const pcallk = program.exported('lua_pcallk');
  check(pcallk.instructions[calls.pcallCall].value === calls.luaD_call, 'lua_pcallk calls something else');
  pcallk.replace(
    calls.pcallCall,
    asm.code(
      asm.call(countedCall),
      asm.when(leaveFrame(calls.pcallFrame, calls.pcallFrameSize), asm.constant(Status.Yield), asm.answer),
    ),
  );

  const execute = program.code(calls.luaV_execute);
  const leaveIf = execute.addExit(leaveFrame(interpreter.frame, interpreter.frameSize));
  for (const position of [interpreter.opCall, ...interpreter.opTailcall, ...interpreter.traces]) {
    execute.insertAfter(position, asm.code(asm.word(UNWINDING), leaveIf(position)));
  }
  check(execute.instructions[interpreter.opTforcall].value === calls.luaD_call, 'OP_TFORCALL calls something else');
  execute.replace(interpreter.opTforcall, asm.code(asm.call(countedCall), leaveIf(interpreter.opTforcall)));
}
