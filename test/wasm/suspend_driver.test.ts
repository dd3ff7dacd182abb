import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SuspendDriver } from '../../machines/wasm/suspend/driver.ts';
import type { Preemption } from '../../machines/wasm/suspend/preemption.ts';
import { type SuspendResult, suspendTransform } from '../../machines/wasm/suspend/transform.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { compileWat } from './suspend_harness.ts';

const PAGE = 65536;

function build(text: string, preempt: Preemption = 'none', features: Record<string, boolean> = {}): SuspendResult {
  return suspendTransform(compileWat(text, features), { blocking: (_, name) => name.startsWith('wait'), preempt });
}

interface Started {
  readonly driver: SuspendDriver;
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
}

/** `answers` are what `wait` returns when it is resumed; `env` adds imports. */
function start(program: SuspendResult, answers: number[] = [], env: WebAssembly.Imports[string] = {}): Started {
  const driver = new SuspendDriver();
  const wait = () => {
    if (driver.shouldRewind()) return answers.shift() ?? 0;
    driver.suspend();
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { wait, ...env } });
  driver.attach(instance, undefined, 4096);
  return {
    driver,
    exports: instance.exports,
    memory: (instance.exports['troupe:memory'] ?? instance.exports.memory) as WebAssembly.Memory,
  };
}

function failure(run: () => unknown): TroupeError {
  try {
    run();
  } catch (error) {
    assert.instance(error, TroupeError);
    return error as TroupeError;
  }
  return assert.unreachable('nothing was thrown') as never;
}

const WAIT = '(import "env" "wait" (func $wait (param i32) (result i32)))';
const SUM = `(module ${WAIT} (memory (export "memory") 1 3)
  (func $add (param i32) (result i32) (i32.add (call $wait (local.get 0)) (local.get 0)))
  (func (export "main") (param i32) (result i32) (i32.mul (call $add (local.get 0)) (call $add (i32.const 2)))))`;

const states = suite('one call at a time');

states('a call goes from stop to stop and ends with its result', () => {
  const { driver } = start(build(SUM), [10, 20]);
  assert.is(driver.state, 'idle');
  assert.is(driver.call('main', [1]), 'suspended');
  assert.ok(driver.savedBytes > 0);
  assert.is(driver.resume(), 'suspended');
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 11 * 22);
  assert.is(driver.savedBytes, 0);
});

states('the instance serves any number of calls', () => {
  const answers: number[] = [];
  const { driver } = start(build(SUM), answers);
  for (let i = 0; i < 1000; i++) {
    answers.push(i, i);
    driver.call('main', [0]);
    driver.resume();
    assert.is(driver.resume(), 'idle');
    assert.is(driver.result, i * (i + 2));
    assert.is(driver.savedBytes, 0);
  }
});

states('what is not possible now is a CONFLICT that says what the instance does', () => {
  const { driver } = start(build(SUM));
  assert.is(failure(() => driver.resume()).kind, 'CONFLICT');
  assert.is(failure(() => driver.save()).kind, 'CONFLICT');
  driver.call('main', [1]);
  const error = failure(() => driver.call('main', [1]));
  assert.is(error.kind, 'CONFLICT');
  assert.match(error.message, /is suspended in 'main'/);
});

states('an unknown export is NOT_FOUND and names those that exist', () => {
  const error = failure(() => start(build(SUM)).driver.call('mian', []));
  assert.is(error.kind, 'NOT_FOUND');
  assert.match(error.message, /exports main\.$/);
});

states('an import may suspend again when it is resumed for nothing', () => {
  const driver = new SuspendDriver();
  let answer: number | undefined;
  const wait = () => {
    driver.shouldRewind();
    if (answer !== undefined) return answer;
    driver.suspend();
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(build(SUM).bytes), { env: { wait } });
  driver.attach(instance, undefined, 4096);
  assert.is(driver.call('main', [1]), 'suspended');
  for (let i = 0; i < 5; i++) assert.is(driver.resume(), 'suspended');
  const bytes = driver.savedBytes;
  assert.is(driver.resume(), 'suspended');
  assert.is(driver.savedBytes, bytes, 'the saved stack does not grow');
  answer = 7;
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 8 * 9);
});

