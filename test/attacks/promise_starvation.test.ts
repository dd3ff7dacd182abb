/** Running between steps, where no scheduler shares out the time and no watchdog can cut a program off. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf, refusal, run, start, type WorldOptions } from '../typescript/world.ts';
import { contained, HEAD, TRUSTED } from './contained.ts';

const test = suite('attack: promises');
const MACHINE: WorldOptions = { kinds: { main: 'process.xstate' } };
const XSTATE = `import { createMachine, setup, fromPromise, toPromise, waitFor, fromCallback } from 'xstate';\n`;

test('control: async functions run on trusted hosts', async () => {
  const main = `${HEAD}export default defineProcess(async self => { await null; return (await Promise.all([1, 2])).length; });`;
  assert.is(await run({ main }, 'main', [], TRUSTED), 2);
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    'an async function',
    `export default defineProcess(async self => { for (;;) await null; });`,
    /main\.ts:5:30: the program has an async function/,
  ],
  [
    'an async method',
    `const o = { async m() { for (;;) await null; } };\nexport default defineProcess(() => { o.m(); });`,
    /main\.ts:5:13: the program has an async function/,
  ],
  [
    'an async generator',
    `export default defineProcess(self => { (async function* () { yield 1; })().next(); });`,
    /main\.ts:5:41: the program has an async function/,
  ],
  [
    'an async arrow in a class field',
    `class A { m = async () => { for await (const x of []) x; }; }\nexport default defineProcess(() => { new A().m(); });`,
    /main\.ts:5:15: the program has an async function/,
  ],
  [
    'Promise',
    `export default defineProcess(() => { Promise.resolve().then(function again() { Promise.resolve().then(again); }); });`,
    /main\.ts:5:38: the program uses Promise/,
  ],
  [
    'Promise by another name',
    `const P = Promise;\nexport default defineProcess(() => { new P(() => {}); });`,
    /main\.ts:5:11: the program uses Promise/,
  ],
  [
    'Promise as a default',
    `export default defineProcess((self, P = Promise as any) => { P.resolve(); });`,
    /main\.ts:5:41: the program uses Promise/,
  ],
];

for (const [what, text, said] of REFUSED) {
  test(`${what} is refused with its place, in processes and machines`, async () => {
    const message = await refusal({ main: HEAD + text });
    assert.match(message, said);
    assert.match(message, /only in hosts with `trusted: true`.*(generator|yield\*)/);
    const machine = `${HEAD}${text.replace('export default defineProcess', 'export const unused = defineProcess')}\n${XSTATE}export default createMachine({});`;
    assert.match(
      await refusal({ main: machine }, MACHINE),
      /main\.ts:5:\d+: the program (has an async function|uses Promise)/,
    );
  });
}

test('what may run on a trusted host is refused where it is contained, when it is started there', async () => {
  const main = `${HEAD}export default defineProcess(async () => 1);`;
  const runtime = await start({ main }, { files: { 'more.yaml': MORE } });
  try {
    assert.is(await runtime.exec({ id: 't:both', host: 't:node' }), 1);
    const error = await errorOf(runtime.exec({ id: 't:both', host: 't:host' }));
    assert.is(error.kind, 'PERMISSION_DENIED');
    assert.match(
      error.message,
      /main\.ts:5:30: has an async function, which only hosts with `trusted: true` allow, and t:host is none/,
    );
  } finally {
    await runtime.stop();
  }
});
/** `main` of the world itself is prepared for both hosts, too. */
const MORE = `namespace: t
entries:
  - {name: node, kind: process.host, trusted: true}
  - {name: both, kind: process.ts, source: file://main.ts, meta: {default_host: node}}
  - {name: service, kind: process.service, process: main, host: node}
`;

test('no promise is to be had, nor anything that waits for one', async () => {
  const seen = await contained(
    `
    const thenables = [self.receive(), self.exec('child'), self.time.sleep('1ms'), self.channel(1).send(1), self.after('1ms').receive(), self.call('child')];
    const ran: string[] = [];
    return [
      typeof (globalThis as any)['Prom' + 'ise'],
      ...thenables.flatMap((command: any) => [tried(() => command.then(() => ran.push('then'))), tried(() => Object.getPrototypeOf(command).then.call(command, () => {}))]),
      ...[self.inbox(), self.channel(1), self.events(), self.after('1ms')].map((channel: any) => tried(() => channel[Symbol.asyncIterator]())),
      tried(() => (Array as any).fromAsync([1])), tried(() => Object.getPrototypeOf(Object.getPrototypeOf(self.receive()))?.then.name),
      ran.length,
    ];`,
    { child: '' },
    { imports: ['time'] },
  );
  assert.is(seen[0], 'undefined');
  assert.is(seen[seen.length - 1], 0);
  for (const refused of seen.slice(1, 17)) assert.match(refused, /^refused: promises are for hosts with/);
  assert.match(seen[17], /^refused: /);
});

test('machines get none from XState either, and their fromPromise runs no thenable', async () => {
  const main = `${HEAD}${XSTATE}const ran: string[] = [];
    const thenable: any = { then(ok: any) { ran.push('then'); ok(1); } };
    export default setup({ actors: { ask: fromPromise(({ signal, self, system }: any) => thenable as any) } }).createMachine({
      context: ({ self }: any) => ({ tried: [tried(() => toPromise(self)), tried(() => waitFor(self, () => true))], got: '' }),
      initial: 'a',
      states: { a: { invoke: { src: 'ask', onDone: { target: 'b', actions: ({ context, event }: any) => { context.got = typeof event.output.then; } }, onError: 'b' } }, b: { type: 'final' } },
      output: ({ context }: any) => [...context.tried, context.got, ran.length],
    });`;
  const seen: any = await run({ main }, 'main', [], MACHINE);
  for (const refused of seen.slice(0, 2)) assert.match(refused, /^refused: promises are for hosts/);
  assert.equal(seen.slice(2), ['function', 0]);
});

test('the timers and actors that XState brings along have no power', async () => {
  const main = `${HEAD}import * as xstate from 'xstate';
    const library: any = xstate;
    const logic = library.createMachine({ after: { 1: '.b' }, initial: 'a', states: { a: {}, b: {} } });
    export default library.createMachine({
      context: () => ({ seen: [
        tried(() => library.createActor(logic)), tried(() => library.interpret(logic)), tried(() => new library.Actor(logic).start().clock.setTimeout(() => {}, 1)),
        tried(() => { let scope: any; library.getInitialSnapshot({ ...library.fromCallback(() => {}), getInitialSnapshot: (given: any) => { scope = given; return { status: 'active' }; } }); return scope.system._clock.setTimeout(() => {}, 1); }),
        tried(() => { let scope: any; library.getInitialSnapshot({ getInitialSnapshot: (given: any) => { scope = given; return { status: 'active' }; } }); return scope.self.logger('x'); }),
        tried(() => { library.assign = 1; }), tried(() => { library.StateMachine.prototype.transition = 1; }), tried(() => { library.StateMachine.evil = 1; }),
      ] }),
      initial: 'done', states: { done: { type: 'final' } }, output: ({ context }: any) => context.seen,
    });`;
  const seen: any = await run({ main }, 'main', [], MACHINE);
  // The fourth calls what it is given at once, and gives no timer.
  for (const [i, refused] of seen.entries()) assert.match(String(refused), i === 3 ? /^null$/ : /^refused: /);
});

test.run();
