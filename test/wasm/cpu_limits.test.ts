/** What a program may compute: in one go, and in its whole life. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { AddressSpace } from '../../machines/wasm/instance/address_space.ts';
import { TroupeError } from '../../runtime/errors.ts';
import { type ImportTable, type Program, StepStatus } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadWasm, prepareWasm, wasmEntry } from './load_program.ts';
import { failure, run, start, wat } from './start.ts';

const test = suite('wasm cpu limits');

async function program(text: string, limits: Partial<ImportTable>): Promise<Program> {
  const entry = wasmEntry(wat(text));
  return loadWasm(entry, await prepareWasm(entry), limits);
}

const ENDLESS = `(module
  (func $spin (loop $again (br $again)))
  (func $work (call $spin))
  (func (export "main") (call $work)))`;

/** Sends to itself and takes nothing: each round is one check and a call that costs hundreds. */
const CALLER = `(module
  (import "troupe:process" "pid" (func $pid (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "main") (loop $again (drop (call $pid (i32.const 0) (i32.const 100))) (br $again))))`;

test('limits.cpu_total ends a loop and says where it was', async () => {
  const process = BareProcess.begin(await program(ENDLESS, { cpuTotal: 10, cpuSlice: 2 })).run();
  assert.is(process.steps, 6, 'five slices of 2 ms');
  const { error } = process;
  assert.instance(error, TroupeError);
  assert.is(error!.kind, 'RATE_LIMITED');
  assert.match(error!.message, /longer than "limits\.cpu_total" of its host allows \(10 ms\)/);
  assert.is(error!.place, 'spin');
  assert.match(error!.stack!, /at spin .*\n.*at work .*\n.*at main /);
  process.machine.close();
});

test('what is left of limits.cpu_total travels in an image', async () => {
  const process = BareProcess.begin(await program(ENDLESS, { cpuTotal: 10, cpuSlice: 2 })).run(moving =>
    moving.enter(moving.leave()),
  );
  assert.is(process.steps, 6);
  assert.is(process.error?.kind, 'RATE_LIMITED');
  process.machine.close();
});

test('handlers share one slice and count towards limits.cpu_total', async () => {
  const busy = await program(
    `(module (memory (export "memory") 1)
      (func (export "troupe_alloc") (param i32) (result i32) (i32.const 1024))
      (func (export "on_message") (param i32 i32) (local $i i32)
        (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300000))))))`,
    { cpuTotal: 12, cpuSlice: 2 },
  );
  const process = BareProcess.begin(busy);
  for (let i = 0; i < 30; i++) process.send('n', i);
  process.step();
  assert.is(process.status, StepStatus.Ready, 'a slice is a million checks, not a million a message');
  process.run();
  assert.is(process.error?.kind, 'RATE_LIMITED', 'thirty messages take 9 million checks, 12 ms are 6 million');
  process.machine.close();
});

test('a program that does nothing but call is interrupted as one that does nothing but count', async () => {
  const calling = BareProcess.begin(await program(CALLER, { cpuTotal: 100, cpuSlice: 2 }));
  calling.step();
  assert.is(calling.status, StepStatus.Ready);
  calling.run();
  assert.is(calling.error?.kind, 'RATE_LIMITED');
  assert.ok(calling.steps < 60, `${calling.steps} steps`);
  calling.machine.close();
});

test('calls in a loop are interrupted after the slice that they fill, long ones sooner', async () => {
  const sending = async (length: number) => {
    const process = BareProcess.begin(
      await program(
        `(module (import "troupe:process" "send" (func $send (param i32 i32 i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 1) (data (i32.const 0) "\\da\\1f\\fd") (data (i32.const 60000) "other")
          (func (export "main") (loop $again
            (drop (call $send (i32.const 60000) (i32.const 5) (i32.const 60000) (i32.const 5) (i32.const 0) (i32.const ${length})))
            (br $again))))`,
        { cpuSlice: 2 },
      ),
    );
    process.step();
    process.machine.close();
    return process.sent.length;
  };
  const short = await sending(0);
  assert.ok(short > 1000 && short < 4000, `${short} of half a microsecond each`);
  const long = await sending(3 + 0x1ffd);
  assert.ok(long > 50 && long < short / 5, `${long} of 8 KiB each`);
});