states('an import that can answer at once need not stop', () => {
  const { driver } = start(build(SUM), [], { wait: () => 4 });
  assert.is(driver.call('main', [1]), 'idle');
  assert.is(driver.result, 5 * 6);
});

states('after a trap the instance is not used again', () => {
  const program = build(`(module ${WAIT} (func (export "main") (drop (call $wait (i32.const 1))) (unreachable)))`);
  const { driver } = start(program);
  driver.call('main', []);
  assert.throws(
    () => driver.resume(),
    (error: Error) => error instanceof WebAssembly.RuntimeError,
  );
  assert.is(driver.state, 'broken');
  assert.match(failure(() => driver.call('main', [])).message, /make a new one/);
});

states('an import that suspends without being named as blocking is found out', () => {
  const program = build(`(module ${WAIT} (import "env" "other" (func $other))
    (func (export "main") (call $other)) (func (export "unused") (drop (call $wait (i32.const 1)))))`);
  const { driver } = start(program, [], { other: () => driver.suspend() });
  assert.match(failure(() => driver.call('main', [])).message, /not named as blocking/);
});

states('an imported function that is exported again can wait, with nothing on the saved stack', () => {
  const { driver } = start(build(`(module ${WAIT} (export "main" (func $wait)))`), [6]);
  assert.is(driver.call('main', [1]), 'suspended');
  assert.is(driver.savedBytes, 0);
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 6);
});

states('a module in which nothing can be suspended runs under a driver as well', () => {
  const { driver } = start(build('(module (func (export "main") (param i32) (result i32) (local.get 0)))'));
  assert.is(driver.start(), 'idle');
  assert.is(driver.call('main', [3]), 'idle');
  assert.is(driver.result, 3);
});

states('a guest cannot pretend that it was resumed', () => {
  const program = build(`(module ${WAIT} (memory 1)
    (func (export "main") (param i32) (result i32) (i32.store (local.get 0) (i32.const 2)) (call $wait (i32.const 1))))`);
  const { driver } = start(program, [7]);
  // The first word of the area says "rewind": only the driver knows whether that is so.
  assert.is(driver.call('main', [PAGE]), 'suspended');
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 7);
});

states('a reset instance has forgotten its call and its saved stack', () => {
  const { driver, memory } = start(build(SUM), [10, 20]);
  driver.call('main', [1]);
  driver.reset();
  assert.is(driver.state, 'idle');
  assert.is(driver.savedBytes, 0);
  const saved = new Uint8Array(memory.buffer, driver.guestBytes + 32);
  assert.ok(saved.every(byte => byte === 0));
  assert.is(driver.call('main', [1]), 'suspended');
  driver.resume();
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 11 * 22);
});

states('it tells in which functions a call is', () => {
  const program = build(SUM);
  const { driver } = start(program);
  driver.call('main', [1]);
  assert.equal(driver.functions(program.frames), [2, 1]);
});

states.run();

const area = suite('where the saved stack lives');

const GROWING = `(module ${WAIT} (memory (export "memory") 1 3)
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "main") (result i32) (call $wait (i32.const 1))))`;

area('the guest sees its own memory and its own maximum', () => {
  const { driver, exports } = start(build(GROWING), [5]);
  const size = exports.size as () => number;
  const grow = exports.grow as (pages: number) => number;
  assert.is(driver.guestBytes, PAGE);
  assert.is(size(), 1);
  driver.call('main', []);
  assert.is(grow(3), -1);
  assert.is(grow(-1), -1);
  assert.is(grow(1), 1);
  assert.is(size(), 2);
  assert.is(grow(1), 2);
  assert.is(grow(1), -1);
  assert.is(grow(0), 3);
  assert.is(driver.guestBytes, 3 * PAGE);
  const read = exports.read as (address: number) => number;
  for (let address = PAGE; address < 3 * PAGE; address += 4) assert.is(read(address), 0, `new memory at ${address}`);
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 5);
});

area('the host grows the memory through the driver, at any time', () => {
  const { driver, exports } = start(build(GROWING), [5]);
  assert.is(driver.grow(1), 1);
  driver.call('main', []);
  assert.is(driver.grow(1), 2);
  assert.is(driver.grow(1), -1);
  assert.is((exports.size as () => number)(), 3);
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 5);
});

