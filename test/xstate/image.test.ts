/** Machines as images: which stay where they are. What moves is in `image_random.test.ts`. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareProcess } from '../bare_process.ts';
import { loadPrepared, loadSource, prepareSource } from '../typescript/load_program.ts';

const test = suite('images of machines');

const HEAD = `import { assign, createMachine, fromCallback, setup } from 'xstate';
import { selfOf, sendMessage } from 'troupe/sdk/xstate';\n`;

function load(machine: string, limits = {}) {
  return loadSource('process.xstate', `${HEAD}export default ${machine};`, limits);
}

test('a machine goes on in another program of the same artifact, with what it has delayed', async () => {
  const text = `${HEAD}export default createMachine({
    id: 'lamp', context: { on: 0 }, initial: 'dark',
    states: {
      dark: { after: { 1000: 'lit' } },
      lit: { id: 'a.b', entry: assign({ on: ({ context }) => context.on + 1 }), after: { 1000: 'dark', 500: { guard: ({ context }) => context.on > 1, target: 'broken' } } },
      broken: { type: 'final' },
    },
    output: ({ context }) => context.on,
  });`;
  const prepared = await prepareSource('process.xstate', text);
  const process = BareProcess.begin(loadPrepared(prepared));
  process.run(moved => {
    const image = moved.leave();
    moved.machine = loadPrepared(prepared).resume!(image);
  });
  assert.is(process.value, 2);
  assert.ok(process.steps > 3);
});

test('a machine stays as long as it has a child', async () => {
  const program = await load(`createMachine({ initial: 'alone', states: {
    alone: { on: { go: 'busy' } },
    busy: { invoke: { src: fromCallback(() => {}) }, on: { back: 'alone' } },
  } })`);
  const process = BareProcess.begin(program);
  const moves = () => {
    const image = process.machine.suspend!();
    if (image !== undefined) process.enter(image);
    return image !== undefined;
  };
  process.step();
  assert.is(moves(), true);
  process.send('go', null);
  process.step();
  assert.is(moves(), false);
  process.send('back', null);
  process.step();
  assert.is(moves(), true);
});

for (const [what, action] of [
  ['its context is no data', `assign({ x: () => new Map() })`],
  ['its context holds an actor', `assign({ x: ({ self }) => self })`],
  ['somebody observes it', `({ self }) => { self.subscribe(() => {}); }`],
] as const) {
  test(`a machine stays where ${what}`, async () => {
    const process = BareProcess.begin(await load(`createMachine({ context: {}, on: { go: { actions: ${action} } } })`));
    process.step();
    process.enter(process.leave());
    process.send('go', null);
    process.step();
    assert.is(process.machine.suspend!(), undefined);
  });
}

test('what it listens on it listens on elsewhere', async () => {
  const process = BareProcess.begin(
    await load(`createMachine({ context: {}, on: {
      listen: { actions: args => { selfOf(args).listen('news', { message: true }); } },
      read: { actions: args => { selfOf(args).send('{app:host|0x00002}', 'read', selfOf(args).listen('news').tryReceive().topic); } },
    } })`),
  );
  process.send('listen', null);
  process.step();
  process.enter(process.leave());
  process.send('news', 5);
  process.send('read', null);
  process.step();
  assert.equal(process.sent, [['read', 'news']]);
});

for (const [what, text, limits] of [
  ['a module with state', `createMachine({ entry: () => { counts.n++; } }); const counts = { n: 0 }`, {}],
  ['a trusted host', `createMachine({})`, { trusted: true }],
] as const) {
  test(`the machine of ${what} has no suspend`, async () => {
    assert.is((await load(text, limits)).create().suspend, undefined);
  });
}

test('an image of another machine', async () => {
  const process = BareProcess.begin(await load(`createMachine({ id: 'a' })`));
  process.step();
  const image = process.leave();
  const other = await load(`createMachine({ id: 'b' })`);
  assert.throws(() => other.resume!(image), /made by another version of app:main/);
});

test.run();
