/** The call of upgrade itself: at once, from anywhere in a program, several at a time, and what its caller's caller gets. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload, SpawnRequest } from '../../runtime/machine.ts';
import { wat } from '../wasm/start.ts';
import { Journey, PLACES } from './journey.ts';

const SDK = `import { defineProcess } from 'troupe/sdk';\n`;
const XSTATE = `import { createMachine } from 'xstate';\nimport { selfOf } from 'troupe/sdk/xstate';\n`;

const RELAYS: { readonly [name: string]: { readonly kind: string; readonly trusted?: true } } = {
  relay_lua: { kind: 'process.lua, source: file://relay.lua' },
  relay_wasm: { kind: 'process.wasm, language: assemblyscript, method: blocking, source: file://relay.as.ts' },
  relay_handlers_wasm: { kind: 'process.wasm, language: assemblyscript, method: handlers, source: file://relay.as.ts' },
  relay_ts: { kind: 'process.ts, source: file://relay_generator.ts' },
  relay_handlers: { kind: 'process.ts, source: file://relay_handlers.ts' },
  relay_xstate: { kind: 'process.xstate, source: file://relay_machine.ts' },
  relay_async: { kind: 'process.ts, source: file://relay_asynchronous.ts', trusted: true },
};

/** Programs that call upgrade more than once. The first call counts. */
const TWICE: { readonly [name: string]: { readonly kind: string; readonly text: string; readonly trusted?: true } } = {
  'two coroutines of Lua': {
    kind: 'process.lua',
    text: `return function()
      local ready = channel.new()
      for _, word in ipairs{"first", "second"} do
        coroutine.spawn(function() ready:receive() process.upgrade("u:says", word) end)
      end
      coroutine.yield()
      ready:close()
      process.inbox():receive()
    end`,
  },
  'two paths of TypeScript': {
    kind: 'process.ts',
    text: `${SDK}export default defineProcess(function* (self) {
      for (const word of ['first', 'second']) self.fork(function* () { yield* self.upgrade('u:says', word); });
      yield* self.receive();
    });`,
  },
  'one path of TypeScript, in one breath': {
    kind: 'process.ts',
    text: `${SDK}export default defineProcess(function* (self) {
      self.upgrade('u:says', 'first');
      self.upgrade('u:says', 'second');
      return 'neither';
    });`,
  },
  'a handler': {
    kind: 'process.ts',
    text: `${SDK}export default defineProcess({ init(self) {
      self.upgrade('u:says', 'first');
      self.upgrade('u:nowhere');
      return self.done('neither');
    } });`,
  },
  'two actions of a machine that comes to its end by them': {
    kind: 'process.xstate',
    text: `${XSTATE}const become = (word: string) => ({ system }: any) => { selfOf({ system }).upgrade('u:says', word); };
      export default createMachine({
        initial: 'a',
        states: { a: { always: { target: 'z', actions: [become('first'), become('second')] } }, z: { type: 'final' } },
      });`,
  },
  'two promises': {
    kind: 'process.ts',
    trusted: true,
    text: `${SDK}export default defineProcess(async self => {
      for (const word of ['first', 'second']) self.fork(async () => { await null; await self.upgrade('u:says', word); });
      await self.receive();
    });`,
  },
};

/** Arguments that cannot be copied. Nobody is there any more to be told, so it is the end, whatever the program catches. */
const UNCOPYABLE: { readonly [name: string]: { readonly kind: string; readonly text: string | Uint8Array } } = {
  Lua: {
    kind: 'process.lua',
    text: 'return function() pcall(process.upgrade, "u:says", print) return "caught" end',
  },
  TypeScript: {
    kind: 'process.ts',
    text: `${SDK}export default defineProcess(function* (self) {
      try { yield* self.upgrade('u:says', () => 1); } catch {}
      return 'caught';
    });`,
  },
  handlers: {
    kind: 'process.ts',
    text: `${SDK}export default defineProcess({ init(self) {
      try { self.upgrade('u:says', new WeakMap()); } catch {}
      return self.done('caught');
    } });`,
  },
  XState: {
    kind: 'process.xstate',
    text: `${XSTATE}export default createMachine({ entry: ({ system }: any) => {
      try { selfOf({ system }).upgrade('u:says', Symbol('x')); } catch {}
    } });`,
  },
  WebAssembly: {
    kind: 'process.wasm',
    text: wat(`(module
      (import "troupe:process" "upgrade" (func $upgrade (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "u:says\\c1")
      (func (export "main") (drop (call $upgrade (i32.const 0) (i32.const 6) (i32.const 6) (i32.const 1)))))`),
  },
};

const OTHERS = {
  'says.lua': 'return function(word) return word end',
  // The events that came for code that did not ask for any.
  'hears.lua': `return function(count)
    local events, heard = process.events(), {}
    for i = 1, count do heard[i] = events:receive().kind end
    return heard
  end`,
  'deaf.lua': `return function(names)
    for _, name in ipairs(names) do assert(process.monitor(name)) end
    process.registry.register("deaf")
    process.inbox():receive()
    process.upgrade("u:hears", #names + 1)
  end`,
  'deaf.ts': `${SDK}export default defineProcess<[string[]]>(function* (self, names) {
    for (const name of names) self.monitor(name);
    self.registry.register('deaf');
    yield* self.receive();
    yield* self.upgrade('u:hears', names.length + 1);
  });`,
  'deaf.as.ts': `import { monitor, receive, registry, self, Value } from 'troupe';
    export function main(): void {
      const names = self.args[0].asList();
      for (let i = 0; i < names.length; i++) monitor(names[i].asString());
      registry.register('deaf');
      receive();
      self.upgrade('u:hears', [Value.of(names.length + 1)]);
    }`,
  // Inside of a comparison nothing can wait; the program goes on, and the path that began to wait first hears.
  'sorting.lua': `return function()
    local ok, err = pcall(table.sort, {2, 1}, function(a, b)
      coroutine.wrap(function() process.upgrade("u:says", "sorted") end)()
    end)
    local side, inbox = process.listen("side"), process.inbox()
    coroutine.spawn(function()
      process.send(process.pid(), "other", 3)
      side:receive()
    end)
    return {ok, tostring(err), inbox:receive():payload():data()}
  end`,
  'again.lua': `local runs = 0
  return function(left)
    runs = runs + 1
    if left > 0 then process.upgrade(nil, left - 1) end
    return runs
  end`,
} as const;

