/** Reading memory that is not one's own, measuring time without a clock, and seeing what the collector or the debugger sees. */
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, start } from '../typescript/world.ts';
import { contained, HEAD, programOf, trusted } from './contained.ts';

const test = suite('attack: memory and clocks');

test('control: trusted programs have clocks, shared memory and weak references', async () => {
  assert.equal(
    await trusted(
      `return [typeof performance.now(), typeof SharedArrayBuffer, typeof Atomics, typeof WeakRef, typeof Buffer, Date.now() > 0];`,
    ),
    ['number', 'function', 'object', 'function', 'function', true],
  );
});

test('there is no clock, no shared memory, no thread and no weak reference', async () => {
  const seen = await contained(`
    const names = ['SharedArrayBuffer', 'Atomics', 'performance', 'process', 'Worker', 'MessageChannel', 'BroadcastChannel', 'WebAssembly', 'WeakRef', 'FinalizationRegistry', 'Buffer', 'gc', 'Intl', 'Temporal', 'crypto', 'navigator'];
    return [names.map(name => typeof (globalThis as any)[name]), [() => Date.now(), () => new Date(), () => Date(), () => new (new Date(0).constructor as any)(), () => (new Date(0).constructor as any).now(), () => Reflect.construct(Date, []), () => { class D extends Date {} return new D(); },
      () => Math.random(), () => new (globalThis as any).Temporal.Now.instant()].map(act => String(tried(act)))];`);
  assert.equal(new Set(seen[0]), new Set(['undefined']));
  for (const refused of seen[1]) assert.match(refused, /^(refused: |NaN$|Invalid Date$)/, refused);
});

test('bytes that a program gets have memory of their own', async () => {
  const seen = await contained(
    `
    const views: any[] = [Bytes.from('secret').toUint8Array(), Bytes.concat(['a', 'b']).toUint8Array(), new Uint8Array(Bytes.from('x').toUint8Array())];
    self.send(self.pid, 'x', new Uint8Array([1, 2, 3]));
    views.push((yield* self.receive()).payload, (yield* self.exec('child')), yield* self.exec('read'));
    return views.map(view => [view.buffer.byteLength === view.length, view.byteOffset, Object.getPrototypeOf(view) === Uint8Array.prototype, view.constructor === Uint8Array, typeof view.parent, typeof view.constructor.allocUnsafe]);`,
    {
      child: 'return new Uint8Array(5);',
      read: 'return new Uint8Array(yield* self.fs.readFile("a.bin", { bytes: true }));',
    },
    { host: 'capabilities: {fs: {root: .}}', imports: ['fs'], files: { 'a.bin': 'abc' } },
  );
  assert.is(seen.length, 6);
  for (const view of seen) assert.equal(view, [true, 0, true, true, 'undefined', 'undefined']);
});

test('Bytes give away neither their memory nor a way to change it', async () => {
  const seen = await contained(`
    const big = Bytes.from(new Uint8Array(20_000)); const small = Bytes.from('small');
    const handed: any[] = [];
    const results = [big, small].flatMap(bytes => [tried(() => { (bytes as any)[0] = 9; }), tried(() => { (bytes as any).length = 0; }), tried(() => new (bytes as any).constructor(Symbol(), new Uint8Array(1))),
      tried(() => { bytes.copyTo(Object.setPrototypeOf(new Uint8Array(30_000), { set(given: any) { handed.push(given); } }), 0); return 'copied'; })]);
    const spy: any = Object.setPrototypeOf(new Uint8Array(30_000), { set(given: any) { handed.push(given); }, get buffer() { handed.push('buffer'); return undefined; }, get [Symbol.toStringTag]() { handed.push('tag'); return 'Uint8Array'; } });
    tried(() => small.copyTo(spy)); tried(() => Bytes.from(spy)); tried(() => small.equals(spy)); tried(() => small.indexOf(spy));
    return [results, handed, big.at(0), small.text(), Reflect.ownKeys(big)];`);
  assert.equal(seen.slice(1), [[], 0, 'small', []]);
});

test('who shows what a program made runs nothing of it', async () => {
  const ran: unknown[] = [];
  (globalThis as { troupeTestSpy?: unknown }).troupeTestSpy = ran;
  const custom = `[Symbol.for('nodejs.util.inspect.custom')](depth: any, options: any, inspect: any) { if (inspect) inspect.evil = 1; throw new Error('ran'); }`;
  const crashes: unknown[] = [];
  const runtime = await start(
    {
      main: programOf(`
        class Odd { ${custom} toJSON() { throw new Error('json'); } toString() { throw new Error('text'); } }
        const odd: any = { a: 1, ${custom} };
        self.logger.info('plain', { field: 1 });
        const logged = [tried(() => self.logger.info(odd, { odd })), tried(() => self.logger.info('x', new Odd() as any)), tried(() => self.logger.info(new Odd() as any)), tried(() => self.logger.error('x', Object.assign(new Error('e'), { odd })))];
        self.spawn('fails');
        return logged.length;`),
      fails: programOf(
        `throw Object.assign(new TroupeError('oh', { details: { odd: { ${custom} }, fn() {} } as any }), { ${custom} });`,
      ),
    },
    { imports: ['logger'] },
  );
  runtime.scheduler.onCrash = (_pid, _id, error) => crashes.push(inspect(error));
  try {
    assert.is(await runtime.exec({ id: 't:main', host: 't:host' }), 4);
    for (let i = 0; i < 100 && crashes.length === 0; i++) await runtime.wait(5);
    assert.match(String(crashes[0]), /oh/);
    assert.not.match(String(crashes[0]), /ran|evil/);
    assert.is((inspect as { evil?: unknown }).evil, undefined);
  } finally {
    await runtime.stop();
  }
});

test('species and subclasses decide nothing about what others get', async () => {
  const main = `${HEAD}
    class Evil extends Array { static get [Symbol.species]() { return function (this: any) { made.push('species'); return new Proxy([], {}); } as any; } }
    class EvilBytes extends Uint8Array { static get [Symbol.species]() { made.push('bytes'); return Uint8Array; } subarray(): any { made.push('subarray'); return this; } get length(): any { made.push('length'); return 1e9; } }
    const made: string[] = [];
    export default defineProcess(function* (self: any): any {
      const sent = [self.send(self.pid, 'x', Evil.from([1, 2])), self.send(self.pid, 'x', new EvilBytes(3)), tried(() => self.spawn('nobody', undefined, ...Evil.from([1])))];
      const got = []; for (let message = self.tryReceive(); message !== undefined; message = self.tryReceive()) got.push([Array.isArray(message.payload), message.payload.length, Object.getPrototypeOf(message.payload) === Array.prototype || Object.getPrototypeOf(message.payload) === Uint8Array.prototype]);
      return [got, made.filter(one => one !== 'length')];
    });`;
  assert.equal(await run({ main }, 'main'), [
    [
      [true, 2, true],
      [false, 3, true],
    ],
    [],
  ]);
});

test('no function tells who called it', async () => {
  const seen = await contained(`
    function called(this: any) { return [tried(() => (called as any).caller), tried(() => (called as any).arguments), tried(() => (arguments as any).callee), tried(() => (arguments as any).callee.caller), this === undefined]; }
    let inGetter: any; let inTrap: any;
    self.send(self.pid, 'x', { get a() { inGetter = called(); return 1; } });
    self.send(self.pid, 'x', new Proxy({}, { ownKeys() { inTrap = called(); return []; } }));
    return [...called(), ...inGetter, ...inTrap].map(String);`);
  for (const one of seen) assert.match(one, /^(refused: |undefined|null|true)/);
});

test.run();
