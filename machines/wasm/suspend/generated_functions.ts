/** The functions that are added to a module: what stands before and behind a suspension. */
import { Bulk, Op } from '../binary/opcodes.ts';
import { valueBytes, ValueType } from '../binary/value_type.ts';
import type { Additions } from './additions.ts';
import type { CodeWriter } from './code_writer.ts';
import { Command, MAX_PAGES, State, Word } from './control.ts';

const { I32 } = ValueType;
const PAGE_SHIFT = 16;

/** Bytes of bulk work that count as one check: both take one or two nanoseconds. */
const WORK_SHIFT = 4;

/** Checks that bulk work counts even for nothing. */
const LEAST_WORK = 16;

/** What `memory.grow` counts, in bytes of bulk work: it takes microseconds even for nothing. */
const GROW_WORK = 16_384 - (LEAST_WORK << WORK_SHIFT);

/** Bytes that count as much as one entry of a table, which takes 20 to 200 nanoseconds to set; as an exponent. */
const ENTRY_SHIFT = 9;

/** Entries that `table.grow` counts besides those that it adds: it may copy the whole table. */
const TABLE_GROW_ENTRIES = 640;

function wordOffset(word: number): number {
  return word * 4;
}

function setState(code: CodeWriter, additions: Additions, state: number): void {
  code.constant(state);
  code.setGlobal(additions.globals.state);
}

/** The frames are restored, the program goes on: from now on it spends the fuel it was resumed with. */
export function endRewind(code: CodeWriter, additions: Additions): void {
  setState(code, additions, State.Normal);
  if (!additions.fuel) return;
  code.getGlobal(additions.globals.control);
  code.loadWord(wordOffset(Word.Fuel));
  code.setGlobal(additions.globals.fuel);
}

/**
 * Stands for a blocking import. A rewind always ends here before the body runs, so that the body may call functions of
 * the guest. Afterwards the guest unwinds if the body asked for it.
 */
export function addWait(additions: Additions, imported: number): number {
  const { module, types, globals } = additions;
  const type = module.functions[imported];
  return additions.addFunction(type, [], code => {
    code.getGlobal(globals.state);
    code.open(Op.If);
    endRewind(code, additions);
    code.close();
    for (let i = 0; i < types.list[type].params.length; i++) code.get(i);
    code.call(imported);
    code.getGlobal(globals.control);
    code.loadWord(wordOffset(Word.Command));
    code.constant(Command.Suspend);
    code.byte(Op.I32Eq);
    code.setGlobal(globals.state);
  });
}

/** Stands for an export: begins a call, or a call inside of a call (fuel is put back as it was). */
export function addCallEntry(additions: Additions, target: number): number {
  const { module, types, globals, fuel } = additions;
  const type = module.functions[target];
  const { params } = types.list[type];
  return additions.addFunction(type, fuel ? [I32] : [], code => {
    const outerFuel = params.length;
    if (fuel) {
      code.getGlobal(globals.fuel);
      code.set(outerFuel);
      code.getGlobal(globals.control);
      code.loadWord(wordOffset(Word.Fuel));
      code.setGlobal(globals.fuel);
    }
    readTop(code, additions);
    for (let i = 0; i < params.length; i++) code.get(i);
    code.call(additions.replacement(target));
    leave(code, additions, outerFuel);
  });
}

/** Goes on with a suspended call: the same function is entered with any arguments and restores its frame. */
export function addResumeEntry(additions: Additions, target: number): number {
  const { module, types, globals, fuel, preempt } = additions;
  const { params, results } = types.list[module.functions[target]];
  return additions.addFunction(types.indexOf([], results), fuel ? [I32] : [], code => {
    code.getGlobal(globals.control);
    code.constant(Command.Rewind);
    code.storeWord(wordOffset(Word.Command));
    setState(code, additions, State.Rewinding);
    readTop(code, additions);
    if (fuel) {
      code.getGlobal(globals.fuel);
      code.set(0);
    }
    if (preempt === 'resume') {
      code.constant(-1);
      code.setGlobal(globals.fuel);
    }
    code.zeros(params);
    code.call(additions.resumption(target));
    leave(code, additions, 0);
  });
}

function readTop(code: CodeWriter, additions: Additions): void {
  code.getGlobal(additions.globals.control);
  code.loadWord(wordOffset(Word.Top));
  code.setGlobal(additions.globals.top);
}

