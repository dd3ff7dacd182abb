/**
 * Processes of every language that can move, and of one that cannot, among workers that give them to one another at
 * random all the time: what they are told, what they become, what they wait for and what they may spend goes with them.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Message, Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy } from '../deploy.ts';
import { soaked } from '../soaked.ts';

const test = suite('processes that move all the time');

const YAML = `namespace: m
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: tight, kind: process.host, allow_untrusted_ts: true, limits: {mailbox: 1000}}
  - {name: mean, kind: process.host, allow_untrusted_ts: true, limits: {cpu_total: 300ms, cpu_slice: 1ms}}
  - {name: lua, kind: process.lua, modules: [time], source: "file://traveller.lua"}
  - {name: wasm, kind: process.wasm, language: assemblyscript, imports: [time], source: "file://traveller.as.ts"}
  - {name: ts, kind: process.ts, imports: [time], source: "file://traveller.ts"}
  - {name: waiter, kind: process.lua, source: "file://waiter.lua"}
  - {name: deaf, kind: process.lua, source: "file://deaf.lua"}
  - {name: flooder, kind: process.ts, imports: [time], source: "file://flooder.ts"}
  - {name: busy, kind: process.lua, modules: [time], source: "file://busy.lua"}
`;

/** Told to send, it sends numbered messages; told to become another program, it does and takes along what it has seen. */
const FILES = {
  'm.yaml': YAML,
  'traveller.lua': `local time = require("time")
return function(seen)
  seen = seen or ""
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    local topic, p = message:topic(), message:payload():data()
    if topic == "n" then seen = seen .. p .. ";"
    elseif topic == "send" then
      for i = p.first, p.first + p.count - 1 do
        local ok, err = process.send(p.to, "n", p.name .. " " .. i)
        if not ok then error(err) end
      end
    elseif topic == "become" then process.upgrade(p, seen)
    elseif topic == "sleep" then
      time.sleep(p .. "ms")
      process.send(message:from(), "woke", p)
    elseif topic == "exec" then
      local value, err = process.with_options({timeout = p.timeout}):exec("m:waiter", "m:host", p.value)
      process.send(message:from(), "did", value or err:kind())
    else process.send(message:from(), "seen", seen) end
  end
end`,
  'traveller.as.ts': `import { lastError, receive, self, send, sleep, Spawner, Value } from 'troupe';
export function main(): void {
  let seen = self.args.length > 0 ? self.args[0].asString() : "";
  for (;;) {
    const message = receive();
    const p = message.payload;
    if (message.topic == "n") seen += p.asString() + ";";
    else if (message.topic == "send") {
      const first = p.get("first").asInt();
      for (let i = first; i < first + p.get("count").asInt(); i++) {
        assert(send(p.get("to").asString(), "n", Value.string(p.get("name").asString() + " " + i.toString())));
      }
    } else if (message.topic == "become") self.upgrade(p.asString(), [Value.string(seen)]);
    else if (message.topic == "sleep") {
      sleep(<f64>p.asInt());
      send(message.from, "woke", p);
    } else if (message.topic == "exec") {
      const value = new Spawner("m:waiter").host("m:host").arg(Value.string(p.get("value").asString())).timeout(<f64>p.get("timeout").asInt()).exec();
      send(message.from, "did", value === null ? lastError().get("kind") : value);
    } else send(message.from, "seen", Value.string(seen));
  }
}`,
  'traveller.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string?]>(function* (self, seen = '') {
  for (;;) {
    const { topic, payload, from } = yield* self.receive();
    const p = payload as any;
    if (topic === 'n') seen += p + ';';
    else if (topic === 'send') {
      for (let i = p.first; i < p.first + p.count; i++) {
        const sent = self.send(p.to, 'n', p.name + ' ' + i);
        if (sent !== true) throw sent;
      }
    } else if (topic === 'become') yield* self.upgrade(p, seen);
    else self.send(from, 'seen', seen);
  }
});`,
  'waiter.lua': `return function(value)
  if value ~= "" then return value end
  process.events():receive()
end`,
  'deaf.lua': `return function() process.events():receive() end`,
  'flooder.ts': `import { defineProcess, TroupeError } from 'troupe/sdk';
export default defineProcess<[string, number]>(function* (self, to, most) {
  const text = 'x'.repeat(1000);
  let taken = 0;
  for (let i = 0; i < most; i++) {
    const sent = self.send(to, 'flood', text);
    if (sent === true) taken++;
    else if ((sent as TroupeError).kind !== 'RATE_LIMITED') throw sent;
    if (i % 5000 === 0) yield* self.time.sleep('1ms');
  }
  return taken;
});`,
  'busy.lua': `local time = require("time")
return function()
  local n = 0
  while true do
    for i = 1, 20000 do n = n + i end
    time.sleep("1ms")
  end
