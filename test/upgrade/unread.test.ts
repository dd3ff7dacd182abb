/**
 * Messages that an upgrade finds anywhere on their way to the program: in several queues, before paths that wait for them,
 * half handed to promises. What the old code has not seen comes to the new code, once and in order.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { soaked } from '../soaked.ts';
import { Journey, PLACES } from './journey.ts';

const SDK = `import { defineProcess } from 'troupe/sdk';\n`;
const XSTATE = `import { createMachine, fromPromise, setup } from 'xstate';\nimport { selfOf } from 'troupe/sdk/xstate';\n`;

/** `take(n)`: the code sees message n. The one that is `last` makes it go on as the collector. */
const TAKE = `const seen: number[] = [];
  const take = (n: number) => { seen.push(n); if (n === last) self.upgrade('u:collector', seen, count); };`;

/**
 * Each waits for the topics `a` and `b` and for its inbox at once. Arguments: the message at which to upgrade, and how many
 * there are.
 */
const TAKERS: { readonly [name: string]: { readonly kind: string; readonly text: string; readonly trusted?: true } } = {
  'lua, paths': {
    kind: 'lua',
    text: `return function(last, count)
      local seen = {}
      local function take(n)
        seen[#seen + 1] = n
        if n == last then process.upgrade("u:collector", seen, count) end
      end
      for _, topic in ipairs{"a", "b"} do
        local ch = process.listen(topic)
        coroutine.spawn(function() while true do take((ch:receive())) end end)
      end
      local inbox = process.inbox()
      while true do take(inbox:receive():payload():data()) end
    end`,
  },
  'lua, select in a coroutine in a coroutine': {
    kind: 'lua',
    text: `return function(last, count)
      local seen, a, b, inbox = {}, process.listen("a"), process.listen("b"), process.inbox()
      local next = coroutine.wrap(function()
        while true do
          coroutine.wrap(function()
            local got = channel.select{b:case_receive(), inbox:case_receive(), a:case_receive()}
            local n = got.channel == inbox and got.value:payload():data() or got.value
            seen[#seen + 1] = n
            if n == last then process.upgrade("u:collector", seen, count) end
          end)()
        end
      end)
      next()
    end`,
  },
  'lua, topics that are not listened on any more': {
    kind: 'lua',
    text: `return function(last, count)
      local seen, a, b, inbox = {}, process.listen("a"), process.listen("b"), process.inbox()
      process.unlisten(a)
      process.unlisten(b)
      while true do
        local n = b:receive() or a:receive() or inbox:receive():payload():data()
        seen[#seen + 1] = n
        if n == last then process.upgrade("u:collector", seen, count) end
      end
    end`,
  },
  'wasm, select': {
    kind: 'as',
    text: `import { listen, Message, select, self, Sources, Value } from 'troupe';
      export function main(): void {
        const seen = Value.list(), last = self.args[0].asInt();
        listen('b'); listen('a');
        for (;;) {
          const n = (select(Sources.Inbox | Sources.Topics) as Message).payload.asInt();
          seen.push(n);
          if (n == last) self.upgrade('u:collector', [seen, self.args[1]]);
        }
      }`,
  },
  'wasm, one topic before the others': {
    kind: 'as',
    text: `import { listen, Message, receiveOn, self, select, Sources, Value } from 'troupe';
      export function main(): void {
        const seen = Value.list(), last = self.args[0].asInt();
        listen('b'); listen('a');
        for (;;) {
          let got = receiveOn('a', 0.001);
          if (got === null) got = select(Sources.Inbox | Sources.Topics) as Message;
          const n = got.payload.asInt();
          seen.push(n);
          if (n == last) self.upgrade('u:collector', [seen, self.args[1]]);
        }
      }`,
  },
  'wasm, handlers': {
    kind: 'as',
    text: `import { listen, Message, self, Value } from 'troupe';
      export { troupe_alloc } from 'troupe';
      const seen = Value.list();
      export function on_start(): void { listen('a'); listen('b'); }
      export function on_message(at: usize, length: i32): void {
        const n = Message.view(at).payload.asInt();
        seen.push(n);
        if (n == self.args[0].asInt()) self.upgrade('u:collector', [seen, self.args[1]]);
      }`,
  },
  'ts, paths': {
    kind: 'ts',
    text: `${SDK}export default defineProcess<[number, number]>(function* (self, last, count) {
      ${TAKE}
      for (const topic of ['a', 'b']) {
        const channel = self.listen(topic);
        self.fork(function* () { for (;;) take((yield* channel.receive())!); });
      }
      for (;;) take((yield* self.receive()).payload);
    });`,
  },
  'ts, several paths at one channel': {
    kind: 'ts',
    text: `${SDK}export default defineProcess<[number, number]>(function* (self, last, count) {
      ${TAKE}
      const [a, b, inbox] = [self.listen('a'), self.listen('b', { message: true }), self.inbox()];
      for (let i = 0; i < 3; i++) {
        self.fork(function* () { for (;;) take((yield* a.receive({ timeout: '1h' }))!); });
        self.fork(function* () { for (;;) take((yield* b.receive())!.payload); });
        self.fork(function* () { for (;;) take((yield* inbox.receive())!.payload); });
      }
      yield* self.channel().receive();
    });`,
  },
  'ts, select, and one that closes its channel': {
    kind: 'ts',
    text: `${SDK}export default defineProcess<[number, number]>(function* (self, last, count) {
      ${TAKE}
      const [a, b, inbox] = [self.listen('a'), self.listen('b'), self.inbox()];
      self.fork(function* () {
        for (let n = yield* b.receive(); n !== undefined; n = yield* b.receive()) take(n);
      });
      for (;;) {
        const got = yield* self.select({ a, inbox });
        self.unlisten(b);
        take(got.key === 'a' ? got.value! : (got.value as any).payload);
      }
    });`,
  },
  'ts, handlers': {
    kind: 'ts',
    text: `${SDK}export default defineProcess({
      init: (self, last: number, count: number) => ({ last, count, seen: [] as number[] }),
      message(self, state, { payload }) {
        state.seen.push(payload);
        if (payload === state.last) self.upgrade('u:collector', state.seen, state.count);
      },
    });`,
  },
  'ts, promises': {
    kind: 'ts',
    trusted: true,
    text: `${SDK}export default defineProcess<[number, number]>(async (self, last, count) => {
      ${TAKE}
      for (const topic of ['a', 'b']) {
        self.fork(async () => { for await (const n of self.listen(topic)) take(n); });
      }
      const deeper = async (): Promise<number> => (await (async () => await self.receive())()).payload;
      for (;;) take(await deeper());
    });`,
  },
  'ts, promises and generators': {
    kind: 'ts',
    trusted: true,
    text: `${SDK}export default defineProcess<[number, number]>(async (self, last, count) => {
      ${TAKE}
      const [a, b, inbox] = [self.listen('a'), self.listen('b'), self.inbox()];
      for (let i = 0; i < 2; i++) {
        self.fork(function* () { for (;;) take((yield* a.receive())!); });
        self.fork(async () => { for (;;) take((await b.receive())!); });
        self.fork(async () => { for (;;) take((await self.select({ a, inbox }).then(({ key, value }: any) => key === 'a' ? value : value.payload))); });
      }
      for (;;) take((await inbox.receive())!.payload);
    });`,
  },
  xstate: {
    kind: 'xstate',
    text: `${XSTATE}const take = ({ context, event, system }: any) => {
        context.seen.push(event.payload);
        if (event.payload === context.last) selfOf({ system }).upgrade('u:collector', context.seen, context.count);
      };
      export default createMachine({
        context: ({ input }: any) => ({ ...input, seen: [] }),
        on: { '*': { actions: take } },
      });`,
  },
  'xstate, actors that wait': {
    kind: 'xstate',
    text: `${XSTATE}
      const next = fromPromise<number, string>(({ input, system }: any) => selfOf({ system }).listen(input).receive());
      const take = ({ context, event, system }: any) => {
        const n = event.output ?? event.payload;
        context.seen.push(n);
        if (n === context.last) selfOf({ system }).upgrade('u:collector', context.seen, context.count);
      };
      const waiting = (topic: string) => ({
        initial: 'on',
        states: { on: { invoke: { src: 'next', input: topic, onDone: { target: 'on', reenter: true, actions: take } } } },
      });
      export default setup({ actors: { next } }).createMachine({
        context: ({ input }: any) => ({ ...input, seen: [] }),
        on: { c: { actions: take }, d: { actions: take } },
        type: 'parallel',
        states: { a: waiting('a'), b: waiting('b') },
      });`,
  },
};

