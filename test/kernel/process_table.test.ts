/** What a process table deals out in the place of a lost one: never a PID that somebody has, or had. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type PastGenerations, ProcessTable } from '../../runtime/scheduler/process_table.ts';

const test = suite('process table');

const SCHEDULERS = 3;
const OWN = 1;
const FIRST = 5;

/** A table after a loss, where processes of the lost thread live on elsewhere in slots of `used`. */
function successor(used: ReadonlySet<number>): ProcessTable {
  const past: PastGenerations = { first: FIRST, note: () => undefined, isUsed: slot => used.has(slot) };
  return new ProcessTable(OWN, SCHEDULERS, undefined, past);
}

function dealOut(table: ProcessTable, count: number): string[] {
  return Array.from({ length: count }, () => {
    const slot = table.allocate();
    return `${slot}/${table.generationOf(slot)}`;
  });
}

test('a slot that is taken when its turn comes is dealt out once it is given back, once', () => {
  const table = successor(new Set([1, 7]));
  assert.equal(dealOut(table, 2), [`4/${FIRST}`, `10/${FIRST}`]);
  table.release(7, 2);
  table.release(7, 2);
  assert.equal(dealOut(table, 2), [`7/${FIRST}`, `13/${FIRST}`]);
});

test('word that a slot is free comes late, and it is dealt out already', () => {
  const used = new Set([4]);
  const table = successor(used);
  // Its process ends elsewhere; that the slot is free is seen at once, and said a little later.
  used.delete(4);
  assert.equal(dealOut(table, 2), [`1/${FIRST}`, `4/${FIRST}`]);
  table.release(4, 3);
  assert.equal(dealOut(table, 2), [`7/${FIRST}`, `10/${FIRST}`]);
  table.release(4, FIRST);
  assert.equal(dealOut(table, 1), [`4/${FIRST + 1}`]);
});

test('word that a slot is free comes before its turn', () => {
  const table = successor(new Set());
  table.release(7, 3);
  assert.equal(dealOut(table, 3), [`1/${FIRST}`, `4/${FIRST}`, `7/${FIRST}`]);
});

test.run();