end`,
};

const MOVABLE = ['lua', 'wasm'];
const ALL = [...MOVABLE, 'ts'];
const COUNT = 5;

type Action =
  | { readonly do: 'send'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly do: 'become'; readonly who: number; readonly what: string };

const index = fc.nat(COUNT - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      from: index,
      to: index,
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('become' as const), who: index, what: fc.constantFrom(...ALL) }),
  },
);

let runtime: Runtime;
test.before(async () => {
  runtime = await deploy(FILES, { workers: 3, restless: true, placement: 'round-robin' }).catch(error => {
    process.stderr.write(`${error}\n`);
    throw error;
  });
});
test.after(async () => {
  await runtime?.stop();
});

/** The next `count` messages on a topic that `tell` makes come. */
async function heard(topic: string, count: number, tell: () => void): Promise<Message[]> {
  const messages: Message[] = [];
  runtime.onMessage(message => {
    if (message.topic === topic) messages.push(message);
  });
  tell();
  for (let waited = 0; messages.length < count; waited += 2) {
    assert.ok(waited < 60_000, `${messages.length} of ${count} ${topic} have come`);
    await runtime.wait(2);
  }
  // What comes twice comes soon after.
  await runtime.wait(2);
  assert.is(messages.length, count, `${topic} came too often`);
  return messages;
}

function tell(pid: string, topic: string, payload: Payload): void {
  const error = runtime.send(pid, topic, payload);
  if (error !== undefined) throw error;
}

async function play(cast: readonly string[], script: readonly Action[]): Promise<void> {
  const pids = cast.map(language => runtime.spawn({ id: `m:${language}`, host: 'm:host', args: [] }));
  const sent = new Map<string, number>();
  let total = 0;
  for (const step of script) {
    if (step.do === 'become') tell(pids[step.who], 'become', `m:${step.what}`);
    else {
      const name = `${step.from}>${step.to}`;
      const first = sent.get(name) ?? 0;
      tell(pids[step.from], 'send', { to: pids[step.to], name, first, count: step.count });
      sent.set(name, first + step.count);
      total += step.count;
    }
  }
  const seenBy = new Map<string, string>();
  for (let round = 0; ; round++) {
    for (const { from, payload } of await heard('seen', COUNT, () => {
      for (const pid of pids) tell(pid, 'tell', null);
    })) {
      seenBy.set(from, payload as string);
    }
    const got = pids.reduce((sum, pid) => sum + seenBy.get(pid)!.split(';').length - 1, 0);
    if (got >= total || round > 2000) break;
  }
  for (const [name, count] of sent) {
    const seen = seenBy.get(pids[Number(name.split('>')[1])])!;
    const numbers = seen
      .split(';')
      .filter(entry => entry.startsWith(`${name} `))
      .map(entry => entry.split(' ')[1]);
    assert.is(numbers.join(), Array.from({ length: count }, (_, n) => n).join(), name);
  }
  for (const pid of pids) runtime.terminate(pid);
}

test('numbered messages keep their order and number while their senders and receivers become other programs', async () => {
  const cast = fc.array(fc.constantFrom(...ALL), { minLength: COUNT, maxLength: COUNT });
  await fc.assert(
    fc.asyncProperty(cast, fc.array(action, { minLength: 10, maxLength: 60 }), play),
    soaked({ seed: 5, numRuns: 60 }),
  );
});

for (const language of MOVABLE) {
  test(`${language}: a timer fires once, and not early`, async () => {
    const { clock } = runtime.scheduler;
    const pids = Array.from({ length: 40 }, () => runtime.spawn({ id: `m:${language}`, host: 'm:host', args: [] }));
    const begun = clock.now();
    const ended = new Map<string, number>();
    const woke = await heard('woke', pids.length * 3, () => {
      pids.forEach((pid, i) => {
        for (let times = 0; times < 3; times++) tell(pid, 'sleep', 5 + i);
      });
    });
    for (const { from } of woke) ended.set(from, (ended.get(from) ?? 0) + 1);
    for (const pid of pids) assert.is(ended.get(pid), 3);
    // The longest sleeps three times 44 ms.
    assert.ok(clock.now() - begun >= 132);
    for (const pid of pids) runtime.terminate(pid);
  });

  test(`${language}: exec is answered once: by the value, or by TIMEOUT`, async () => {
    const pids = Array.from({ length: 20 }, () => runtime.spawn({ id: `m:${language}`, host: 'm:host', args: [] }));
    const did = await heard('did', pids.length * 4, () => {
      for (const pid of pids) {
        for (const value of ['a', '', 'b', '']) tell(pid, 'exec', { value, timeout: value === '' ? 5 : 60_000 });
      }
    });
    for (const pid of pids) {
      const answers = did.filter(({ from }) => from === pid).map(({ payload }) => payload);
      assert.equal(answers, ['a', 'TIMEOUT', 'b', 'TIMEOUT']);
      runtime.terminate(pid);
    }
    assert.ok(await runtime.drained(30_000), `${runtime.live} processes live on`);
  });
}

test('what a process may compute in all goes with it', async () => {
  const runs = Array.from({ length: 4 }, () => runtime.watch({ id: 'm:busy', host: 'm:mean', args: [] }));
  for (const { exit } of runs) {
    const { result } = await exit;
    assert.is(result?.error?.kind, 'RATE_LIMITED');
    assert.match(result!.error!.message, 'limits.cpu_total');
  }
});

test('floods for processes that do not read and are moved meanwhile are refused, and take no memory', async () => {
  const MESSAGES = 100_000;
  const before = process.memoryUsage().rss;
  const deaf = Array.from({ length: 4 }, () => runtime.spawn({ id: 'm:deaf', host: 'm:tight', args: [] }));
  const floods = deaf.map(pid => runtime.exec({ id: 'm:flooder', host: 'm:host', args: [pid, MESSAGES] }));
  for (const taken of (await Promise.all(floods)) as number[]) {
    assert.ok(taken < MESSAGES, 'nothing was refused');
  }
  // All of them together would take 400 MB twice: as frames, and as messages.
  const grown = process.memoryUsage().rss - before;
  assert.ok(grown < 400 << 20, `${grown >> 20} MiB more`);
  for (const pid of deaf) runtime.terminate(pid);
  assert.ok(await runtime.drained(30_000), `${runtime.live} processes live on`);
});

test.run();