const EXTENSIONS: { readonly [kind: string]: string } = {
  'process.lua': 'lua',
  'process.ts': 'ts',
  'process.xstate': 'ts',
  'process.wasm': 'wasm',
};

function programs(from: { readonly [name: string]: { readonly kind: string; readonly text: string | Uint8Array } }) {
  return Object.values(from).map(({ kind, text }, i) => ({ kind, text, extension: EXTENSIONS[kind], i }));
}

for (const { name, trusted, options } of PLACES) {
  const test = suite(`calls of upgrade: ${name}`);
  const here = <T extends { readonly trusted?: true }>(from: { readonly [name: string]: T }) =>
    Object.fromEntries(Object.entries(from).filter(([, program]) => trusted || program.trusted === undefined));
  const [twice, relays] = [here(TWICE), Object.keys(here(RELAYS))];
  let journey: Journey;

  test.before(async () => {
    const entries = [
      ...relays.map(relay => `{name: ${relay}, kind: ${RELAYS[relay].kind}}`),
      ...['says', 'hears', 'sorting', 'again'].map(
        lua => `{name: ${lua}, kind: process.lua, source: file://${lua}.lua}`,
      ),
      '{name: deaf_lua, kind: process.lua, source: file://deaf.lua}',
      '{name: deaf_ts, kind: process.ts, source: file://deaf.ts}',
      '{name: deaf_wasm, kind: process.wasm, language: assemblyscript, source: file://deaf.as.ts}',
    ];
    const files: { [path: string]: string | Uint8Array } = { ...OTHERS };
    for (const [group, from] of Object.entries({ twice, uncopyable: UNCOPYABLE })) {
      for (const { kind, text, extension, i } of programs(from)) {
        entries.push(`{name: ${group}${i}, kind: ${kind}, source: file://${group}${i}.${extension}}`);
        files[`${group}${i}.${extension}`] = text;
      }
    }
    journey = await Journey.start({ trusted, threads: options, entries, files }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await journey?.runtime.stop();
  });

  async function failure(request: SpawnRequest): Promise<{ readonly kind: string; readonly message: string }> {
    return await journey.runtime.exec(request).then(
      value => ({ kind: 'none', message: `it gave ${JSON.stringify(value)}` }),
      error => error,
    );
  }

  for (const first of relays) {
    test(`${first}: in the first step, through all languages and back; exec gives what the last one gives`, async () => {
      const route = [...relays, ...relays.toReversed(), first].map(relay => `u:${relay}`);
      const been = await journey.runtime.exec({ id: `u:${first}`, host: 'u:host', args: [{ route, been: [] }] });
      const [pids, ids] = [0, 1].map(part => (been as string[]).map(text => text.split(' ')[part]));
      assert.equal(ids, [`u:${first}`, ...route]);
      assert.is(new Set(pids).size, 1);
    });
  }

  Object.keys(twice).forEach((title, i) => {
    test(`of two upgrades the first counts: ${title}`, async () => {
      assert.is(await journey.runtime.exec({ id: `u:twice${i}`, host: 'u:host' }), 'first');
    });
  });

  Object.keys(UNCOPYABLE).forEach((title, i) => {
    test(`arguments that cannot be copied: ${title}`, async () => {
      const error = await failure({ id: `u:uncopyable${i}`, host: 'u:host' });
      assert.match(error.message, /^upgrade: /);
      assert.is(error.kind, 'INVALID');
    });
  });

  for (const deaf of ['deaf_lua', 'deaf_ts', 'deaf_wasm']) {
    test(`${deaf}: events that nobody has asked for are for the new code`, async () => {
      const { runtime } = journey;
      const names = ['one', 'two'];
      for (const waiter of names) runtime.spawn({ id: 'u:waiter', host: 'u:host', args: [waiter] });
      await journey.until('they wait', () => names.every(waiter => runtime.lookup(waiter) !== undefined));
      const pids = names.map(waiter => runtime.lookup(waiter)!);
      const heard: Promise<Payload> = runtime.exec({ id: `u:${deaf}`, host: 'u:host', args: [pids] });
      await journey.until('it waits', () => runtime.lookup('deaf') !== undefined);
      for (const waiter of names) runtime.send(waiter, 'go');
      await journey.until('they are gone', () => names.every(waiter => runtime.lookup(waiter) === undefined));
      runtime.cancel('deaf', 'enough');
      runtime.send('deaf', 'go on');
      assert.equal([...((await heard) as string[])].sort(), ['pid.cancel', 'pid.exit', 'pid.exit']);
    });
  }

  test('null is the entry that runs, begun anew', async () => {
    assert.is(await journey.runtime.exec({ id: 'u:again', host: 'u:host', args: [20] }), 1);
  });

  test('where a program cannot wait it is told so, and goes on', async () => {
    const [ok, error, heard] = (await journey.runtime.exec({ id: 'u:sorting', host: 'u:host' })) as Payload[];
    assert.equal([ok, heard], [false, 3]);
    assert.match(String(error), 'attempt to wait where it is not possible');
  });

  test.run();
}
