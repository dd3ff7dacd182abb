/**
 * Preemption. `luaV_execute` looks at its flag `trap` at every jump backwards and after every call; where that is set,
 * it calls `luaG_traceexec`, which may yield. So fuel is counted where `trap` is read, no fuel sets it, and the hook
 * preempts: it yields without values, as a hook may, and the coroutine goes on where it was when it is resumed.
 */
import { Status } from '../../layout.ts';
import { FUEL, HOW, How, UNWINDING } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import { NOT_YIELDABLE } from '../anchors/layout.ts';
import * as asm from '../assemble.ts';
import type { Program } from '../program.ts';
import type { ProtectedCalls } from './protected_calls.ts';
import { isOverdrawn, raiseTooLong } from './too_long.ts';

/** Position of the sign in a word. */
const SIGN_BIT = 31;
const INSTRUCTION_BYTES = 4;

/** Of an instruction: the operand B, and the opcode. */
const OPERAND_B = 0x00ff_0000;
const OPCODE = 0x7f;
/** In `luaP_opmodes`: takes the values up to the top that the instruction before has left, if its B is 0. */
const USES_TOP = 32;

export function editPreemption(program: Program, anchors: Anchors, globals: ProtectedCalls): void {
  const { interpreter, calls } = anchors;
  const execute = program.code(calls.luaV_execute);
  const left = execute.addLocal();
  const countDown = asm.code(
    asm.constant(0),
    asm.word(FUEL),
    asm.constant(1),
    asm.subtract,
    asm.tee(left),
    asm.store(FUEL),
    asm.get(left),
    asm.constant(SIGN_BIT),
    asm.shiftRightUnsigned,
    asm.or,
  );
  for (const position of [interpreter.hookmaskLoad, ...interpreter.trapLoads]) execute.insertAfter(position, countDown);

  const preempt = addPreempt(program, anchors, globals);
  program
    .code(interpreter.luaG_traceexec)
    .insertAtEntry(
      asm.code(
        asm.word(FUEL),
        asm.constant(0),
        asm.lessSigned,
        asm.when(asm.get(0), asm.get(1), asm.call(preempt), asm.when(asm.constant(1), asm.answer)),
      ),
    );
}

/** `(L, pc) -> stop`: 1: the coroutine yields, luaG_traceexec has to return 1; 0: it has to go on. */
function addPreempt(program: Program, { layout, functions, interpreter }: Anchors, globals: ProtectedCalls): number {
  const [L, pc, ci, instruction] = [0, 1, 2, 3];
  const isNotYieldable = asm.code(
    asm.get(L),
    asm.load(layout.nCcalls),
    asm.constant(NOT_YIELDABLE),
    asm.greaterOrEqualUnsigned,
  );
  const coverRegisters = asm.code(asm.get(L), asm.get(ci), asm.load(interpreter.ciTop), asm.store(layout.top));
  // Between instructions L->top may lie below live registers. All of them have to survive, except where the next
  // instruction takes what is below the top.
  const settle = asm.code(
    asm.get(L),
    asm.load(layout.ci),
    asm.tee(ci),
    asm.get(pc),
    asm.store(layout.savedpc),
    asm.get(pc),
    asm.load(0),
    asm.tee(instruction),
    asm.constant(OPERAND_B),
    asm.and,
    asm.whenElse(
      coverRegisters,
      asm.code(
        asm.get(instruction),
        asm.constant(OPCODE),
        asm.and,
        asm.constant(interpreter.opmodes),
        asm.add,
        asm.loadByte(0),
        asm.constant(USES_TOP),
        asm.and,
        asm.not,
        asm.when(coverRegisters),
      ),
    ),
  );
  // Errors name the line of the instruction before savedpc.
  const fail = asm.code(
    asm.get(ci),
    asm.get(pc),
    asm.constant(INSTRUCTION_BYTES),
    asm.add,
    asm.store(layout.savedpc),
    raiseTooLong(L, functions.luaG_runerror),
  );
  return program.module.addFunction(
    { params: 2, results: 1, locals: 2 },
    asm.code(
      isNotYieldable,
      asm.when(isOverdrawn, asm.not, asm.when(asm.constant(0), asm.answer), settle, fail),
      settle,
      asm.get(L),
      asm.constant(Status.Yield),
      asm.storeByte(layout.status),
      asm.get(ci),
      asm.constant(0),
      asm.store(layout.nyield),
      asm.get(ci),
      asm.constant(0),
      asm.store(layout.trap),
      asm.setWord(HOW, asm.constant(How.Preempted)),
      asm.get(L),
      asm.load(layout.nCcalls),
      asm.getGlobal(globals.yieldBase),
      asm.equal,
      asm.when(asm.setWord(UNWINDING, asm.constant(1)), asm.constant(1), asm.answer),
      asm.get(L),
      asm.constant(Status.Yield),
      asm.call(functions.luaD_throw),
      asm.unreachable,
    ),
  );
}
