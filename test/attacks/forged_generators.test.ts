/** Telling the runtime what a generator has not done: methods of its own, results that are getters, iterators of one's own. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, run } from '../typescript/world.ts';
import { contained, failure, HEAD, programOf, trusted } from './contained.ts';

const test = suite('attack: forged generators');

test('control: a generator, and one that delegates, ends with its own result', async () => {
  for (const where of [contained, trusted]) {
    assert.is(
      await where('return yield* (function* (): any { return 1 + (yield* self.receive({ timeout: "1ms" }), 1); })();'),
      2,
    );
  }
});

test('a generator that has next, return and throw of its own is not asked by them', async () => {
  const main = `${HEAD}
    function* body(self: any): any { yield* self.receive({ timeout: '1ms' }); return 'the truth'; }
    for (const name of ['next', 'return', 'throw', Symbol.iterator, 'done', 'value']) {
      Object.defineProperty(body.prototype, name, { value: () => ({ done: true, value: 'forged' }) });
    }
    export default defineProcess(body);`;
  assert.is(await run({ main }, 'main'), 'the truth');
});

test('what only looks like a generator is a value like any other', async () => {
  const error = await errorOf(
    run(
      {
        main: `${HEAD}export default defineProcess(() => ({ next: () => ({ done: true, value: 'forged' }), [Symbol.iterator]() { return this; } }) as any);`,
      },
      'main',
    ),
  );
  assert.is(error.kind, 'INVALID');
  assert.match(error.message, /result\.next: function cannot be sent/);
});

test('a delegate whose results are getters or proxies is read once, and only within its own step', async () => {
  const seen = await contained(`
    const reads: string[] = [];
    let turns = 0;
    const delegate: any = { [Symbol.iterator]() { return { next() {
      turns++;
      if (turns > 3) return { done: true, value: 'over' };
      const command = self.receive({ timeout: '1ms' });
      const step = command.next();
      return { get done() { reads.push('done'); return false; }, get value() { reads.push('value'); throw new Error('read'); } };
    } }; } };
    const result = yield* delegate;
    return [result, reads.filter(read => read === 'value').length, reads.length <= 2 * turns];`);
  assert.equal(seen, ['over', 0, true]);
  const error = await failure(
    `yield* { [Symbol.iterator]() { return { next() { return new Proxy({}, { get() { throw new Error('from the trap'); } }); } }; } } as any;`,
  );
  assert.match(error.message, /from the trap/);
});

test('commands cannot be forged, and nothing but a command makes a path wait', async () => {
  const forgeries = [
    `yield { troupe: 'pending' };`,
    `yield self.receive();`,
    `yield* { [Symbol.iterator]() { return { next: () => ({ done: false, value: { troupe: 'pending' } }) }; } } as any;`,
    `const command: any = self.receive(); yield* Object.create(Object.getPrototypeOf(command));`,
    `const command: any = self.receive(); yield* new Proxy(command, {});`,
  ];
  for (const forgery of forgeries) {
    const error = await failure(forgery);
    assert.match(error.message, /may only yield commands|private member|not iterable/, forgery);
  }
});

test('a command that was asked by hand makes nothing wait twice', async () => {
  const seen = await contained(`
    const command: any = self.receive();
    self.send(self.pid, 'one', 1);
    const first = command.next();
    const pending = command.next();
    const again = tried(() => command.next());
    const other = tried(() => self.after('1ms').receive().next());
    return [first.done, first.value.payload, pending.done, Object.isFrozen(pending) && Object.isFrozen(pending.value), again, other];`);
  assert.equal(seen.slice(0, 4), [true, 1, false, true]);
  for (const refused of seen.slice(4)) assert.match(refused, /^refused: a command cannot be waited for here/);
});

test('a kill asks the program nothing', async () => {
  const stubborn = `
    const to = args[0];
    self.send(to, 'began');
    for (;;) { try { for (;;) yield* self.receive(); } catch { self.send(to, 'caught'); } finally { self.send(to, 'finally'); yield* self.receive(); continue; } }`;
  const main = `
    const pid = self.spawnMonitored('stubborn', undefined, self.pid);
    yield* self.receive();
    self.terminate(pid);
    const exit = yield* self.events().receive();
    return [exit.result.error.message, (yield* self.receive({ timeout: '10ms' })) === undefined];`;
  assert.equal(await contained(main, { stubborn }), ['process terminated', true]);
});

test('an error that is thrown may be anything, and is read without harm', async () => {
  const thrown = [
    'undefined',
    'null',
    '{}',
    'Object.create(null)',
    'Symbol("x")',
    '() => {}',
    'new Proxy(new Error("x"), { get() { throw new Error("trap"); }, getPrototypeOf() { throw new Error("trap"); }, getOwnPropertyDescriptor() { throw new Error("trap"); } })',
    '(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy; })()',
    '{ get message() { throw 1; }, get stack() { throw 2; }, toString() { throw 3; } }',
    'Object.defineProperty(new Error("x"), "message", { get() { throw 1; } })',
    'Object.defineProperty(new Error("x"), "stack", { get() { throw 1; } })',
    'Object.assign(new TroupeError("x"), { kind: { toString() { throw 1; } }, retryable: () => {}, details: new Proxy({}, { ownKeys() { throw 1; } }) })',
    'Object.assign(new Error("x"), { details: { fn() {} }, kind: "NOT_FOUND" })',
    '{ [Symbol.toPrimitive]() { throw 1; } }',
    'Object.setPrototypeOf({}, TroupeError.prototype)',
  ];
  for (const value of thrown) {
    const main = `
      const pid = self.spawnMonitored('child');
      const exit = yield* self.events().receive();
      const { error } = exit.result;
      return [typeof error.message, typeof error.kind, typeof error.stack, exit.from === pid];`;
    const world = { main: programOf(main), child: programOf(`throw ${value.startsWith('{') ? `(${value})` : value};`) };
    assert.equal(await run(world, 'main'), ['string', 'string', 'string', true], value);
  }
});

test.run();
