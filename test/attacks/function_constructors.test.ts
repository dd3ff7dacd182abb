/** Making code out of text, by the constructor that functions lead to, and so reaching what no program is given. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { contained, trusted } from './contained.ts';

const test = suite('attack: constructors of functions');

test('control: in a trusted host the constructor of a function makes functions', async () => {
  assert.is(await trusted(`return (() => {}).constructor('return typeof process')();`), 'object');
});

/** Everything callable that a program is given or can write. */
const FUNCTIONS = `const functions: any[] = [() => {}, function () {}, function* () {}, class {}, { m() {} }.m, (() => {}).bind(null),
  Object, Array.prototype.map, Math.max, Math.random, Date, Date.now, setTimeout, fetch, console.log, Function, Proxy, Error, TroupeError, Bytes, Bytes.from,
  defineProcess, defineFunction, frozen, self.send, self.receive().next, self.after, self.time.now, self.time.sleep, self.constructor, self.receive().constructor,
  self.inbox().constructor, self.time.constructor, self.registry.constructor, self.withName('x').constructor, Bytes.from('x')[Symbol.iterator],
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(self), 'pid')!.get, Object.getPrototypeOf(TroupeError), Object.getPrototypeOf(Object.getPrototypeOf(TroupeError))];
try { null!.x; } catch (error) { functions.push((error as any).constructor); }
try { self.spawn('nobody'); } catch (error) { functions.push((error as any).constructor); }
try { Bytes.from(5 as any); } catch (error) { functions.push((error as any).constructor); }
try { self.after({} as any); } catch (error) { functions.push((error as any).constructor); }
try { (function deep(): any { return deep(); })(); } catch (error) { functions.push((error as any).constructor); }
`;

test('no function leads to one that makes code', async () => {
  const made = await contained(
    `${FUNCTIONS}
    const made: unknown[] = [];
    for (const one of functions) {
      let at = one;
      for (let step = 0; step < 4 && at !== null && at !== undefined; step++) {
        for (const next of [at.constructor, Object.getPrototypeOf(at)]) {
          if (typeof next !== 'function') continue;
          for (const make of [() => next('return typeof process')(), () => new next('return typeof process')(), () => next('yield typeof process')().next().value,
            () => next.call(null, '}), process.exit(), (function () {')(), () => Reflect.construct(next, ['return globalThis'])().process]) {
            const result = tried(make);
            if (result === 'object' || (typeof result === 'object' && result !== null && 'pid' in (result as any) && 'argv' in (result as any))) made.push(String(next));
          }
        }
        at = at.constructor;
      }
    }
    return made;`,
    {},
    { imports: ['time'] },
  );
  assert.equal(made, []);
});

test('eval, Function and indirect ways to them are not there', async () => {
  const seen = await contained(`
    const global: any = globalThis;
    return [typeof global.eval, tried(() => global['ev' + 'al']('1')), tried(() => (0, global.Function)('return 1')()), tried(() => new Function('return 1')()),
      tried(() => Reflect.construct(Function, ['return 1'])()), typeof global.Compartment, typeof global.lockdown, typeof global.harden, typeof global.Promise];`);
  assert.is(seen[0], 'undefined');
  for (const refused of seen.slice(1, 5)) assert.match(refused, /^refused: /);
  assert.equal(seen.slice(5), new Array(4).fill('undefined'));
});

test('what programs hold cannot be made with parts of their own choice', async () => {
  const seen = await contained(
    `
    const spy: any = new Proxy({}, { get: (_, key) => { handed.push(String(key)); return spy; }, has: () => true });
    const handed: string[] = [];
    const classes = [self, self.receive(), self.inbox(), self.channel(1), self.channel(1).sending(1), self.registry, self.withName('x'), self.after('1h'), self.time,
      defineProcess(() => 1), yield* self.receive()].map(one => (one as any).constructor);
    const results = classes.flatMap(shown => [tried(() => new shown(spy, spy, spy)), tried(() => Reflect.construct(shown, [spy, spy], Object)),
      tried(() => { class Mine extends shown {} return new Mine(spy, spy); })]);
    const unbranded = [Object.create(Object.getPrototypeOf(self)), Object.create(Object.getPrototypeOf(self.inbox())), Object.create(Object.getPrototypeOf(self.receive()))]
      .flatMap(fake => ['pid', 'send', 'receive', 'tryReceive', 'next'].map(name => tried(() => typeof fake[name] === 'function' ? fake[name]('x', 'y') : fake[name])));
    const selected = tried(() => self.select({ forged: Object.create(Object.getPrototypeOf(self.inbox())) }));
    return { results, unbranded, selected, handed };`.replace(
      'const classes',
      "self.send(self.pid, 'x');\n const classes",
    ),
    {},
    { imports: ['time'] },
  );
  for (const result of seen.results) assert.match(result, /^refused: /);
  for (const result of seen.unbranded) if (result !== null && result !== undefined) assert.match(result, /^refused: /);
  assert.match(seen.selected, /^refused: /);
  assert.equal(seen.handed, []);
});

test.run();