/** Says what the old code saw, and what was left: its count is known. */
const COLLECTOR = `return function(seen, count)
  local inbox, rest = process.inbox(), {}
  while #seen + #rest < count do rest[#rest + 1] = inbox:receive():payload():data() end
  local more = channel.select{inbox:case_receive(), default = true}
  return {seen = seen, rest = rest, more = not more.default}
end`;

const EXTENSIONS: { readonly [kind: string]: string } = { lua: 'lua', as: 'as.ts', ts: 'ts', xstate: 'ts' };

for (const { name, trusted, options } of PLACES) {
  const test = suite(`unread messages: ${name}`);
  const takers = Object.entries(TAKERS).filter(([, taker]) => trusted || taker.trusted === undefined);
  let journey: Journey;

  test.before(async () => {
    const entries = takers.map(([, { kind }], i) => {
      const how = kind === 'as' ? 'kind: process.wasm, language: assemblyscript' : `kind: process.${kind}`;
      return `{name: taker${i}, ${how}, source: file://taker${i}.${EXTENSIONS[kind]}}`;
    });
    const files = takers.map(([, { kind, text }], i) => [`taker${i}.${EXTENSIONS[kind]}`, text]);
    journey = await Journey.start({
      trusted,
      threads: options,
      entries: [...entries, '{name: collector, kind: process.lua, source: file://collector.lua}'],
      files: { ...Object.fromEntries(files), 'collector.lua': COLLECTOR },
    }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(async () => {
    await journey?.runtime.stop();
  });

  takers.forEach(([taker, { kind }], i) => {
    test(`${taker}: the new code gets what the old one has not seen`, async () => {
      const topics = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(topics, fc.nat(), fc.boolean(), async (order, at, early) => {
          const count = order.length;
          const last = 1 + (at % count);
          const numbered = order.map((topic, n) => ({ topic, payloads: [n + 1] }));
          const args = kind === 'xstate' ? [{ last, count }] : [last, count];
          const { runtime } = journey;
          const request = { id: `u:taker${i}`, host: 'u:host', args };
          const { pid, exit } = runtime.watch(early ? { ...request, messages: numbered } : request);
          if (!early) for (const { topic, payloads } of numbered) runtime.send(pid, topic, ...payloads);
          let result: any;
          void exit.then(event => {
            result = event.result;
          });
          await journey.until(`all ${count} are seen`, () => result !== undefined);
          if (result.error !== undefined) throw new Error(result.error.message);
          const { seen, rest, more } = result.value;
          const all = Array.from({ length: count }, (_, n) => n + 1);
          assert.is(more, false, 'nothing came twice');
          assert.equal(
            rest,
            all.filter(n => !seen.includes(n)),
            `${seen} were seen`,
          );
          assert.is(seen.at(-1), last);
          assert.is(new Set(seen).size, seen.length);
          for (const topic of ['a', 'b']) {
            const ofTopic = seen.filter((n: number) => order[n - 1] === topic);
            assert.equal(ofTopic, all.filter(n => order[n - 1] === topic).slice(0, ofTopic.length), 'the oldest first');
          }
        }),
        soaked({ seed: 6, numRuns: 20 }),
      );
    });
  });

  test.run();
}
