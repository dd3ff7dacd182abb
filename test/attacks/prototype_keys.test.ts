/** `__proto__` and its like are keys like others in data, and names like others; nothing is found behind them. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import { LANGUAGES, refusal, Stage } from './stage.ts';

const test = suite('attack: keys of prototypes');

const KEYS = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

/** With own keys of these names; literals and assignment would set the prototype. */
function withKeys(value: Payload): { [key: string]: Payload } {
  return JSON.parse(`{${KEYS.map(key => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(', ')}}`);
}

function untouched(): void {
  assert.is(({} as any).polluted, undefined);
  assert.is(([] as any).polluted, undefined);
  assert.type((() => undefined as any).constructor, 'function');
  assert.is(typeof {}.toString, 'function');
}

const stage = await Stage.start({
  entries: [
    '{name: h, kind: process.host, allow_untrusted_ts: true}',
    `{name: echo, kind: process.lua, source: "return function(value) return value end"}`,
    `{name: handlers, kind: process.ts, source: "file://handlers.ts"}`,
    `{name: json, kind: process.lua, modules: [json], source: "file://json.lua"}`,
    `{name: store, kind: process.lua, modules: [store], source: "file://store.lua"}`,
    `{name: registry, kind: process.lua, modules: [registry], source: "file://registry.lua"}`,
    `{name: security, kind: process.lua, modules: [security], source: "file://security.lua"}`,
    `{name: allowed, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow, conditions: [{field: "actor.meta.role", operator: eq, value: admin}]}}`,
    `{name: inherited, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow, conditions: [{field: "actor.meta.constructor", operator: exists}]}}`,
    `{name: proto, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow, conditions: [{field: "actor.meta.__proto__.role", operator: exists}]}}`,
    `{name: length, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow, conditions: [{field: "meta.toString.name", operator: exists}]}}`,
  ],
  files: {
    'handlers.ts': `import { defineProcess } from 'troupe/sdk';
      export default defineProcess({
        init: () => ({ seen: [] as string[] }),
        on: { known: (self, state) => { state.seen.push('known'); } },
        message: (self, state, mail) => {
          if (mail.topic === 'finish') return self.done(state.seen);
          state.seen.push('unknown ' + mail.topic);
        },
      });`,
    'json.lua': `local json = require("json")
      return function(text)
        local decoded = json.decode(text)
        return {again = json.encode(decoded), plain = json.encode({}), inner = decoded["__proto__"]}
      end`,
    'store.lua': `local store = require("store")
      return function(keys)
        local before, after = {}, {}
        for i, key in ipairs(keys) do before[i] = store.get(key) == nil end
        for i, key in ipairs(keys) do store.set(key, "mine " .. key) end
        for i, key in ipairs(keys) do after[i] = store.get(key) end
        return {before, after}
      end`,
    'registry.lua': `local registry = require("registry")
      return function(keys)
        local found = {}
        for i, key in ipairs(keys) do
          local entry = registry.get(key)
          local list = registry.find({[key] = "x"}) or {}
          local meta = registry.find({["meta." .. key] = "x"}) or {}
          found[i] = (entry == nil) and #list == 0 and #meta == 0
        end
        return found
      end`,
    'security.lua': `local security = require("security")
      return function(metas)
        local verdicts = {}
        for i, meta in ipairs(metas) do
          local actor = security.new_actor("mallory", meta)
          for _, id in ipairs{"app:allowed", "app:inherited", "app:proto", "app:length"} do
            local policy = assert(security.policy(id))
            local scope = security.new_scope({policy})
            verdicts[#verdicts + 1] = scope:evaluate(actor, "read", "doc", {})
          end
        end
        return verdicts
      end`,
  },
});
const { runtime } = stage;

