/** What calls cost, and what happens when the fuel is spent: it kills or preempts. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SuspendDriver } from '../../machines/wasm/suspend/driver.ts';
import type { Preemption } from '../../machines/wasm/suspend/preemption.ts';
import { originOf, type SuspendResult } from '../../machines/wasm/suspend/transform.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { compileWat, transform } from './suspend_harness.ts';

const PAGE = 65536;
const MODES = ['kill', 'resume'] as const;
const COPIES = ['single', 'dual'] as const;

interface Started {
  readonly driver: SuspendDriver;
  readonly exports: WebAssembly.Exports;
}

/** `wait` suspends once and answers 1. */
function start(program: SuspendResult, env: WebAssembly.Imports[string] = {}): Started {
  const driver = new SuspendDriver();
  const wait = () => {
    if (driver.shouldRewind()) return 1;
    driver.suspend();
    return 0;
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(program.bytes), { env: { wait, ...env } });
  driver.attach(instance, undefined, PAGE);
  return { driver, exports: instance.exports };
}

function build(text: string, preempt: Preemption): Started['driver'] {
  return start(transform(compileWat(text), preempt)).driver;
}

function thrown(run: () => unknown): Error {
  try {
    run();
  } catch (error) {
    return error as Error;
  }
  return assert.unreachable('nothing was thrown') as never;
}

function failure(run: () => unknown): TroupeError {
  const error = thrown(run);
  assert.instance(error, TroupeError);
  return error as TroupeError;
}

const COUNT_DOWN = '(loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))';
const SPIN = `(module (func $spin (export "main") (param i32) ${COUNT_DOWN}))`;
const RECURSE = `(module (func $down (export "main") (param i32) (result i32)
  (if (result i32) (local.get 0)
    (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
    (else (i32.const 0)))))`;

const kill = suite('fuel that kills');

kill('a loop ends with a TIMEOUT at the check after the last that was paid for', () => {
  const enough = build(SPIN, 'kill');
  enough.fuel = 100;
  assert.is(enough.call('main', [100]), 'idle');
  assert.is(enough.fuelLeft, 0);

  const short = build(SPIN, 'kill');
  short.fuel = 99;
  const error = failure(() => short.call('main', [100]));
  assert.is(error.kind, 'TIMEOUT');
  assert.is(error.place, 'main');
  assert.match(error.message, /'main' was stopped: it used up the time that it had/);
  assert.match(error.stack!, /wasm-function\[0\]/);
  assert.is(short.state, 'broken');
  assert.is(short.fuelLeft, -1);
  assert.is(failure(() => short.call('main', [1])).kind, 'CONFLICT');
  assert.is(failure(() => short.reset()).kind, 'CONFLICT');
});

kill('so does recursion', () => {
  const driver = build(RECURSE, 'kill');
  driver.fuel = 50;
  assert.is(driver.call('main', [49]), 'idle');
  assert.is(driver.result, 49);
  assert.is(failure(() => driver.call('main', [50])).kind, 'TIMEOUT');
});

kill('nothing of it can be resumed, and nothing needs to be', () => {
  const program = transform(compileWat(SPIN), 'kill');
  assert.not(program.suspendable);
  assert.is(program.frames.length, 3);
  assert.not(Object.keys(start(program).exports).some(name => name.startsWith('troupe:resume')));
});

kill('a trap of its own stays a trap', () => {
  const driver = build('(module (func (export "main") (loop (unreachable))))', 'kill');
  driver.fuel = 10;
  const error = thrown(() => driver.call('main', []));
  assert.instance(error, WebAssembly.RuntimeError);
  assert.is(driver.fuelLeft, 9);
});

kill('a start function runs under the driver, and is killed there', () => {
  const driver = build(`(module (func $f (local i32) (loop $l (br $l))) (start $f) (func (export "main")))`, 'kill');
  driver.fuel = 1000;
  assert.is(failure(() => driver.start()).kind, 'TIMEOUT');
});

kill('a call within is a TIMEOUT, and breaks the call that it is in', () => {
  const { driver } = start(
    transform(
      compileWat(`(module (import "env" "ask" (func $ask)) (func (export "spin") (param i32) ${COUNT_DOWN})
        (func (export "main") (loop (call $ask))))`),
      'kill',
    ),
    { ask: () => driver.callWithin('spin', [1000], 100) },
  );
  driver.fuel = 50;
  const error = failure(() => driver.call('main', []));
  assert.is(error.kind, 'TIMEOUT');
  assert.is(error.place, 'spin');
  assert.is(driver.fuelLeft, 49, 'of the outer call');
  assert.is(failure(() => driver.reset()).kind, 'CONFLICT', 'the inner call trapped');
});

kill.run();

const WAITING = `(module (import "env" "wait" (func $wait (param i32) (result i32))) (memory 1)
  (func $spin (param i32) ${COUNT_DOWN})
  (func $work (param i32) (result i32)
    (call $spin (i32.const 30))
    (i32.add (call $wait (local.get 0)) (if (result i32) (local.get 0)
      (then (call $work (i32.sub (local.get 0) (i32.const 1))))
      (else (i32.const 0)))))
  (func (export "main") (param i32) (result i32) (local $sum i32)
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (call $work (local.get 0))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum)))`;