area('an area of several pages moves by less than its own length, with all frames', () => {
  const program = build(`(module ${WAIT} (memory 1 4)
    (func $deep (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
        (else (call $wait (i32.const 1)))))
    (func (export "main") (result i32) (call $deep (i32.const 2000))))`);
  const driver = new SuspendDriver();
  const wait = () => {
    if (driver.shouldRewind()) return 5;
    driver.suspend();
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { wait } });
  driver.attach(instance, undefined, 5 * PAGE);
  driver.call('main', []);
  assert.ok(driver.savedBytes > 10_000);
  for (let former = 1; former < 4; former++) assert.is(driver.grow(1), former);
  const memory = new Uint8Array(
    ((instance.exports['troupe:memory'] ?? instance.exports.memory) as WebAssembly.Memory).buffer,
    0,
    driver.guestBytes,
  );
  assert.is(memory.length, 4 * PAGE);
  assert.ok(memory.every(byte => byte === 0));
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 5 + (2000 * 2001) / 2);
});

area('a data segment beyond the memory is refused as before', () => {
  const text = `(module ${WAIT} (memory 1) (data (i32.const 65530) "0123456789")
    (func (export "main") (drop (call $wait (i32.const 1)))))`;
  assert.throws(
    () => start(build(text)),
    (error: Error) => error instanceof WebAssembly.RuntimeError,
  );
});

area('memory that was grown past the driver is found out', () => {
  const { driver, memory } = start(build(GROWING));
  driver.call('main', []);
  memory.grow(1);
  const error = failure(() => driver.resume());
  assert.is(error.kind, 'INTERNAL');
  assert.match(error.message, /grown without its driver/);
});

area('no room for it is UNAVAILABLE', () => {
  const program = build(
    `(module (import "env" "memory" (memory 1)) ${WAIT} (func (export "main") (drop (call $wait (i32.const 1)))))`,
  );
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const driver = new SuspendDriver();
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { memory, wait: () => 0 } });
  const error = failure(() => driver.attach(instance, memory, 4096));
  assert.is(error.kind, 'UNAVAILABLE');
  assert.match(error.message, /larger maximum/);
});

area('imported and shared memories serve as well', () => {
  const program = build(
    `(module (import "env" "memory" (memory 1 8 shared)) ${WAIT}
      (func (export "main") (result i32)
        (i32.add (i32.mul (memory.grow (i32.const 2)) (i32.const 100)) (i32.add (call $wait (i32.const 1)) (memory.grow (i32.const 1))))))`,
    'none',
    { threads: true },
  );
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 16, shared: true });
  const driver = new SuspendDriver();
  const wait = () => {
    if (driver.shouldRewind()) return 9;
    driver.suspend();
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { memory, wait } });
  driver.attach(instance, memory, 4096);
  assert.is(driver.call('main', []), 'suspended');
  assert.is(driver.guestBytes, 3 * PAGE);
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 100 + 9 + 3);
});

area('a long stack makes its area longer; one that does not fit is an error that says so', () => {
  const text = `(module ${WAIT} (func $deep (param i32) (result i32) (local v128 v128)
      (if (result i32) (local.get 0)
        (then (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
        (else (call $wait (i32.const 1))))
      (i32x4.extract_lane 0 (i32x4.add (local.get 1) (local.get 2)))
      (i32.add))
    (func (export "main") (param i32) (result i32) (call $deep (local.get 0))))`;
  const long = start(build(text, 'none', { simd: true }));
  assert.is(long.driver.call('main', [6000]), 'suspended');
  assert.ok(long.driver.savedBytes > 3 * PAGE, 'more than it began with');
  assert.is(long.driver.guestBytes, 0, 'the guest knows of no memory');
  assert.is(long.driver.resume(), 'idle');
  assert.is(long.driver.result, (6000 * 6001) / 2);
  long.driver.reset();
  assert.is(long.driver.call('main', [3]), 'suspended');
  const short = { blocking: (_: string, name: string) => name.startsWith('wait'), areaPages: 2 };
  const program = suspendTransform(compileWat(text, { simd: true }), short);
  const { driver } = start(program);
  const error = failure(() => driver.call('main', [6000]));
  assert.is(error.kind, 'UNAVAILABLE');
  assert.match(error.message, /131072 bytes/);
  assert.is(driver.state, 'broken');
  assert.is(start(program).driver.call('main', [1000]), 'suspended');
});