for (const language of LANGUAGES) {
  test(`${language}: in arguments, messages and results they are data, the same for the next`, async () => {
    const data = { outer: withKeys({ polluted: true }), list: [withKeys(1)] };
    stage.mail.length = 0;
    const [sent, echoed] = await stage.attack(language, 'app:h', [
      ['send', runtime.pid, 'data', data],
      ['exec', { id: 'app:echo', host: 'app:h', args: [data] }],
    ]);
    assert.is(sent.ok, true);
    for (const value of [stage.mail[0].payload as any, echoed.ok]) {
      assert.equal(Object.keys(value.outer).sort(), [...KEYS].sort());
      assert.is(Object.getPrototypeOf(value.outer), Object.prototype);
      for (const key of KEYS)
        assert.equal(Object.getOwnPropertyDescriptor(value.outer, key)!.value, { polluted: true }, key);
    }
    untouched();
  });

  test(`${language}: as context values they are the child's and nobody else's`, async () => {
    const child = { id: `app:${language}`, host: 'app:h', args: [[['context']]] };
    const [given, plain] = await stage.attack(language, 'app:h', [
      ['exec', { ...child, context: withKeys('mine') }],
      ['exec', child],
    ]);
    const context = given.ok[0].ok;
    for (const key of KEYS) assert.is(Object.getOwnPropertyDescriptor(context, key)?.value, 'mine', key);
    // An empty Lua table is a list.
    assert.equal(Object.keys(plain.ok[0].ok), []);
    untouched();
  });

  test(`${language}: as names, topics and ids they are held by nobody until somebody takes them`, async () => {
    for (const key of KEYS) {
      const [found, sent, spawned, hosted, taken, own, gone] = await stage.attack(language, 'app:h', [
        ['lookup', key],
        ['send', key, 'topic', 1],
        ['spawn', { id: `app:${key}`, host: 'app:h' }],
        ['spawn', { id: 'app:echo', host: key }],
        ['register', key],
        ['lookup', key],
        ['call', key],
      ]);
      assert.equal([found, sent, spawned, hosted, gone].map(refusal), new Array(5).fill('NOT_FOUND'), key);
      assert.is(taken.ok, true);
      assert.match(own.ok, /^\{app:h\|/);
    }
  });

  test(`${language}: topics with these names reach no handler`, async () => {
    const seen = runtime.exec({ id: 'app:handlers', host: 'app:h', name: 'handlers' });
    await stage.attack(language, 'app:h', [
      ...KEYS.map((key): [string, ...Payload[]] => ['send', 'handlers', key, 1]),
      ['send', 'handlers', 'known', 1],
      ['send', 'handlers', 'finish', 1],
    ]);
    assert.equal(await seen, [...KEYS.map(key => `unknown ${key}`), 'known']);
  });
}

test('in JSON they come back as they were', async () => {
  const text = JSON.stringify(withKeys({ polluted: true }));
  const result = (await runtime.exec({ id: 'app:json', host: 'app:h', args: [text] })) as any;
  assert.equal(JSON.stringify(JSON.parse(result.again), Object.keys(JSON.parse(result.again)).sort()).length > 0, true);
  for (const key of KEYS) assert.ok(Object.hasOwn(JSON.parse(result.again), key), key);
  assert.equal(result.inner, { polluted: true });
  untouched();
});

test('in the store, the registry and in filters they find nothing', async () => {
  const [before, after] = (await runtime.exec({ id: 'app:store', host: 'app:h', args: [KEYS] })) as any;
  assert.equal(
    before,
    KEYS.map(() => true),
  );
  assert.equal(
    after,
    KEYS.map(key => `mine ${key}`),
  );
  const found = await runtime.exec({ id: 'app:registry', host: 'app:h', args: [KEYS] });
  assert.equal(
    found,
    KEYS.map(() => true),
  );
});

test('conditions of policies see own keys only', async () => {
  const metas = [{}, JSON.parse('{"__proto__": {"role": "admin"}}'), { role: 'user' }, { role: 'admin' }];
  const verdicts = (await runtime.exec({ id: 'app:security', host: 'app:h', args: [metas] })) as string[];
  const [allow, none] = ['allow', 'undefined'];
  assert.equal(verdicts, [
    ...[none, none, none, none],
    // Its own key of that name.
    ...[none, none, allow, none],
    ...[none, none, none, none],
    ...[allow, none, none, none],
  ]);
});

async function problems(yaml: string): Promise<string> {
  try {
    await readDeployment(writeDeployment({ 'app.yaml': yaml, 'main.lua': 'return function() end' }));
    return 'none';
  } catch (thrown) {
    if (thrown instanceof DeploymentError) return thrown.message;
    throw thrown;
  }
}

test('in YAML "__proto__" is no key, and the others are words like any', async () => {
  const host = '  - {name: h, kind: process.host';
  for (const entry of [
    `${host}, __proto__: {trusted: true}}`,
    `${host}, meta: {__proto__: {a: 1}}}`,
    `${host}, capabilities: {__proto__: {}}}`,
    `${host}, "__proto__": {capabilities: {fs: {}}}}`,
    `${host}, limits: {__proto__: {memory: 1GiB}}}`,
  ]) {
    assert.match(await problems(`namespace: app\nentries:\n${entry}\n`), /the key "__proto__" is not allowed/, entry);
  }
  for (const key of KEYS.slice(1)) {
    assert.match(await problems(`namespace: app\nentries:\n${host}, ${key}: 1}\n`), /unknown key|does not know/, key);
    assert.match(
      await problems(`namespace: app\nentries:\n${host}, capabilities: {${key}: {}}}\n`),
      /no such capability/,
      key,
    );
    assert.match(
      await problems(
        `namespace: app\nentries:\n  - {name: m, kind: process.lua, source: "file://main.lua", modules: [${key}]}\n`,
      ),
      /no such capability/,
      key,
    );
    assert.match(await problems(`namespace: app\nentries:\n  - {name: ${key}, kind: ${key}}\n`), /unknown kind/, key);
    assert.match(await problems(`namespace: app\nentries:\n${host}, meta: {a: "\${env:${key}}"}}\n`), /not set/, key);
    assert.is(
      await problems(`namespace: app\nentries:\n  - {name: ${key}, kind: process.host, meta: {${key}: {${key}: 1}}}\n`),
      'none',
      key,
    );
  }
  untouched();
});

test.after(() => stage.end());
test.run();