/** Runs `main` to its end with slices of `fuel`; answers what all of them cost. */
function costOf(program: SuspendResult, argument: number, fuel: number): number {
  const { driver } = start(program);
  driver.fuel = fuel;
  let cost = 0;
  let state = driver.call('main', [argument]);
  for (;;) {
    cost += fuel - driver.fuelLeft;
    if (state === 'idle') break;
    state = driver.resume();
  }
  return cost;
}

const cost = suite('what a call costs');

cost('is the same however it is transformed, and however often it stops', () => {
  const bytes = compileWat(WAITING);
  const expected = costOf(transform(bytes, 'kill', 'single'), 6, 1_000_000);
  // 6 turns of the outer loop; each calls `work` and with it `spin` as often as is left, and once more.
  assert.is(expected, 6 + (7 + 6 + 5 + 4 + 3 + 2) * 31);
  for (const copies of COPIES) {
    for (const preempt of MODES) assert.is(costOf(transform(bytes, preempt, copies), 6, 1_000_000), expected);
    for (const fuel of [0, 1, 2, 7, 29, 100]) {
      assert.is(costOf(transform(bytes, 'resume', copies), 6, fuel), expected, `${copies}, slices of ${fuel}`);
    }
  }
});

cost('a budget lasts over several waits', () => {
  for (const copies of COPIES) {
    const { driver } = start(transform(compileWat(WAITING), 'kill', copies));
    driver.fuel = 100;
    let waits = 0;
    const error = failure(() => {
      for (let state = driver.call('main', [6]); state !== 'idle'; state = driver.resume()) {
        waits++;
        driver.fuel = driver.fuelLeft;
      }
    });
    assert.is(error.kind, 'TIMEOUT');
    assert.is(waits, 3, '1 + 3 * 31 checks are 94');
  }
});

cost('is known after a trap and after an exception of an import, too', () => {
  for (const preempt of MODES) {
    const text = `(module (import "env" "stop" (func $stop (param i32))) (memory 1)
      (func (export "main") (param i32) (loop $l (call $stop (local.get 0)) (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $l (i32.load (i32.shl (local.get 0) (i32.const 16)))) (br $l))))`;
    const trapped = start(transform(compileWat(text), preempt), { stop: () => 0 }).driver;
    trapped.fuel = 1000;
    assert.match(thrown(() => trapped.call('main', [3])).message, /out of bounds/);
    assert.is(1000 - trapped.fuelLeft, 1);

    const exit = new Error('exit');
    const left = start(transform(compileWat(text.replace(/\(br_if.*?\)\)\)\) /, '')), preempt), {
      stop: (i: number) => {
        if (i === 0) throw exit;
      },
    }).driver;
    left.fuel = 1000;
    assert.is(
      thrown(() => left.call('main', [3])),
      exit,
    );
    assert.is(1000 - left.fuelLeft, 4);
    left.reset();
    assert.is(left.state, 'idle');
  }
});

cost('bulk work is paid in full, also where there is not enough', () => {
  const text = `(module (memory 4) (func (export "main")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const ${2 * PAGE})) (loop (nop))))`;
  const bulk = (2 * PAGE) / 16 + 16;
  for (const preempt of MODES) {
    const enough = build(text, preempt);
    assert.is(enough.call('main', []), 'idle');
    assert.is(enough.fuel - enough.fuelLeft, bulk + 1);
  }
  const killed = build(text, 'kill');
  killed.fuel = 10;
  assert.is(failure(() => killed.call('main', [])).kind, 'TIMEOUT');
  assert.is(10 - killed.fuelLeft, bulk + 1);
  const preempted = build(text, 'resume');
  preempted.fuel = 10;
  assert.is(preempted.call('main', []), 'preempted');
  assert.is(10 - preempted.fuelLeft, bulk + 1);
  preempted.fuel = 10;
  assert.is(preempted.resume(), 'idle');
  assert.is(preempted.fuelLeft, 10);
});

cost('what is owed adds up until the next check', () => {
  const driver = build(
    `(module (memory 1) (func $grow ${'(drop (memory.grow (i32.const 0)))'.repeat(20)})
      (func (export "main") (call $grow) (loop (nop))))`,
    'kill',
  );
  driver.fuel = 5;
  assert.is(failure(() => driver.call('main', [])).kind, 'TIMEOUT');
  assert.is(driver.fuelLeft, 5 - 20 * 1024 - 1);
});

cost('what is owed has a bound, since code without a check can be as long as it likes', () => {
  // 4 MiB a fill are 2^18 units.
  const fill = `(memory.fill (i32.const 0) (i32.const 1) (i32.const ${64 * PAGE}))`;
  for (const preempt of MODES) {
    const driver = build(`(module (memory 64) (func (export "main") ${fill.repeat(2200)}))`, preempt);
    driver.fuel = 1000;
    const error = failure(() => driver.call('main', []));
    assert.is(error.kind, 'TIMEOUT');
    assert.match(error.message, /more memory in one go.*put a loop round/);
    const units = (driver.fuel - driver.fuelLeft) / 2 ** 18;
    assert.ok(units > 2000 && units < 2100, `${units} fills`);
  }
});

