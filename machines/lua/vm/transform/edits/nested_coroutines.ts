/**
 * A coroutine that is preempted, or whose host function waits, inside of others: all of them have to stop, up to the
 * one that the host resumed. So `coroutine.resume` and the functions of `coroutine.wrap` look why the coroutine that
 * they resumed has yielded. Where it was not the program itself, they yield as well, and resume it when they are resumed.
 */
import { Status } from '../../layout.ts';
import { FUEL, HOW, How, MIN_FUEL } from '../../words.ts';
import type { Anchors } from '../anchors.ts';
import * as asm from '../assemble.ts';
import type { Program } from '../program.ts';
import { isOverdrawn, raiseTooLong } from './too_long.ts';

/** Stack slots that `coroutine.resume` needs for the results that it pushes while it yields. */
const SLOTS = 4;

/** What a preempted coroutine gets in one go where its resumer cannot yield. */
const LENT_FUEL = 1000;

/** Bit of `How`: the yield is not the program's own. */
const HAND_ON = 1;

/** Answers the table slot of the continuation. */
export function editNestedCoroutines(program: Program, anchors: Anchors): number {
  const { auxresume, resumption } = anchors.libraries;
  const slot = program.module.addSlot(addContinuation(program, anchors));
  program.code(auxresume).replace(resumption, asm.call(addResumption(program, anchors, slot)));
  return slot;
}

/** What runs in `L` when it is resumed: the same function once more, with no arguments for the inner coroutine. */
function addContinuation({ module }: Program, { layout, libraries }: Anchors): number {
  const [L, inner] = [0, 3];
  const again = (keep: number, fn: number): asm.Bytes =>
    asm.code(
      asm.get(inner),
      asm.constant(Status.Yield),
      asm.storeByte(layout.status),
      asm.get(L),
      asm.constant(keep),
      asm.call(module.exported('lua_settop')),
      asm.get(L),
      asm.call(fn),
      asm.answer,
    );
  const innerAt = (index: number): asm.Bytes =>
    asm.code(asm.get(L), asm.constant(index), asm.call(module.exported('lua_tothread')), asm.tee(inner));
  return module.addFunction(
    { params: 3, results: 1, locals: 1 },
    asm.code(
      innerAt(libraries.firstUpvalue),
      asm.when(again(0, libraries.luaB_auxwrap)),
      innerAt(1),
      asm.drop,
      again(1, libraries.luaB_coresume),
      asm.unreachable,
    ),
  );
}

/** Takes the place of `lua_resume` in `auxresume`: `(inner, L, arguments, &results) -> status`. */
function addResumption({ module }: Program, { layout, libraries }: Anchors, continuation: number): number {
  const [inner, L, count, results, status] = [0, 1, 2, 3, 4];
  // To the program the inner coroutine runs as long as L waits for it: it is "normal", and nobody else may resume or
  // close it. Lua tells that by its status.
  const yieldOn = asm.code(
    asm.get(inner),
    asm.constant(Status.Ok),
    asm.storeByte(layout.status),
    asm.get(results),
    asm.constant(0),
    asm.store(0),
    asm.get(L),
    asm.constant(0),
    asm.constant(0),
    asm.constant(continuation),
    asm.call(module.exported('lua_yieldk')),
    asm.drop,
    asm.constant(Status.Yield),
    asm.answer,
  );
  const fail = raiseTooLong(L, libraries.luaL_error);
  // The budget, FUEL - MIN_FUEL, stays the same.
  const lend = asm.code(
    asm.setWord(MIN_FUEL, asm.code(asm.word(MIN_FUEL), asm.constant(LENT_FUEL), asm.add, asm.word(FUEL), asm.subtract)),
    asm.setWord(FUEL, asm.constant(LENT_FUEL)),
  );
  const cannotYield = asm.code(
    asm.constant(0),
    asm.set(count),
    asm.word(HOW),
    asm.constant(How.Waits),
    asm.equal,
    asm.whenElse(
      asm.setWord(HOW, asm.constant(How.CannotWait)),
      asm.code(asm.setWord(HOW, asm.constant(How.Yielded)), isOverdrawn, asm.when(fail), lend),
    ),
    asm.branch(1),
  );
  return module.addFunction(
    { params: 4, results: 1, locals: 1 },
    asm.code(
      asm.loop(
        asm.get(inner),
        asm.get(L),
        asm.get(count),
        asm.get(results),
        asm.call(module.exported('lua_resume')),
        asm.tee(status),
        asm.constant(Status.Yield),
        asm.equal,
        asm.word(HOW),
        asm.constant(HAND_ON),
        asm.and,
        asm.and,
        asm.when(
          asm.get(L),
          asm.call(module.exported('lua_isyieldable')),
          asm.when(asm.get(L), asm.constant(SLOTS), asm.call(module.exported('lua_checkstack')), asm.when(yieldOn)),
          cannotYield,
        ),
      ),
      asm.get(status),
    ),
  );
}