/** `smash` writes where the guest has no business. */
const SMASHING = `(module ${WAIT} (memory 1)
  (func (export "smash") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func $other (result i32) (call $wait (i32.const 2)))
  (func (export "main") (result i32) (i32.add (call $wait (i32.const 1)) (call $other))))`;

area('a frame of another function is an error, and nothing of it is run', () => {
  const program = build(SMASHING);
  // The points of `main` are 1 and 2, that of `other` is 0.
  for (const value of [0, 3, 77, -1, 0x7fffffff]) {
    const { driver, exports } = start(program, [1, 2]);
    driver.call('main', []);
    // The last word of a frame is its resume point.
    const address = driver.guestBytes + 32 + driver.savedBytes - 4;
    (exports.smash as (address: number, value: number) => void)(address, value);
    const error = failure(() => driver.resume());
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, /could not be resumed/);
    assert.is(driver.state, 'broken');
  }
});

area('a guest cannot pretend to wait', () => {
  // The control block begins behind its own memory, with the command: 1 is to suspend.
  const text = `(module (import "env" "wait_not" (func $wait (result i32))) (memory 1)
    (func (export "main") (result i32)
      (i32.store (i32.shl (memory.size) (i32.const 16)) (i32.const 1))
      (call $wait)))`;
  const { driver } = start(build(text), [], { wait_not: () => 5 });
  const error = failure(() => driver.call('main', []));
  assert.match(error.message, /damaged/);
  assert.is(driver.state, 'broken');
});

area('a memory of 4 GiB has room for it at the end', () => {
  const text = `(module ${WAIT} (memory 1)
    (func $down (param i32) (result i32) (if (result i32) (local.get 0)
      (then (i32.add (call $down (i32.sub (local.get 0) (i32.const 1))) (local.get 0)))
      (else (call $wait (i32.const 1)))))
    (func (export "main") (result i32)
      (drop (memory.grow (i32.const 65534)))
      (i32.add (call $down (i32.const 100)) (memory.size))))`;
  const { driver } = start(build(text), [7]);
  assert.is(driver.call('main', []), 'suspended');
  assert.is(driver.guestBytes, 65535 * PAGE);
  assert.is(driver.resume(), 'idle');
  assert.is(driver.result, 7 + 5050 + 65535);
});

area('a damaged top of the stack is an error', () => {
  for (const value of [0, 1, PAGE, PAGE + 31, 2 * PAGE + 4, -1]) {
    const { driver, exports } = start(build(SMASHING), [1, 2]);
    driver.call('main', []);
    (exports.smash as (address: number, value: number) => void)(driver.guestBytes + 4, value);
    const error = failure(() => driver.resume());
    assert.is(error.kind, 'INVALID');
    assert.match(error.message, /damaged/);
  }
});

area('a saved stack is checked before it is taken over', () => {
  const program = build(SUM);
  const first = start(program);
  first.driver.call('main', [1]);
  const saved = first.driver.save();
  const damaged = saved.stack.slice();
  damaged[damaged.length - 1] ^= 0x40;
  const longer = new Uint8Array(saved.stack.length + 4);
  longer.set(saved.stack, 4);
  const shorter = saved.stack.slice(4);
  for (const stack of [damaged, longer, shorter, saved.stack.slice(0, 2)]) {
    const { driver } = start(program);
    assert.is(failure(() => driver.restore({ ...saved, stack }, program.frames)).kind, 'INVALID');
    assert.is(driver.state, 'idle');
  }
  const other = start(program, [10, 20]);
  other.driver.restore(saved, program.frames);
  assert.is(other.driver.resume(), 'suspended');
  assert.is(other.driver.resume(), 'idle');
  assert.is(other.driver.result, 11 * 22);
});

area.run();

const within = suite('calls inside of calls');

const ALLOCATING = `(module ${WAIT} (memory 1) (global $next (mut i32) (i32.const 1024))
  (func (export "allocate") (param i32) (result i32) (local $i i32) (local $at i32)
    (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get 0))))
    (local.set $at (global.get $next))
    (global.set $next (i32.add (global.get $next) (local.get 0)))
    (drop (memory.grow (i32.const 1)))
    (local.get $at))
  (func (export "waiting") (drop (call $wait (i32.const 1))))
  (func (export "main") (result i32) (i32.load (call $wait (i32.const 3)))))`;