/** Back to the host: leave the control block as the host expects it. The results stay on the stack. */
function leave(code: CodeWriter, additions: Additions, outerFuel: number): void {
  const { globals, fuel } = additions;
  code.getGlobal(globals.control);
  code.getGlobal(globals.top);
  code.storeWord(wordOffset(Word.Top));
  if (fuel) {
    code.getGlobal(globals.control);
    code.getGlobal(globals.fuel);
    code.storeWord(wordOffset(Word.FuelLeft));
    code.get(outerFuel);
    code.setGlobal(globals.fuel);
  }
  code.getGlobal(globals.state);
  code.open(Op.If);
  setState(code, additions, State.Normal);
  code.byte(Op.Else);
  code.getGlobal(globals.control);
  code.constant(Command.Run);
  code.storeWord(wordOffset(Word.Command));
  code.close();
}

/**
 * Fuel that can be owed before more is taken: a second or so, twice what the largest instruction takes. Code without loops has
 * no check that finds the debt, and can be megabytes long.
 */
const MOST_DEBT = 1 << 29;

/**
 * Takes fuel in proportion to its argument, which it answers. What is not there is owed: the next check finds it. Traps where
 * too much is owed.
 */
export function addCharge(additions: Additions): number {
  const { types, globals } = additions;
  return additions.addFunction(types.indexOf([I32], [I32]), [], code => {
    code.getGlobal(globals.fuel);
    code.constant(-MOST_DEBT);
    code.byte(Op.I32LtS);
    code.open(Op.If);
    code.getGlobal(globals.control);
    code.constant(Command.Endless);
    code.storeWord(wordOffset(Word.Command));
    code.byte(Op.Unreachable);
    code.close();
    code.getGlobal(globals.fuel);
    code.get(0);
    code.constant(WORK_SHIFT);
    code.byte(Op.I32ShrU);
    code.byte(Op.I32Sub);
    code.constant(LEAST_WORK);
    code.byte(Op.I32Sub);
    code.setGlobal(globals.fuel);
    code.get(0);
  });
}

/**
 * Takes fuel for work on so many entries of a table, its argument, which it answers. The number may be any: beyond what a
 * table can have the instruction fails.
 */
export function addTableCharge(additions: Additions, grows: boolean): number {
  const { types } = additions;
  return additions.addFunction(types.indexOf([I32], [I32]), [], code => {
    code.get(0);
    if (grows) {
      code.constant(TABLE_GROW_ENTRIES);
      code.byte(Op.I32Add);
    }
    code.constant(ENTRY_SHIFT);
    code.byte(Op.I32Shl);
    code.call(additions.charge);
    code.byte(Op.Drop);
    code.get(0);
  });
}

/**
 * `memory.grow` as the guest knows it: the area stays at the end of the memory and does not count, neither in the size
 * nor towards the maximum. New pages are zero although the area has been there.
 *
 * @param maxPages the maximum that the module states, without the room for the area
 */
export function addGrow(additions: Additions, maxPages = MAX_PAGES): number {
  const { types, globals } = additions;
  const pages = 0;
  const former = 1;
  const target = 2;
  return additions.addFunction(types.indexOf([I32], [I32]), [I32, I32], code => {
    if (additions.fuel) {
      code.constant(GROW_WORK);
      code.call(additions.charge);
      code.byte(Op.Drop);
    }
    code.get(pages);
    code.constant(maxPages);
    writeMemorySize(code, additions);
    code.tee(former);
    code.byte(Op.I32Sub);
    code.byte(Op.I32GtU);
    failIfTrue(code);
    code.get(pages);
    code.raw([Op.MemoryGrow, 0]);
    code.constant(-1);
    code.byte(Op.I32Eq);
    failIfTrue(code);

    code.get(pages);
    code.byte(Op.I32Eqz);
    code.getGlobal(globals.areaPages);
    code.byte(Op.I32Eqz);
    code.byte(Op.I32Or);
    code.open(Op.If);
    code.get(former);
    code.byte(Op.Return);
    code.close();
    moveArea(code);
    code.get(former);
  });

  function failIfTrue(code: CodeWriter): void {
    code.open(Op.If);
    code.getGlobal(globals.control);
    code.constant(1);
    code.storeWord(wordOffset(Word.GrowRefused));
    code.constant(-1);
    code.byte(Op.Return);
    code.close();
  }

  function moveArea(code: CodeWriter): void {
    code.getGlobal(globals.control);
    code.get(pages);
    shiftToBytes(code);
    code.byte(Op.I32Add);
    code.set(target);
    // Copy the control block and the frames. While the guest runs its own `top` is right; while a suspended guest is
    // called for something else, the block's: the larger of both loses nothing.
    code.get(target);
    code.getGlobal(globals.control);
    code.getGlobal(globals.top);
    controlWord(code, Word.Top);
    code.getGlobal(globals.top);
    controlWord(code, Word.Top);
    code.byte(Op.I32GtU);
    code.byte(Op.Select);
    code.getGlobal(globals.control);
    code.byte(Op.I32Sub);
    code.raw([Op.PrefixBulk, Bulk.MemoryCopy, 0, 0]);
    // Zero what becomes the guest's: as many pages as were added, or all of the former area.
    code.getGlobal(globals.control);
    code.constant(0);
    code.get(pages);
    code.getGlobal(globals.areaPages);
    code.get(pages);
    code.getGlobal(globals.areaPages);
    code.byte(Op.I32LtU);
    code.byte(Op.Select);
    shiftToBytes(code);
    code.raw([Op.PrefixBulk, Bulk.MemoryFill, 0]);
    code.get(target);
    code.setGlobal(globals.control);
    code.getGlobal(globals.top);
    code.get(pages);
    shiftToBytes(code);
    code.byte(Op.I32Add);
    code.setGlobal(globals.top);
    moveWord(code, Word.Top);
    moveWord(code, Word.Limit);
  }

  function controlWord(code: CodeWriter, word: number): void {
    code.getGlobal(globals.control);
    code.loadWord(wordOffset(word));
  }

  function shiftToBytes(code: CodeWriter): void {
    code.constant(PAGE_SHIFT);
    code.byte(Op.I32Shl);
  }

  /** Add the distance of the move to an address in the control block. */
  function moveWord(code: CodeWriter, word: number): void {
    code.get(target);
    code.get(target);
    code.loadWord(wordOffset(word));
    code.get(pages);
    shiftToBytes(code);
    code.byte(Op.I32Add);
    code.storeWord(wordOffset(word));
  }
}

