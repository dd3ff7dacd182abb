/** Programs as a compiler makes them: AssemblyScript with its runtime, memory management and exceptions as traps. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileAssemblyScript } from './compile_assemblyscript.ts';
import { runOriginal, runTransformed, transform } from './suspend_harness.ts';

const SOURCE = `
@external("env", "wait") declare function wait(n: i32): i32;
@external("env", "wait_l") declare function waitLong(n: i64): i64;

class Node { next: Node | null = null; constructor(public value: i32) {} }

abstract class Shape { abstract area(): f64; }
class Square extends Shape { constructor(public side: f64) { super(); } area(): f64 { return this.side * this.side; } }
class Slow extends Shape { area(): f64 { return <f64>wait(5) + 0.25; } }

/** A loop that waits while it builds a list on the heap. */
export function list(count: i32): i32 {
  let head: Node | null = null;
  for (let i = 0; i < count; i++) {
    const node = new Node(wait(i));
    node.next = head;
    head = node;
  }
  let sum = 0;
  while (head !== null) {
    sum = sum * 31 + head.value;
    head = head.next;
  }
  return sum;
}

/** Virtual calls, maps, strings and closures of the standard library. */
export function objects(count: i32): f64 {
  const shapes = new Array<Shape>();
  for (let i = 0; i < count; i++) shapes.push(i % 3 == 0 ? new Slow() : new Square(<f64>i));
  const byName = new Map<string, f64>();
  for (let i = 0; i < shapes.length; i++) byName.set('shape ' + i.toString(), shapes[i].area());
  let total = 0.0;
  const keys = byName.keys();
  for (let i = 0; i < keys.length; i++) total = total * 1.5 + byName.get(keys[i]) + <f64>keys[i].length;
  return total;
}

function compare(a: i32, b: i32): i32 { return (wait(a) & 0) + a - b; }

/** A wait in a callback that the library calls. */
export function sort(count: i32): i32 {
  const values = new Array<i32>();
  for (let i = 0; i < count; i++) values.push((i * 7919) % 101);
  values.sort(compare);
  let sum = 0;
  for (let i = 0; i < count; i++) sum = sum * 17 + values[i];
  return sum;
}

/** More memory than the program began with. */
export function large(count: i32): i64 {
  let kept = new Array<Uint8Array>();
  let sum: i64 = 0;
  for (let i = 0; i < count; i++) {
    const block = new Uint8Array(50000);
    block.fill(<u8>i);
    kept.push(block);
    sum += waitLong(<i64>block.length) + <i64>memory.size();
  }
  for (let i = 0; i < kept.length; i++) sum = sum * 3 + <i64>kept[i][49999];
  return sum;
}

export function fibonacci(n: i32): i32 { return n < 2 ? wait(n) & 1 : fibonacci(n - 1) + fibonacci(n - 2); }

export function digest(rounds: i32): u32 {
  let hash: u32 = 2166136261;
  for (let r = 0; r < rounds; r++) {
    for (let i = 0; i < 64; i++) hash = (hash ^ <u32>(i * r)) * 16777619;
    if (r % 10 == 0) hash ^= <u32>wait(r);
  }
  return hash;
}
`;

const CALLS: readonly (readonly [entry: string, argument: number, fuels: readonly number[]])[] = [
  ['list', 25, [0, 1, 2, 3, 17, 1000]],
  ['objects', 12, [0, 1, 5, 100]],
  ['sort', 30, [1, 7, 50]],
  ['large', 12, [5, 1000]],
  ['fibonacci', 9, [0, 1, 2, 3, 4, 5, 6, 7, 100]],
  ['digest', 40, [0, 1, 2, 63, 64, 65, 1000]],
];

const test = suite('AssemblyScript programs that stop');

for (const runtime of ['incremental', 'stub']) {
  test(`with the ${runtime} runtime`, async () => {
    const bytes = await compileAssemblyScript(SOURCE, [
      '--runtime',
      runtime,
      '--optimizeLevel',
      runtime === 'stub' ? '0' : '2',
    ]);
    const cooperative = transform(bytes, 'none');
    const preemptive = transform(bytes, 'resume');
    for (const [entry, argument, fuels] of CALLS) {
      const expected = runOriginal(bytes, entry, [argument]);
      assert.is(expected.thrown, undefined, entry);
      const runs = [
        runTransformed(cooperative, entry, [argument], { moveEvery: 5 }),
        ...fuels.map(fuel => runTransformed(preemptive, entry, [argument], { fuel, moveEvery: 50 })),
      ];
      for (const seen of runs) {
        assert.is(seen.thrown, undefined, entry);
        assert.is(seen.result, expected.result, entry);
        assert.equal(seen.calls, expected.calls, entry);
        assert.is(seen.stops.suspended, expected.calls.length, entry);
        assert.is(Buffer.compare(seen.memory!, expected.memory!), 0, `${entry}: memory`);
      }
      assert.ok(runs[1].stops.preempted > 0, `${entry} was preempted`);
    }
  });
}

test.run();