test('calls without a loop end the process when they are far too many', async () => {
  // What is sent is no payload, but that is known only when it was looked at.
  const call = `(drop (call $send ${'(i32.const 0) (i32.const 1) '.repeat(2)} (i32.const 0) (i32.const 3000000)))`;
  for (const preempt of ['resume', 'kill'] as const) {
    const process = BareProcess.begin(
      await program(
        `(module (import "troupe:process" "send" (func $send (param i32 i32 i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 50) (func (export "main") ${call.repeat(400)}))`,
        { preempt, cpuSlice: 2 },
      ),
    ).run();
    assert.is(process.error?.kind, 'TIMEOUT');
    assert.match(process.error!.message, /calls more imports in one go.*in a loop/);
    process.machine.close();
  }
});

test('every call counts', async () => {
  const calls: { readonly [name: string]: string } = {
    'id (param i32 i32) (result i32)': '(drop (call $f (i32.const 0) (i32.const 100)))',
    'try_receive (param i32 i32) (result i32)': '(drop (call $f (i32.const 0) (i32.const 100)))',
    'try_select (param i32 i32 i32) (result i32)': '(drop (call $f (i32.const 15) (i32.const 0) (i32.const 100)))',
    'last_error (param i32 i32) (result i32)': '(drop (call $f (i32.const 0) (i32.const 100)))',
    'abandon (param i32)': '(call $f (i32.const 1))',
    'get_options (result i32)': '(drop (call $f))',
    'listen (param i32 i32) (result i32)': '(drop (call $f (i32.const 0) (i32.const 5)))',
  };
  for (const [type, call] of Object.entries(calls)) {
    const name = type.slice(0, type.indexOf(' '));
    const text = `(module
      (import "troupe:process" "${name}" (func $f ${type.slice(name.length)}))
      (memory (export "memory") 1)
      (func (export "main") (loop $again
        ${call}
        (br $again))))`;
    const process = BareProcess.begin(await program(text, { cpuTotal: 40, cpuSlice: 2 })).run();
    assert.is(process.error?.kind, 'RATE_LIMITED', name);
    assert.ok(process.steps > 15 && process.steps < 30, `${name}: ${process.steps} steps`);
    process.machine.close();
  }
});

test('limits.cpu_slice says how long others wait', async () => {
  const steps = async (cpuSlice: number) => {
    const process = BareProcess.begin(await program(ENDLESS, { cpuSlice, cpuTotal: 20 })).run();
    process.machine.close();
    return process.steps;
  };
  assert.is(await steps(1), 21);
  assert.is(await steps(5), 5);
});

test('limits.preempt: kill ends what computes on and on, in one step', async () => {
  const spinning = BareProcess.begin(await program(ENDLESS, { preempt: 'kill', cpuSlice: 5 })).run();
  assert.is(spinning.steps, 1);
  assert.is(spinning.error?.kind, 'TIMEOUT');
  assert.match(spinning.error!.message, /computed for 5 ms without waiting.*"preempt: resume"/);
  assert.is(spinning.error!.place, 'spin');
  assert.match(spinning.error!.stack!, /at spin .*\n.*at work .*\n.*at main /);
  spinning.machine.close();
  const spent = BareProcess.begin(await program(ENDLESS, { preempt: 'kill', cpuSlice: 5, cpuTotal: 4 })).run();
  assert.is(spent.error?.kind, 'RATE_LIMITED');
  assert.is(spent.error!.place, 'spin');
  spent.machine.close();
  const calling = BareProcess.begin(await program(CALLER, { preempt: 'kill', cpuSlice: 5 })).run();
  assert.is(calling.error?.kind, 'TIMEOUT', 'calls count, too');
  calling.machine.close();
});

test('with limits.preempt: kill a process waits as ever, and its image goes on there only', async () => {
  const text = `(module
    (import "troupe:process" "receive" (func $receive (param i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "main") (result i32) (local $i i32)
      (loop $again
        (drop (call $receive (i32.const 0) (i32.const 100)))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
      (local.get $i)))`;
  const killing = await program(text, { preempt: 'kill' });
  const process = BareProcess.begin(killing).run();
  for (let i = 0; i < 5; i++) {
    process.send('n', i);
    process.run(moving => moving.enter(moving.leave()));
  }
  assert.is(process.value, 5);
  process.machine.close();
  const left = BareProcess.begin(killing).run().leave();
  const resuming = await program(text, {});
  assert.throws(() => resuming.resume!(left), /another version/);
});