/** `memory.size` as the guest knows it. */
export function writeMemorySize(code: CodeWriter, additions: Additions): void {
  code.raw([Op.MemorySize, 0]);
  code.getGlobal(additions.globals.areaPages);
  code.byte(Op.I32Sub);
}

/** `(at)`: writes these globals to an address, one after the other. */
export function addSaveGlobals(additions: Additions, globals: readonly number[]): number {
  return addTransfer(additions, globals, (code, index, type, offset) => {
    code.get(0);
    code.getGlobal(index);
    code.store(type, offset);
  });
}

/** `(at)`: takes these globals from where `addSaveGlobals` has written them. */
export function addLoadGlobals(additions: Additions, globals: readonly number[]): number {
  return addTransfer(additions, globals, (code, index, type, offset) => {
    code.get(0);
    code.load(type, offset);
    code.setGlobal(index);
  });
}

function addTransfer(
  additions: Additions,
  globals: readonly number[],
  write: (code: CodeWriter, index: number, type: number, offset: number) => void,
): number {
  const { module, types } = additions;
  return additions.addFunction(types.indexOf([I32], []), [], code => {
    let offset = 0;
    for (const index of globals) {
      const { type } = module.globals[index];
      write(code, index, type, offset);
      offset += valueBytes(type);
    }
  });
}

/**
 * `(frameBytes)`: makes the area longer, so that a frame of this length fits; called before a frame is saved that does not.
 * The area stays where it is and grows at the end of the memory. Traps where it cannot: beyond `maxPages`, or the memory's
 * maximum.
 */
export function addExtend(additions: Additions, maxPages: number): number {
  const { types, globals } = additions;
  const pages = 1;
  return additions.addFunction(types.indexOf([I32], []), [I32], code => {
    // All that is missing is less than a frame; one page more does not hurt.
    code.get(0);
    code.constant(PAGE_SHIFT);
    code.byte(Op.I32ShrU);
    code.constant(1);
    code.byte(Op.I32Add);
    code.tee(pages);
    code.getGlobal(globals.areaPages);
    code.byte(Op.I32Add);
    code.constant(maxPages);
    code.byte(Op.I32GtU);
    overflowIfTrue(code, additions);
    code.get(pages);
    code.raw([Op.MemoryGrow, 0]);
    code.constant(-1);
    code.byte(Op.I32Eq);
    overflowIfTrue(code, additions);
    code.getGlobal(globals.areaPages);
    code.get(pages);
    code.byte(Op.I32Add);
    code.setGlobal(globals.areaPages);
    code.getGlobal(globals.control);
    code.getGlobal(globals.control);
    code.loadWord(wordOffset(Word.Limit));
    code.get(pages);
    code.constant(PAGE_SHIFT);
    code.byte(Op.I32Shl);
    code.byte(Op.I32Add);
    code.storeWord(wordOffset(Word.Limit));
  });
}

function overflowIfTrue(code: CodeWriter, additions: Additions): void {
  code.open(Op.If);
  code.getGlobal(additions.globals.control);
  code.constant(Command.Overflow);
  code.storeWord(wordOffset(Word.Command));
  code.byte(Op.Unreachable);
  code.close();
}
