/** What an authority remembers changes no verdict, and what a program is told when it asks is what happens when it does it. */
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { Authority, type Border, type Meta } from '../../runtime/security/authority.ts';
import type { Policy } from '../../runtime/security/decision.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';

const test = suite('authority');

// --- what is remembered -------------------------------------------------------------------------------------------

const HOSTS = ['app:a', 'app:b', 'app:c'];
const texts = fc.constantFrom('app:a', 'app:b', 'x', 'ann');
const condition = fc.record({
  // Whoever reads more of meta than the hosts is asked anew each time: few of them do.
  field: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('meta.host', 'meta.sender_host', 'actor.id', 'resource') },
    { weight: 1, arbitrary: fc.constantFrom('meta.level', 'meta') },
  ),
  operator: fc.constantFrom('eq' as const, 'ne' as const, 'exists' as const, 'nexists' as const),
  value: texts,
});
const policies: fc.Arbitrary<Policy[]> = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('app:p', 'app:q', 'app:r'),
    actions: fc.constantFrom(['*'], ['process.*'], ['process.send', 'store.get'], ['process.link']),
    resources: fc.constantFrom(['*'], ['x*'], ['{app:b|*']),
    effect: fc.constantFrom('allow' as const, 'deny' as const),
    conditions: fc.array(condition, { maxLength: 1 }),
  }),
  { selector: ({ id }) => id, minLength: 1 },
);
const border: fc.Arbitrary<Border> = fc.record({
  id: fc.constant('app:a'),
  strict: fc.boolean(),
  operations: fc.constantFrom(undefined, new Set<string>(), new Set(['send'])),
  unreachable: fc.constantFrom(new Set<string>(), new Set(['app:b'])),
});
const optional = (arbitrary: fc.Arbitrary<string>) => fc.option(arbitrary, { nil: undefined });
const question = fc.record({
  // As the kernel asks, and as programs ask, who may lie about where they are.
  byProgram: fc.boolean(),
  action: fc.constantFrom('process.send', 'process.link', 'store.get', 'http.request', 'process.send\napp:b'),
  resource: fc.constantFrom('x', 'xy', '{app:b|0x00001}', `x${'y'.repeat(1000)}`, 'app:b\nx'),
  host: optional(fc.constantFrom(...HOSTS)),
  given: fc.record({ host: texts, sender_host: texts, level: texts }, { requiredKeys: [] }),
});

/** What the kernel puts there: the hosts where it acts on one, what the operation says else. */
function metaOf(action: string, host: string | undefined, given: Meta): Meta {
  if (action.startsWith('process.')) return { host: host ?? null, sender_host: 'app:a' };
  return given;
}

test('what is remembered changes no verdict, whatever was asked before', () =>
  fc.assert(
    fc.property(
      policies,
      border,
      fc.option(fc.subarray(['app:p', 'app:q', 'app:r', 'app:gone']), { nil: undefined }),
      fc.constantFrom(undefined, { id: 'ann', meta: {} }),
      fc.array(question, { minLength: 20, maxLength: 60 }),
      (rules, where, scope, actor, questions) => {
        const known = new Map(rules.map(policy => [policy.id, policy]));
        const kept = new Authority(where, actor, scope, known);
        for (const { byProgram, action, resource, host, given } of questions) {
          const fresh = new Authority(where, actor, scope, known);
          // Actions of the kernel are texts of its own; a program can ask about any.
          if (byProgram || action.includes('\n')) {
            assert.equal(kept.judgeAnew(action, resource, host, given), fresh.judgeAnew(action, resource, host, given));
            continue;
          }
          const meta = metaOf(action, host, given);
          const place = action.startsWith('process.') ? host : undefined;
          assert.equal(kept.judge(action, resource, place, meta), fresh.judge(action, resource, place, meta));
        }
      },
    ),
    { numRuns: 500 },
  ));