test('what becomes of endless loops depends on the trust in the host', async () => {
  const runtime = await start(
    [
      '{name: trusted, kind: process.host, trusted: true, limits: {cpu_slice: 5ms}}',
      '{name: fair, kind: process.host, trusted: true, limits: {cpu_slice: 5ms, cpu_total: 30ms, preempt: resume}}',
      '{name: strict, kind: process.host, limits: {cpu_slice: 5ms, preempt: kill}}',
      '{name: endless, kind: process.wasm, source: file://endless.wasm}',
    ],
    { 'endless.wasm': wat(ENDLESS) },
  );
  const kindOn = async (host: string) => (await failure(run(runtime, 'endless', [], { host: `app:${host}` }))).kind;
  assert.is(await kindOn('trusted'), 'TIMEOUT');
  assert.is(await kindOn('fair'), 'RATE_LIMITED');
  assert.is(await kindOn('strict'), 'TIMEOUT');
  const { pid, exit } = runtime.watch({ id: 'app:endless', host: 'app:h' });
  await runtime.wait(30);
  assert.is(runtime.terminate(pid), undefined, 'it was interrupted and others run');
  assert.is((await exit).result?.error?.message, 'process terminated');
  await runtime.stop();
});

test('a host that limits computing runs nothing that it cannot stop', async () => {
  const trusting = wasmEntry(wat(ENDLESS), { meta: { preempt: false } });
  const thrower = wasmEntry(wat('(module (tag $t) (func (export "main") (loop $again (br $again)) (throw $t)))'));
  for (const entry of [trusting, thrower]) {
    const artifact = await prepareWasm(entry);
    loadWasm(entry, artifact, { preempt: 'resume' });
    for (const limits of [{ cpuTotal: 5 }, { cpuSlice: 5 }]) {
      assert.throws(
        () => loadWasm(entry, artifact, limits),
        (error: TroupeError) =>
          error.kind === 'PERMISSION_DENIED' && /^app:m: nothing could stop it, because /.test(error.message),
      );
    }
  }
});

test('in a deployment, under any host', async () => {
  const runtime = await start(
    [
      '{name: bounded, kind: process.host, limits: {cpu_total: 20ms, cpu_slice: 1ms}}',
      '{name: endless, kind: process.wasm, source: file://endless.wasm}',
    ],
    { 'endless.wasm': wat(ENDLESS) },
  );
  const error = await failure(run(runtime, 'endless', [], { host: 'app:bounded' }));
  assert.is(error.kind, 'RATE_LIMITED');
  assert.is(error.place, 'spin');
  await runtime.stop();
});

test('only so many instances fit, and what ends makes room', () => {
  const counter = AddressSpace.create();
  const [one, other] = [new AddressSpace(counter, 3, 1), new AddressSpace(counter, 3, 2)];
  one.take('app:a');
  other.take('app:b');
  one.take('app:a');
  for (let i = 0; i < 3; i++) {
    assert.throws(
      () => other.take('app:b'),
      (error: TroupeError) =>
        error.kind === 'UNAVAILABLE' &&
        error.retryable === true &&
        /no room for another process of app:b: 3 WebAssembly instances live already/.test(error.message),
    );
  }
  one.give();
  other.take('app:b');
});

test('what lived on a thread that has died makes room', () => {
  const counter = AddressSpace.create();
  const [one, other] = [new AddressSpace(counter, 4, 1), new AddressSpace(counter, 4, 2)];
  for (let i = 0; i < 3; i++) one.take('app:a');
  other.take('app:b');
  assert.ok(other.isTight);
  AddressSpace.lost(counter, 1);
  AddressSpace.lost(counter, 1);
  assert.not(other.isTight);
  const next = new AddressSpace(counter, 4, 3);
  for (let i = 0; i < 3; i++) next.take('app:a');
  assert.throws(
    () => other.take('app:b'),
    (error: TroupeError) => error.kind === 'UNAVAILABLE',
  );
});

test.run();
