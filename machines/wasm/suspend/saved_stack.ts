import { damagedStack } from './driver_errors.ts';

/** Words of one row of a `FrameTable`. */
const ROW = 3;

/**
 * The frames of a module: for each function that can be suspended three words, sorted by the first: number of its first
 * resume point, length of its frame in bytes, index of the function. Plain words, so that it travels between threads.
 */
export type FrameTable = Int32Array;

export class FrameTableBuilder {
  readonly #rows: number[] = [];
  #points = 0;

  /** Number of the next function's first resume point. */
  get nextPoint(): number {
    return this.#points;
  }

  add(functionIndex: number, points: number, frameBytes: number): void {
    this.#rows.push(this.#points, frameBytes, functionIndex);
    this.#points += points;
  }

  finish(): FrameTable {
    // The last row only bounds the points of the one before.
    return Int32Array.from([...this.#rows, this.#points, 0, -1]);
  }
}

/**
 * The functions on a saved stack, outermost first. Checks on the way that every frame is one of the module's and that
 * they fill the stack exactly; throws INVALID otherwise.
 */
export function readSavedStack(stack: Uint8Array, table: FrameTable): number[] {
  const view = new DataView(stack.buffer, stack.byteOffset, stack.byteLength);
  const functions: number[] = [];
  let top = stack.byteLength;
  while (top >= 4) {
    const row = findRow(table, view.getInt32(top - 4, true));
    if (row < 0) break;
    top -= table[row + 1];
    functions.push(table[row + 2]);
  }
  if (top !== 0) throw damagedStack();
  return functions;
}

/** Offset of the row that a resume point belongs to, or -1. */
function findRow(table: FrameTable, point: number): number {
  const rows = table.length / ROW - 1;
  if (point < 0 || point >= table[rows * ROW]) return -1;
  let low = 0;
  let high = rows - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (table[middle * ROW] <= point) low = middle;
    else high = middle - 1;
  }
  return low * ROW;
}