test('who may be sent to is remembered only where that cannot change', () => {
  const on = (conditions: Policy['conditions']) =>
    new Authority(
      { id: 'app:a', strict: true, operations: undefined, unreachable: new Set() },
      undefined,
      ['app:p'],
      new Map([['app:p', { id: 'app:p', actions: ['*'], resources: ['*'], effect: 'allow', conditions }]]),
    );
  const constant = on([{ field: 'meta.host', operator: 'eq', value: 'app:b' }]);
  constant.noteReceiver('{app:b|0x00001}');
  assert.is(constant.receivers.has('{app:b|0x00001}'), true);
  constant.noteReceiver(`{${'b'.repeat(100_000)}|0x00001}`);
  assert.is(constant.receivers.size, 1);
  const varying = on([{ field: 'meta.level', operator: 'eq', value: 1 }]);
  varying.noteReceiver('{app:b|0x00001}');
  assert.is(varying.receivers.size, 0);
});

// --- what is told is what happens ---------------------------------------------------------------------------------

const NAMES = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5', 'p6', 'p7', 'p8'];
const RULES = [
  '{actions: "*", resources: "*", effect: allow}',
  '{actions: ["process.send", "process.link"], resources: "*", effect: deny}',
  '{actions: ["process.*"], resources: ["{app:open|*", "app:*"], effect: allow}',
  '{actions: ["store.*", "process.registry.*"], resources: "*", effect: allow}',
  '{actions: "*", resources: "*", effect: deny, conditions: [{field: meta.host, operator: eq, value: "app:strict"}]}',
  '{actions: ["process.*"], resources: "*", effect: allow, conditions: [{field: meta.sender_host, operator: eq, value: "app:open"}]}',
  '{actions: "*", resources: "held*", effect: allow}',
  '{actions: ["process.spawn", "process.monitor"], resources: "*", effect: deny, conditions: [{field: actor.id, operator: eq, value: ann}]}',
  '{actions: "*", resources: "*", effect: allow, conditions: [{field: meta.sender_host, operator: eq, value: "app:secret"}]}',
];

const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: open, kind: process.host}
  - {name: strict, kind: process.host, capabilities: {security: {}, store: {}}}
  - {name: closed, kind: process.host, reachable_from: [strict]}
  - {name: narrow, kind: process.host, capabilities: {security: {}, store: {}, process: {operations: [send, spawn]}}}
${NAMES.map((name, i) => `  - {name: ${name}, kind: security.policy, policy: ${RULES[i]}}`).join('\n')}
  - {name: tries, kind: process.lua, source: "file://tries.lua", modules: [security, store]}
  - {name: idle, kind: process.lua, source: "file://idle.lua"}
`,
  '.troupe.yaml': 'security: {audit: {log: false}}\n',
  // A CANCEL would end it: nobody asks for that here.
  'idle.lua': 'return function() process.events():receive() end',
  // Asks first, then does it, and asks once more.
  'tries.lua': `local security, store = require("security"), require("store")
local ops = {}
ops["process.send"] = function(to) return process.send(to, "x", 1) end
ops["process.monitor"] = function(to) return process.monitor(to) end
ops["process.unmonitor"] = function(to) return process.unmonitor(to) end
ops["process.link"] = function(to) return process.link(to) end
ops["process.unlink"] = function(to) return process.unlink(to) end
ops["process.registry.register"] = function(name) return process.registry.register(name) end
ops["process.spawn"] = function(id, host) return process.spawn(id, host) end
ops["store.get"] = function(key) return store.get(key) end
ops["store.set"] = function(key) return store.set(key, 1) end

local function may(try)
  local told = security.can(try.action, try.resource, try.meta)
  if try.action == "process.spawn" then told = told and security.can("process.host", try.host) end
  return told
end

return function(tries)
  process.set_options({trap_links = true})
  local seen = {}
  for i, try in ipairs(tries) do
    for _, lie in ipairs(try.lies) do security.can(try.action, try.resource, lie) end
    local before = may(try)
    local _, err = ops[try.action](try.resource, try.host)
    seen[i] = {before = before, after = may(try), denied = err and err:kind() == errors.PERMISSION_DENIED or false,
      gone = err and err:kind() == errors.NOT_FOUND or false}
  end
  return seen
