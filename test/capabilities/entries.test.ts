/** `registry` and `security`: what programs learn of the deployment's entries and policies. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ctxCapability } from '../../runtime/capabilities/ctx.ts';
import { registryCapability } from '../../runtime/capabilities/registry.ts';
import { securityCapability } from '../../runtime/capabilities/security.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { loadDeployment } from '../../runtime/registry/load.ts';
import { contextOfActor, contextOfScope } from '../../runtime/security/identity.ts';
import { writeDeployment } from '../deploy.ts';
import { Caller, refusal } from './call.ts';

const test = suite<{ caller: Caller }>('registry and security');

const { entries } = await loadDeployment(
  writeDeployment({
    'app.yaml': `
version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, limits: {mailbox: 10}}
  - {name: secret, kind: function.lua, source: "return function() return 'hidden' end", meta: {type: test, tags: [fast, small], depth: {at: 2}}}
  - {name: prices, kind: registry.entry, meta: {type: table}, data: {tea: 3}}
  - name: read
    kind: security.policy
    groups: [staff, all]
    policy: {actions: [read, "list*"], resources: "doc:*", effect: allow}
  - name: own
    kind: security.policy
    groups: [staff]
    policy:
      actions: "*"
      resources: "doc:*"
      effect: allow
      conditions:
        - {field: meta.owner, operator: eq, value_from: actor.id}
        - {field: actor.meta.age, operator: gte, value: 18}
        - {field: resource, operator: matches, value: "^doc:[0-9]+$"}
  - name: frozen
    kind: security.policy
    policy:
      actions: [write, delete]
      resources: "*"
      effect: deny
      conditions: [{field: meta.state, operator: in, value: [frozen, gone]}]
  - name: clever.allow
    kind: security.policy.expr
    policy: {actions: "*", resources: "*", effect: allow, expression: actor.id == "ann"}
  - name: clever.deny
    kind: security.policy.expr
    policy: {actions: "*", resources: "*", effect: deny, expression: actor.meta.banned}
`,
  }),
);

test.before.each(context => {
  context.caller = new Caller();
  context.caller.entries = entries;
});

const registry = (caller: Caller, operation: string, ...args: Payload[]) =>
  caller.call(registryCapability, {}, operation, ...args);
const security = (caller: Caller, operation: string, ...args: Payload[]) =>
  caller.call(securityCapability, {}, operation, ...args);

test('an entry shows its id, kind, meta and data, never its source', async ({ caller }) => {
  const entry = (await registry(caller, 'get', 'app:secret')) as { [key: string]: Payload };
  assert.is(entry.kind, 'function.lua');
  assert.equal(entry.meta, { type: 'test', tags: ['fast', 'small'], depth: { at: 2 } });
  assert.not.match(JSON.stringify(entry), 'hidden');
  assert.equal(((await registry(caller, 'get', 'app:prices')) as { data: Payload }).data, { tea: 3 });
  const missing = await refusal(registry(caller, 'get', 'app:price'));
  assert.equal(
    [missing.kind, missing.message],
    ['NOT_FOUND', 'registry.get: there is no entry "app:price"; did you mean "app:prices"?'],
  );
  assert.equal(await registry(caller, 'parse_id', 'app.lib:assert'), { ns: 'app.lib', name: 'assert' });
  assert.equal(await registry(caller, 'parse_id', 'assert'), { ns: '', name: 'assert' });
});

test('every kind of entry can be read', async ({ caller }) => {
  const all = (await registry(caller, 'find')) as { id: string }[];
  assert.equal(
    all.map(entry => entry.id),
    [...entries.keys()].sort(),
  );
});

test('filters: by field, by meta, by a part of a text', async ({ caller }) => {
  const ids = async (filter: Payload) =>
    ((await registry(caller, 'find', filter)) as { id: string }[]).map(one => one.id);
  assert.equal(await ids({ kind: 'function.lua' }), ['app:secret']);
  assert.equal(await ids({ '.kind': 'function.lua', '.ns': 'app' }), ['app:secret']);
  assert.equal(await ids({ 'meta.type': 'test' }), ['app:secret']);
  assert.equal(await ids({ meta: { type: 'table' } }), ['app:prices']);
  assert.equal(await ids({ 'meta.depth.at': 2 }), ['app:secret']);
  assert.equal(await ids({ '*meta.tags': 'fast' }), ['app:secret']);
  assert.equal(await ids({ '^name': 'clever' }), ['app:clever.allow', 'app:clever.deny']);
  assert.equal(await ids({ $kind: '.expr', name: 'clever.deny' }), ['app:clever.deny']);
  assert.equal(await ids({ kind: 'process.ts' }), []);
  assert.match((await refusal(registry(caller, 'find', { knid: 'x' }))).message, 'did you mean "kind"?');
  assert.equal(await ids({ '~name': '^clever[.]' }), ['app:clever.allow', 'app:clever.deny']);
  assert.is((await refusal(registry(caller, 'find', { '~name': '(' }))).kind, 'INVALID');
  assert.is((await refusal(registry(caller, 'find', { kind: 5 }))).kind, 'INVALID');
});

test('with neither actor nor scope everything is allowed, unless the host is strict', async ({ caller }) => {
  assert.is(await security(caller, 'actor'), null);
  assert.is(await security(caller, 'scope'), null);
  assert.is(await security(caller, 'can', 'read', 'doc:1'), true);
  caller.strict = true;
  assert.is(await security(caller, 'can', 'read', 'doc:1'), false);
});

test('policies of the scope decide, and say why', async ({ caller }) => {
  const ann = { id: 'ann', meta: { age: 30 } };
  caller.values = { ...contextOfActor(ann), ...contextOfScope(['app:frozen', 'app:own', 'app:read']) };
  assert.equal(await security(caller, 'actor'), ann);
  const can = (action: string, resource: string, meta: Payload = {}) => security(caller, 'can', action, resource, meta);
  assert.is(await can('read', 'doc:x'), true);
  assert.is(await can('listing', 'doc:x'), true);
  assert.is(await can('write', 'doc:x'), false);
  assert.is(await can('write', 'doc:7', { owner: 'ann' }), true);
  assert.is(await can('write', 'doc:x', { owner: 'ann' }), false);
  assert.is(await can('write', 'doc:7', { owner: 'bob' }), false);
  assert.is(await can('write', 'doc:7', { owner: 'ann', state: 'frozen' }), false);
  assert.equal(await security(caller, 'explain', 'write', 'doc:7', { owner: 'ann', state: 'gone' }), {
    allowed: false,
    effect: 'deny',
    policy: 'app:frozen',
    rule: 'conditions[0]',
    why: 'app:frozen denies "write" of "doc:7"',
  });
  // An actor without a scope has no policies, hence no rights.
  caller.values = contextOfActor(ann);
  assert.is(await can('read', 'doc:x'), false);
});

test('expressions decide', async ({ caller }) => {
  const say = (actor: Payload, ...ids: string[]) => security(caller, 'evaluate', ids, actor, 'read', 'doc:1');
  assert.is(await say({ id: 'ann' }, 'app:clever.allow'), 'allow');
  assert.is(await say({ id: 'bob' }, 'app:clever.allow'), 'undefined');
  assert.is(await say(null, 'app:clever.allow'), 'undefined');
  assert.is(await say({ id: 'ann', meta: { banned: false } }, 'app:clever.deny', 'app:clever.allow'), 'allow');
  assert.is(await say({ id: 'ann', meta: { banned: true } }, 'app:clever.deny', 'app:clever.allow'), 'deny');
  assert.is(await say({ id: 'ann' }, 'app:clever.deny', 'app:clever.allow'), 'deny');
});

test('policies and groups are found by name', async ({ caller }) => {
  assert.equal(await security(caller, 'policy', 'app:read'), {
    id: 'app:read',
    effect: 'allow',
    actions: ['read', 'list*'],
    resources: ['doc:*'],
  });
  assert.equal(await security(caller, 'named_scope', 'staff'), ['app:own', 'app:read']);
  assert.is((await refusal(security(caller, 'named_scope', 'nobody'))).kind, 'NOT_FOUND');
  assert.match((await refusal(security(caller, 'policy', 'app:reed'))).message, 'did you mean "app:read"?');
});

test('whom a process acts for is no context value that it can read', async ({ caller }) => {
  caller.values = { user: 'ann', ...contextOfActor({ id: 'ann', meta: {} }) };
  assert.equal(await caller.call(ctxCapability, {}, 'all'), { user: 'ann' });
  assert.is((await refusal(caller.call(ctxCapability, {}, 'get', '@actor'))).kind, 'NOT_FOUND');
});

test.run();
