/**
 * Work of C code is counted as well: every turn of a loop takes one fuel, and copying takes some by length. Most loops
 * end by themselves, so they only bring the next preemption nearer. Those of the library functions that a program can
 * make run for ever, or for longer than anybody waits, fail when the budget is used up.
 */
import { Bulk, Op } from '../../../../wasm/binary/opcodes.ts';
import { FUEL, MIN_FUEL } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import * as asm from '../assemble.ts';
import type { FunctionCode } from '../function_code.ts';
import { TOO_LONG } from '../page_zero.ts';
import type { Program } from '../program.ts';
import type { ProtectedCalls } from './protected_calls.ts';
import { grantGrace, isOverdrawn, isOverdrawnBy, raiseTooLong } from './too_long.ts';

/**
 * What a turn of a loop over a table takes: it reads and writes values through metamethods, which takes as long as so many
 * turns of other loops.
 */
const FUEL_OF_ITEM = 6;
/**
 * Turns that are allowed beyond the budget there: joining half a million numbers, which fit into the memory of a process,
 * takes about as much as the usual budget, and should not fail where some of that is spent already.
 */
const EXTRA_FOR_TABLES = 1 << 23;

/** Shifts any `GRACE` away. */
const ALL_BITS = 31;

/** A unit of fuel copies 2 to this power bytes. */
const COPY_SHIFT = 6;

const takeFuel = (amount: asm.Bytes): asm.Bytes => asm.setWord(FUEL, asm.code(asm.word(FUEL), amount, asm.subtract));

const takeOne: asm.Bytes = takeFuel(asm.constant(1));

export function editBudgets(program: Program, anchors: Anchors, globals: ProtectedCalls): void {
  const { libraries, calls } = anchors;
  const fails = (body: asm.Bytes) => program.module.addFunction({ params: 0, results: 0 }, body);
  const raise = (text: number, shift: number) => raiseError(anchors, globals, text, shift);
  const tooComplex = fails(raise(libraries.tooComplex, 1));
  // The second such error in a row leaves nothing to its handlers.
  const tooLong = fails(asm.code(isOverdrawnBy(EXTRA_FOR_TABLES), asm.when(raise(TOO_LONG, ALL_BITS))));
  const repetition = fails(asm.code(repeatsNothing(program, globals), asm.when(raise(TOO_LONG, 1))));
  for (const fn of program.module.functions) {
    if (fn === calls.luaV_execute) continue;
    const code = program.code(fn);
    if (libraries.patterns.has(fn)) limit(code, 1, tooComplex, fn === libraries.match);
    else if (libraries.tables.has(fn)) limit(code, FUEL_OF_ITEM, tooLong, false);
    else if (fn === libraries.repetition) limit(code, 1, repetition, false);
    else for (const position of code.backEdges()) code.insertOnBranch(position, takeOne);
    chargeCopies(code);
  }
  limitAtomicCalls(program, anchors);
  limitCallables(program, anchors);
}

/** Every turn of a loop, and every call of a function that is `recursive`, takes fuel and checks the budget. */
function limit(code: FunctionCode, fuel: number, fail: number, recursive: boolean): void {
  const positions = code.backEdges();
  if (positions.length === 0 && !recursive) return;
  const left = code.addLocal();
  const check = asm.code(
    asm.constant(0),
    asm.word(FUEL),
    asm.constant(fuel),
    asm.subtract,
    asm.tee(left),
    asm.store(FUEL),
    asm.get(left),
    asm.word(MIN_FUEL),
    asm.lessSigned,
    asm.when(asm.call(fail)),
  );
  if (recursive) code.insertAtEntry(check);
  for (const position of positions) code.insertOnBranch(position, check);
}

/** Whether `string.rep`, which runs, has nothing to repeat: only then its end is not set by the limit of memory. */
function repeatsNothing({ module }: Program, { yieldState }: ProtectedCalls): asm.Bytes {
  const length = (argument: number): asm.Bytes =>
    asm.code(asm.getGlobal(yieldState), asm.constant(argument), asm.call(module.exported('lua_rawlen')), asm.lowWord);
  const [text, separator] = [1, 3];
  return asm.code(length(text), length(separator), asm.or, asm.not);
}

/**
 * What the C code of libraries calls without being able to wait for it: comparators, callbacks, readers, `__tostring`,
 * whatever they are written in. Not Lua's own calls of this kind: they close the buffers in which a large result was made.
 */
function limitAtomicCalls(program: Program, { calls, libraries }: Anchors): void {
  const L = 0;
  const fail = program.module.addFunction({ params: 1, results: 0 }, raiseTooLong(L, libraries.luaL_error));
  program
    .exported('lua_callk')
    .insertBefore(calls.atomicCall, asm.code(takeOne, isOverdrawn, asm.when(asm.get(L), asm.call(fail))));
}

/**
 * An object whose `__call` is another such object, and so on: each adds an argument, and moves those that are there. Where
 * one is its own `__call`, only this ends it.
 */
function limitCallables(program: Program, { calls, libraries }: Anchors): void {
  const L = 0;
  program
    .code(calls.luaD_tryfuncTM)
    .insertAtEntry(asm.code(isOverdrawn, asm.when(raiseTooLong(L, libraries.luaL_error))));
}

/** Raises the error with this text in the state that runs. Outside of protected calls there is none to raise it in. */
function raiseError({ libraries }: Anchors, { yieldState }: ProtectedCalls, text: number, shift: number): asm.Bytes {
  return asm.code(
    asm.getGlobal(yieldState),
    asm.when(
      grantGrace(shift),
      asm.getGlobal(yieldState),
      asm.constant(text),
      asm.constant(0),
      asm.call(libraries.luaL_error),
      asm.unreachable,
    ),
  );
}

function chargeCopies(code: FunctionCode): void {
  let length: number | undefined;
  code.instructions.forEach(({ op, value }, position) => {
    if (op !== Op.PrefixBulk || (value !== Bulk.MemoryCopy && value !== Bulk.MemoryFill)) return;
    length ??= code.addLocal();
    const amount = asm.code(asm.get(length), asm.constant(COPY_SHIFT), asm.shiftRightUnsigned);
    code.insertBefore(position, asm.code(asm.tee(length), takeFuel(amount)));
  });
}
