/** Changing capabilities, calling them for others, or using them with other settings than those of the host. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contained, failure, TRUSTED } from './contained.ts';

const test = suite('attack: tampering with capabilities');
const STORE = {
  host: 'capabilities: {store: {namespace: mine}, time: {}, fs: {root: inside}}',
  imports: ['store', 'time', 'fs'],
  files: { 'inside/a.txt': 'inside', 'outside.txt': 'outside' },
};

test('control: what is granted works, contained and trusted', async () => {
  for (const options of [{}, TRUSTED]) {
    const seen = await contained(
      `yield* self.store.set('k', 1); return [yield* self.store.get('k'), typeof self.time.now()];`,
      {},
      { ...options, imports: ['store', 'time'] },
    );
    assert.equal(seen, [1, 'bigint']);
  }
});

test('an operation cannot be replaced, for oneself or for others', async () => {
  const seen = await contained(
    `
    const results = [tried(() => { self.time.now = () => 0n; }), tried(() => { Object.getPrototypeOf(self.time).now = () => 0n; }), tried(() => { delete Object.getPrototypeOf(self.time).now; }),
      tried(() => Object.defineProperty(Object.getPrototypeOf(self.time), 'now', { value: () => 0n })), tried(() => Object.setPrototypeOf(Object.getPrototypeOf(self.time), {})),
      tried(() => { Object.getPrototypeOf(self).send = () => true; }), tried(() => { (self as any).constructor.prototype.send = 1; })];
    Object.defineProperty(self.time, 'unix', { value: () => 'mine alone' });
    return [results, self.time.unix(), yield* self.exec('other')];`,
    { other: 'return [self.time.now() > 0n, typeof self.time.unix()];' },
    { imports: ['time'] },
  );
  for (const refused of seen[0].slice(0, 6)) assert.match(String(refused), /^refused: /);
  assert.is(seen[1], 'mine alone');
  assert.equal(seen[2], [true, 'number']);
});

test('an operation works for the object that it belongs to, and for no other', async () => {
  const seen = await contained(
    `
    const { set, get } = self.store; const { now } = self.time;
    const spy: any = new Proxy({}, { get: (_, key) => { handed.push(String(key)); return spy; } }); const handed: string[] = [];
    return [...[undefined, {}, spy, self, self.store, Object.create(self.store), Object.create(Object.getPrototypeOf(self.time))].map(target => tried(() => typeof now.call(target))),
      ...[undefined, spy, self.time].map(target => tried(() => typeof get.call(target, 'k'))), handed];`,
    {},
    STORE,
  );
  for (const refused of seen.slice(0, -1)) assert.match(String(refused), /^refused: /);
  assert.equal(seen[seen.length - 1], []);
});

test('neither settings nor the work behind an operation can be reached', async () => {
  const seen = await contained(
    `
    const found: string[] = []; const done = new Set();
    const visit = (value: any): void => {
      if ((typeof value !== 'object' && typeof value !== 'function') || value === null || done.has(value)) return;
      done.add(value);
      for (const key of Reflect.ownKeys(value)) {
        if (['settings', 'definition', 'run', 'root', 'namespace', 'operations', 'capability', 'mode'].includes(String(key))) found.push(String(key));
        const property = Object.getOwnPropertyDescriptor(value, key)!;
        visit(property.value); visit(property.get); visit(property.set);
      }
      visit(Object.getPrototypeOf(value));
    };
    for (const one of [self.store, self.fs, self.time, self.fs.readFile('a.txt'), self.store.get]) visit(one);
    return [found, self.store.get.toString().length < 200, yield* self.fs.readFile('a.txt')];`,
    {},
    STORE,
  );
  assert.equal(seen[0], []);
  assert.is(seen[2], 'inside');
});

test('what was not imported is not there under any name', async () => {
  const seen = await contained(
    `return ['fs', 'env', '__proto__', 'constructor', 'toString', 'process', '@inbox2', ''].map(name => tried(() => self.capability(name))).concat([tried(() => self.fs), tried(() => self.env), tried(() => self.io)]);`,
  );
  for (const refused of seen) assert.match(String(refused), /^refused: ".*" is not imported/);
  const outside = await failure(`return yield* self.fs.readFile('../outside.txt');`);
  assert.is(outside.kind, 'PERMISSION_DENIED');
});

test('arguments are copied: what changes them later changes nothing', async () => {
  const seen = await contained(
    `
    const value: any = { n: 1, get late() { value.n = 5; return 2; } };
    const pending = self.store.set('k', value);
    value.n = 9;
    yield* pending;
    const read: any = yield* self.store.get('k');
    read.n = 7;
    return [read.late, (yield* self.store.get('k')).n];`,
    {},
    STORE,
  );
  assert.equal(seen, [2, 1]);
});

test.run();
