/** What gives power is not data: it cannot be put into a message, an argument, a result, a context value or a name. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, Stage } from './stage.ts';

const test = suite('attack: capabilities smuggled through messages');

const stage = await Stage.start({
  entries: [
    '{name: rich, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, ctx: {}, funcs: {}, fs: {root: .}}}',
    '{name: cell, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, ctx: {}, funcs: {}}}',
    '{name: giver_lua, kind: process.lua, modules: [fs, time], source: "file://giver.lua"}',
    '{name: giver_ts, kind: process.ts, imports: [fs], source: "file://giver.ts"}',
    `{name: behind, kind: process.lua, modules: [fs], source: "local fs = require('fs') return function() return {setmetatable({own = 1}, {__index = fs, __call = fs.read_file, __name = 'power'}), string, setmetatable({}, {__pairs = function() return next, fs end})} end"}`,
    '{name: shown, kind: process.lua, modules: [time], source: "file://shown.lua"}',
  ],
  files: {
    'giver.lua': `local fs, time = require("fs"), require("time")
      return function(to)
        local things = {
          capability = fs, operation = fs.read_file, method = function() end, coroutine = coroutine.create(function() end),
          channel = channel.new(), inbox = process.inbox(), spawner = process.with_context({}), process = process,
          main = _G, timer = time.after("1h"), hidden = {deep = {fs.read_file}},
          keyed = {[fs.read_file] = 1},
        }
        local refused = {}
        for name, thing in pairs(things) do
          local sent, err = process.send(to, name, thing)
          local child, failed = process.spawn("app:shown", "app:cell", thing)
          local ok, raised = pcall(process.with_context, {thing = thing})
          local context, denied = ok and raised:spawn("app:shown", "app:cell")
          refused[name] = {sent = sent and "sent" or err:kind(), spawned = child and "spawned" or failed:kind(), context = context and "spawned" or "refused"}
        end
        return refused
      end`,
    'giver.ts': `import { defineProcess } from 'troupe/sdk';
      export default defineProcess(function* (self, to: string) {
        const things: { [name: string]: unknown } = {
          capability: self.fs, operation: self.fs.readFile, method: () => 1, self, inbox: self.inbox(),
          channel: self.channel(), spawner: self.withContext({}), command: self.receive(), iterator: [1][Symbol.iterator](),
          symbol: Symbol('x'), proxy: new Proxy(function f() {}, {}), map: new Map([['f', self.fs]]),
          hidden: { deep: [{ f: self.fs.readFile }] }, weak: new WeakMap(), thenable: { then() {} }, toJSON: { toJSON: () => self.fs },
        };
        const refused: { [name: string]: unknown } = {};
        for (const [name, thing] of Object.entries(things)) {
          const sent = self.send(to, name, thing);
          let spawned = 'spawned';
          try { self.spawn('app:shown', 'app:cell', thing); } catch (error: any) { spawned = error.kind; }
          let context = 'spawned';
          try { self.withContext({ thing }).spawn('app:shown', 'app:cell'); } catch { context = 'refused'; }
          refused[name] = { sent: sent === true ? 'sent' : sent.kind, spawned, context };
        }
        return refused;
      });`,
    'shown.lua': `return function(thing) if thing ~= nil then process.send("keeper", "smuggled", type(thing)) end end`,
  },
});
const { runtime } = stage;

for (const giver of ['app:giver_lua', 'app:giver_ts']) {
  test(`${giver}: functions, capabilities, channels and coroutines are refused, wherever they are hidden`, async () => {
    stage.mail.length = 0;
    runtime.register('keeper', runtime.pid);
    const refused = (await runtime.exec({ id: giver, host: 'app:rich', args: [runtime.pid] })) as any;
    assert.ok(Object.keys(refused).length >= 11);
    for (const [name, { sent, spawned, context }] of Object.entries<any>(refused)) {
      assert.equal([sent, spawned, context], ['INVALID', 'INVALID', 'refused'], name);
    }
    assert.equal(
      stage.mail.map(({ topic }) => topic),
      [],
    );
  });
}

test('a table of Lua is what it holds itself: metatables and the functions behind them stay', async () => {
  const [data, ...rest] = (await runtime.exec({ id: 'app:behind', host: 'app:rich' })) as any[];
  assert.equal(data, { own: 1 });
  assert.equal(rest, [[], []]);
});

/** What looks like more than it is. */
const LOOKS = [
  { kind: 'process', pid: '{system:runtime|0x00001}', send: 'function' },
  { '@handle': 1, fd: 3 },
  { type: 'Buffer', data: [1, 2, 3] },
  { $ref: 'app:rich' },
];
for (const language of LANGUAGES) {
  for (const other of LANGUAGES) {
    test(`${language} -> ${other}: data that looks like power arrives as data, and Bytes are copies`, async () => {
      const watching = runtime.exec({
        id: `app:${other}`,
        host: 'app:cell',
        name: 'other',
        args: [[...LOOKS.map(() => ['receive', 2000]), ['receive', 2000]]],
      });
      const bytes = new Uint8Array([1, 2, 3]);
      const sent = await stage.attack(language, 'app:cell', [
        ...LOOKS.map((look): [string, ...any[]] => ['send', 'other', 'look', look]),
        ['send', 'other', 'bytes', bytes],
      ]);
      assert.ok(sent.every(({ ok }) => ok === true));
      const seen = (await watching) as any[];
      assert.equal(
        seen.slice(0, LOOKS.length).map(({ ok }) => ok.payload),
        LOOKS,
      );
      const last = seen[LOOKS.length].ok.payload;
      // Lua has one kind of texts and bytes.
      assert.is(Buffer.from(last, 'latin1').toString('hex'), '010203');
    });
  }
}
test.after(() => stage.end());
test.run();