within('an import body allocates in the guest and answers with the address', () => {
  for (const preempt of ['none', 'resume'] as const) {
    const { driver, memory } = start(build(ALLOCATING, preempt), [], {
      wait: () => {
        if (!driver.shouldRewind()) {
          driver.suspend();
          return 0;
        }
        const address = driver.callWithin('allocate', [64]) as number;
        new DataView(memory.buffer).setInt32(address, 4711, true);
        return address;
      },
    });
    driver.fuel = 1;
    assert.is(driver.call('main', []), 'suspended');
    assert.is(driver.resume(), 'idle');
    assert.is(driver.result, 4711);
  }
});

within('the host allocates while the guest is suspended, and the memory grows under the saved stack', () => {
  for (const preempt of ['none', 'resume'] as const) {
    const { driver } = start(build(ALLOCATING, preempt), [1024]);
    driver.call('main', []);
    assert.is(driver.callWithin('allocate', [100]), 1024);
    assert.is(driver.callWithin('allocate', [100]), 1124);
    assert.is(driver.state, 'suspended');
    assert.is(driver.guestBytes, 3 * PAGE);
    assert.is(driver.resume(), 'idle');
    assert.is(driver.result, 0);
  }
});

within('fuel is bounded, and spending it is a TIMEOUT', () => {
  const { driver } = start(build(ALLOCATING, 'resume'));
  driver.call('main', []);
  const error = failure(() => driver.callWithin('allocate', [1000], 100));
  assert.is(error.kind, 'TIMEOUT');
  assert.is(error.place, 'allocate');
  assert.is(driver.state, 'broken');
});

within('waiting is refused', () => {
  const { driver } = start(build(ALLOCATING));
  driver.call('main', []);
  const error = failure(() => driver.callWithin('waiting', []));
  assert.is(error.kind, 'CONFLICT');
  assert.match(error.message, /cannot wait/);
});

within('the fuel of the call outside is not touched', () => {
  const program = build(
    `(module ${WAIT} (import "env" "ask" (func $ask)) (memory 1)
      (func (export "spin") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
      (func (export "main") (param i32) (loop $l (call $ask) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`,
    'resume',
  );
  const { driver } = start(program, [], { ask: () => driver.callWithin('spin', [1000]) });
  driver.fuel = 4;
  assert.is(driver.call('main', [12]), 'preempted');
  assert.is(driver.fuelLeft, -1);
  let stops = 1;
  while (driver.resume() !== 'idle') stops++;
  assert.is(stops, 2);
});

within.run();

const bounds = suite('what a slice can do');

bounds('calls without loops are bounded: forty functions that each call the next one twice', () => {
  const functions = Array.from({ length: 40 }, (_, i) => `(func $f${i} (call $f${i + 1}) (call $f${i + 1}))`);
  const { driver } = start(
    build(`(module ${functions.join('')} (func $f40) (func (export "main") (call $f0)))`, 'resume'),
  );
  driver.fuel = 100;
  assert.is(driver.call('main', []), 'preempted');
  for (let i = 0; i < 10; i++) assert.is(driver.resume(), 'preempted');
});

bounds('work on large pieces of memory takes fuel in proportion', () => {
  const bulk = (pages: number) => `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${pages * PAGE}))`;
  const program = build(
    `(module (memory 16) (func $clear ${bulk(16)})
      (func (export "main") (param i32) (loop $l (call $clear) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`,
    'resume',
  );
  const { driver } = start(program);
  // A megabyte counts as 65,536 checks.
  driver.fuel = 4 * PAGE;
  let stops = 0;
  for (let state = driver.call('main', [100]); state === 'preempted'; state = driver.resume()) stops++;
  assert.ok(stops >= 20 && stops <= 30, `${stops} stops`);
});

bounds('fuel that is left is told', () => {
  const { driver } = start(
    build(
      '(module (func (export "main") (param i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))',
      'resume',
    ),
  );
  driver.fuel = 1000;
  assert.is(driver.call('main', [400]), 'idle');
  assert.is(driver.fuelLeft, 600);
});

bounds.run();