cost('an entry of a table costs as much as many bytes', () => {
  const features = { reference_types: true };
  const costs = (instructions: string) => {
    const text = `(module (table $t 1000 2000 funcref) (elem $e func $f) (func $f)
      (func (export "main") ${instructions} (loop (nop))))`;
    const { driver } = start(transform(compileWat(text, features), 'kill'));
    driver.fuel = 10_000_000;
    driver.call('main', []);
    return driver.fuel - driver.fuelLeft;
  };
  const one = costs('(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 1))');
  assert.is(costs('(table.fill $t (i32.const 0) (ref.null func) (i32.const 1))'), one);
  assert.is(costs('(table.copy $t $t (i32.const 0) (i32.const 1) (i32.const 1))'), one);
  assert.ok(one > 20 && one < 100, `${one}`);
  assert.is(costs('(table.fill $t (i32.const 0) (ref.null func) (i32.const 1000))'), one + 999 * 32);
  assert.ok(costs('(drop (table.grow $t (ref.null func) (i32.const 0)))') > 20_000, 'it may copy the table');
});

cost('what the host takes away in a call is missed at the next check, whatever the loop keeps where', () => {
  const bodies = [
    '(loop $l (call $ask) (br $l))',
    '(loop $l (call $through) (br $l))',
    '(loop $l (call_indirect (i32.const 0)) (br $l))',
    '(loop $l (call_indirect (i32.const 1)) (br $l))',
    '(loop $l (loop (nop)) (call $ask) (br $l))',
  ];
  for (const body of bodies) {
    const text = `(module (import "env" "ask" (func $ask)) (table funcref (elem $ask $through))
      (func $through (call $ask)) (func (export "main") ${body}))`;
    for (const preempt of MODES) {
      for (const copies of COPIES) {
        let calls = 0;
        const { driver } = start(transform(compileWat(text), preempt, copies), {
          ask: () => {
            if (++calls === 7) driver.exhaust();
          },
        });
        driver.fuel = 100_000;
        if (preempt === 'kill') assert.is(failure(() => driver.call('main', [])).kind, 'TIMEOUT');
        else assert.is(driver.call('main', []), 'preempted');
        assert.is(calls, 7, `${body} ${preempt} ${copies}`);
      }
    }
  }
});

cost('nothing is left of what the host took away where no check comes any more', () => {
  for (const preempt of MODES) {
    const { driver } = start(
      transform(compileWat('(module (import "env" "ask" (func $ask)) (func (export "main") (call $ask)))'), preempt),
      { ask: () => driver.exhaust() },
    );
    driver.fuel = 100;
    assert.is(driver.call('main', []), 'idle');
    assert.is(driver.fuelLeft, 0);
    driver.fuel = 100;
    driver.call('main', []);
    assert.is(driver.fuelLeft, 0);
  }
});

cost('an export in which nothing counts costs nothing', () => {
  for (const preempt of MODES) {
    const driver = build(
      `(module (func (export "main") (param i32) ${COUNT_DOWN}) (func (export "one") (result i32) (i32.const 1)))`,
      preempt,
    );
    driver.fuel = 100;
    driver.call('main', [60]);
    assert.is(driver.fuelLeft, 40);
    driver.call('one', []);
    assert.is(driver.fuelLeft, 100);
  }
});

cost.run();

const copies = suite('two copies');

copies('a stack of thousands of frames is resumed where it was made', () => {
  // Each frame takes 12 bytes of the area.
  const text = `(module (import "env" "wait" (func $wait (param i32) (result i32)))
    (func $down (export "main") (param i32) (result i32)
      (if (result i32) (local.get 0)
        (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
        (else (call $wait (i32.const 7))))))`;
  for (const preempt of ['none', 'kill'] as const) {
    const { driver } = start(transform(compileWat(text), preempt, 'dual'));
    assert.is(driver.call('main', [4000]), 'suspended');
    assert.is(driver.resume(), 'idle');
    assert.is(driver.result, 4001);
  }
});

copies('frames of both have the name of the original', () => {
  const bytes = compileWat(`(module (import "env" "wait" (func $wait (param i32) (result i32)))
    (func $inner (param i32) (result i32) (i32.div_u (i32.const 1) (i32.sub (call $wait (local.get 0)) (i32.const 1))))
    (func $outer (export "main") (param i32) (result i32) (call $inner (local.get 0))))`);
  const program = transform(bytes, 'none', 'dual');
  const { driver } = start(program);
  driver.call('main', [1]);
  const { stack } = thrown(() => driver.resume());
  const shown = [...stack!.matchAll(/wasm-function\[(\d+)\]/g)].map(match =>
    originOf(Number(match[1]), 3, program.origins),
  );
  assert.equal(
    shown.filter(index => index >= 0),
    [1, 2],
  );
  assert.equal(
    [...program.origins].filter(index => index >= 0),
    [1, 2],
  );
});

copies.run();