end`,
};

interface Seen {
  readonly before: boolean;
  readonly after: boolean;
  readonly denied: boolean;
  readonly gone: boolean;
}

const attempt = fc.record({
  action: fc.constantFrom(
    'process.send',
    'process.monitor',
    'process.unmonitor',
    'process.link',
    'process.unlink',
    'process.registry.register',
    'process.spawn',
    'store.get',
    'store.set',
  ),
  host: fc.constantFrom('app:open', 'app:strict', 'app:closed'),
  byName: fc.boolean(),
  lies: fc.subarray([
    { host: 'app:open' },
    { sender_host: 'app:secret' },
    { host: 'app:x', sender_host: 'app:secret' },
  ]),
});

type Attempt = typeof attempt extends fc.Arbitrary<infer T> ? T : never;

const identities = fc.record({
  actor: fc.constantFrom(undefined, 'ann', 'bob'),
  scope: fc.option(fc.subarray(NAMES), { nil: undefined }),
});

type Identity = typeof identities extends fc.Arbitrary<infer T> ? T : never;

/** The processes that are acted on: one on each host, by PID and by name. */
function targets(runtime: Runtime): Map<string, string> {
  const hosts = ['app:open', 'app:strict', 'app:closed'];
  const pids = new Map(hosts.map(host => [host, runtime.spawn({ id: 'app:idle', host })]));
  for (const [host, pid] of pids) runtime.register(`held-${host.slice(4)}`, pid);
  return pids;
}

for (const workers of [0, 2]) {
  test(`what a program is told is what happens, ${workers} workers`, async () => {
    const runtime = await deploy(FILES, { workers, placement: 'round-robin' });
    const on = targets(runtime);
    let names = 0;
    let actors = 0;
    const triesOf = (attempts: readonly Attempt[], lying: boolean) =>
      attempts.map(({ action, host, byName, lies }) => {
        const more = { action, lies: lying ? lies : [] };
        if (action === 'process.spawn') return { ...more, resource: 'app:idle', host, meta: { host } };
        if (action === 'process.registry.register') return { ...more, resource: `name-${names++}` };
        if (action.startsWith('store.')) return { ...more, resource: 'held' };
        return { ...more, resource: byName ? `held-${host.slice(4)}` : on.get(host)! };
      });
    const verdicts = async (host: string, { actor, scope }: Identity, tries: readonly object[]) => {
      // Nobody has asked anything for this one yet.
      const meta = { n: actors++ };
      const identity = {
        ...(actor === undefined ? {} : contextOfActor({ id: actor, meta })),
        ...(scope === undefined ? {} : contextOfScope(scope.map(name => `app:${name}`))),
      };
      const request: IdentifiedRequest = { id: 'app:tries', host, args: [tries as unknown as Payload], identity };
      const seen = (await runtime.exec(request)) as unknown as Seen[];
      assert.is(seen.length, tries.length);
      return seen;
    };
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('app:open', 'app:strict', 'app:narrow'),
          identities,
          fc.array(attempt, { minLength: 1, maxLength: 12 }),
          async (host, identity, attempts) => {
            const tries = triesOf(attempts, true);
            const seen = await verdicts(host, identity, tries);
            seen.forEach(({ before, after, denied, gone }, i) => {
              const what = `${JSON.stringify(tries[i])}: ${JSON.stringify(seen[i])}`;
              const { action, resource } = tries[i];
              // A name that is out of reach is not found, or has nothing to be taken back.
              const hidden = resource === 'held-closed' && !before;
              const nothing = hidden && (gone || action === 'process.unmonitor' || action === 'process.unlink');
              if (!nothing) assert.is(denied, !before, what);
              assert.is(after, before, what);
            });
            // What a program says of itself when it asks changes nothing.
            const honest = await verdicts(host, identity, triesOf(attempts, false));
            assert.equal(seen, honest);
          },
        ),
        { numRuns: 60 },
      );
    } finally {
      await runtime.stop();
    }
  });
}

test.run();
