/**
 * One table of questions, asked by programs in Lua, TypeScript and WebAssembly: the same answers, the same errors. A
 * program is given a job `{op, ...}` and answers `{value}` or `{error: {kind, message}}` (`askers/`).
 */
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

const askers = new URL('../../../test/security/askers/', import.meta.url);
const ask = (file: string) => readFileSync(new URL(file, askers), 'utf8');
const LANGUAGES = ['typescript', 'lua', 'wasm'] as const;

const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: typescript, kind: process.ts, source: file://asker.ts, imports: [security]}
  - {name: lua, kind: process.lua, source: file://asker.lua, modules: [security]}
  - {name: wasm, kind: process.wasm, language: assemblyscript, source: file://asker.as.ts, imports: [security]}
  - {name: look, kind: function.ts, source: file://asker.ts, imports: [security], meta: {default_host: app:host}}
  - {name: read, kind: security.policy, groups: [staff, all], policy: {actions: [read, list, process.*, funcs.call, security.*], resources: ["doc:*", "app:*", ann, kid], effect: allow}}
  - name: own
    kind: security.policy
    groups: [staff]
    policy:
      actions: "*"
      resources: "doc:*"
      effect: allow
      conditions: [{field: meta.owner, operator: eq, value_from: actor.id}]
  - name: adult
    kind: security.policy
    policy:
      actions: buy
      resources: [wine, beer]
      effect: allow
      conditions: [{field: actor.meta.age, operator: gte, value: 18}, {field: meta.country, operator: nin, value: [xx]}]
  - name: team
    kind: security.policy.expr
    policy:
      actions: "*"
      resources: "doc:*"
      effect: allow
      expression: action != "drop" && actor.meta.roles.exists(role, role == meta.team)
  - name: frozen
    kind: security.policy.expr
    groups: [all]
    policy: {actions: write, resources: "*", effect: deny, expression: 'has(meta.state) && meta.state in ["frozen", "gone"]'}
  - {name: strict, kind: security.policy.expr, policy: {actions: "*", resources: "*", effect: deny, expression: meta.level > 2}}
`,
  'asker.ts': ask('asker.ts'),
  'asker.lua': ask('asker.lua'),
  'asker.as.ts': ask('asker.as.ts'),
};

const ANN = { id: 'ann', meta: { age: 30, ratio: 0.5, roles: ['red', 'blue'] } };
const KID = { id: 'kid', meta: { age: 17, roles: ['red'] } };

interface Case {
  readonly job: { readonly [key: string]: Payload };
  /** Of the process that asks; none where it is left out. */
  readonly actor?: typeof ANN | typeof KID;
  readonly scope?: readonly string[];
  readonly value?: unknown;
  /** Kind, and what the message says. */
  readonly error?: readonly [kind: string, part: string];
}

const can = (action: string, resource: string, meta?: Payload): Case['job'] => ({ op: 'can', action, resource, meta });
const all = ['app:adult', 'app:frozen', 'app:own', 'app:read', 'app:team'];
const level = (of: Payload): Case['job'] => can('read', 'doc:1', { level: of });

const CASES: readonly Case[] = [
  // Who acts, under which policies.
  { job: { op: 'who' }, value: {} },
  { job: { op: 'who' }, actor: ANN, scope: all, value: { actor: ANN, scope: all } },
  { job: { op: 'who' }, scope: ['app:read'], value: { scope: ['app:read'] } },
  // Rules.
  { job: can('read', 'doc:1'), value: true },
  { job: can('read', 'doc:1'), actor: ANN, value: false },
  { job: can('read', 'doc:1'), actor: ANN, scope: all, value: true },
  { job: can('list', 'doc:'), actor: KID, scope: all, value: true },
  { job: can('read', 'user:1'), actor: ANN, scope: all, value: false },
  { job: can('write', 'doc:1'), actor: ANN, scope: all, value: false },
  { job: can('write', 'doc:1', { owner: 'ann' }), actor: ANN, scope: all, value: true },
  { job: can('write', 'doc:1', { owner: 'ann' }), actor: KID, scope: all, value: false },
  { job: can('write', 'doc:1', { owner: 'ann' }), scope: all, value: false },
  // Conditions on numbers, lists and what is missing.
  { job: can('buy', 'wine'), actor: ANN, scope: all, value: true },
  { job: can('buy', 'wine'), actor: KID, scope: all, value: false },
  { job: can('buy', 'wine', { country: 'xx' }), actor: ANN, scope: all, value: false },
  { job: can('buy', 'bread'), actor: ANN, scope: all, value: false },
  // Expressions.
  { job: can('write', 'doc:1', { team: 'blue' }), actor: ANN, scope: all, value: true },
  { job: can('write', 'doc:1', { team: 'blue' }), actor: KID, scope: all, value: false },
  { job: can('drop', 'doc:1', { team: 'blue' }), actor: ANN, scope: all, value: false },
  { job: can('write', 'doc:1', { team: 'blue', state: 'gone' }), actor: ANN, scope: all, value: false },
  { job: can('write', 'doc:1', { team: 'blue', state: 'new' }), actor: ANN, scope: all, value: true },
  { job: level(1), actor: ANN, scope: ['app:read', 'app:strict'], value: true },
  { job: level(2.5), actor: ANN, scope: ['app:read', 'app:strict'], value: false },
  { job: level(3n), actor: ANN, scope: ['app:read', 'app:strict'], value: false },
  // What cannot be judged: a text is no number, and nothing is there.
  { job: level('1'), actor: ANN, scope: ['app:read', 'app:strict'], value: false },
  { job: can('read', 'doc:1'), actor: ANN, scope: ['app:read', 'app:strict'], value: false },
  // Why.
  {
    job: { op: 'explain', action: 'write', resource: 'doc:1', meta: { owner: 'ann', state: 'gone' } },
    actor: ANN,
    scope: all,
    value: {
      allowed: false,
      effect: 'deny',
      policy: 'app:frozen',
      rule: 'expression',
      why: 'app:frozen denies "write" of "doc:1"',
    },
  },
  {
    job: { op: 'explain', action: 'read', resource: 'doc:1' },
    actor: ANN,
    scope: all,
    value: {
      allowed: true,
      effect: 'allow',
      policy: 'app:read',
      rule: 'actions[0]/resources[0]',
      why: 'app:read allows "read" of "doc:1"',
    },
  },
  {
    job: { op: 'explain', action: 'read', resource: 'doc:1' },
    scope: ['app:strict'],
    value: {
      allowed: false,
      effect: 'deny',
      policy: 'app:strict',
      rule: 'expression',
      why: 'app:strict: expression cannot be judged, so it denies "read" of "doc:1": there is no "level" in it; has(...) asks whether there is',
    },
  },
  // Policies, groups and scopes.
  { job: { op: 'policy', id: 'app:read' }, value: 'app:read' },
  { job: { op: 'policy', id: 'read' }, value: 'app:read' },
  {
    job: { op: 'policy', id: 'app:reed' },
    error: ['NOT_FOUND', 'there is no policy "app:reed"; did you mean "app:read"?'],
  },
  { job: { op: 'policy', id: 'app:host' }, error: ['NOT_FOUND', 'there is no policy "app:host"'] },
  { job: { op: 'group', group: 'staff' }, value: ['app:own', 'app:read'] },
  { job: { op: 'group', group: 'all' }, value: ['app:frozen', 'app:read'] },
  { job: { op: 'group', group: 'nobody' }, error: ['NOT_FOUND', 'no policy belongs to the group "nobody"'] },
  {
    job: { op: 'edit', policies: ['read', 'frozen', 'read'], add: 'adult', remove: 'frozen' },
    value: {
      before: ['app:frozen', 'app:read'],
      more: ['app:adult', 'app:frozen', 'app:read'],
      less: ['app:adult', 'app:read'],
      contains: [true, false],
    },
  },
  {
    job: { op: 'edit', policies: ['read'], add: 'read', remove: 'own' },
    value: { before: ['app:read'], more: ['app:read'], less: ['app:read'], contains: [false, false] },
  },
  // Scopes and policies say, whoever asks.
  { job: { op: 'scope', policies: ['read', 'own'], action: 'read', resource: 'doc:1' }, value: 'allow' },
  {
    job: {
      op: 'scope',
      policies: ['own', 'frozen'],
      actor: KID,
      action: 'write',
      resource: 'doc:1',
      meta: { owner: 'kid' },
    },
    value: 'allow',
  },
  {
    job: {
      op: 'scope',
      policies: ['own', 'frozen'],
      actor: KID,
      action: 'write',
      resource: 'doc:1',
      meta: { owner: 'kid', state: 'gone' },
    },
    actor: ANN,
    scope: all,
    value: 'deny',
  },
  {
    job: { op: 'scope', policies: ['own'], actor: ANN, action: 'write', resource: 'doc:1', meta: { owner: 'kid' } },
    value: 'undefined',
  },
  {
    job: { op: 'scope', policies: ['gone'], action: 'read', resource: 'doc:1' },
    error: ['NOT_FOUND', 'there is no policy "app:gone"'],
  },
  { job: { op: 'one', id: 'adult', actor: ANN, action: 'buy', resource: 'beer' }, value: 'allow' },
  { job: { op: 'one', id: 'adult', actor: KID, action: 'buy', resource: 'beer' }, value: 'undefined' },
  { job: { op: 'one', id: 'strict', action: 'buy', resource: 'beer' }, value: 'deny' },
  // What a child gets.
  {
    job: { op: 'exec', id: 'app:look', job: { op: 'who' } },
    actor: ANN,
    scope: all,
    value: { value: { actor: ANN, scope: all } },
  },
  {
    job: { op: 'exec', id: 'app:look', actor: KID, job: { op: 'who' } },
    actor: ANN,
    scope: all,
    value: { value: { actor: KID, scope: all } },
  },
  {
    job: { op: 'exec', id: 'app:look', policies: ['read'], job: { op: 'who' } },
    actor: ANN,
    scope: all,
    value: { value: { actor: ANN, scope: ['app:read'] } },
  },
  {
    job: { op: 'call', id: 'app:look', actor: KID, policies: ['adult'], job: can('buy', 'wine') },
    actor: ANN,
    scope: all,
    value: { value: false },
  },
  {
    job: { op: 'call', id: 'app:look', actor: ANN, policies: ['adult'], job: can('buy', 'wine') },
    actor: KID,
    scope: all,
    value: { value: true },
  },
  {
    job: { op: 'call', id: 'app:look', policies: ['gone'], job: { op: 'who' } },
    error: ['NOT_FOUND', 'there is no policy "app:gone"'],
  },
];

/** Nothing and what is missing are the same to a program, and an empty table of Lua is a list as much as a map. */
function withoutNothing(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(withoutNothing);
  if (typeof value !== 'object' || value === null) return value;
  const there = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(there.map(([key, one]) => [key, withoutNothing(one)]));
}

for (const workers of [0, 2]) {
  const test = suite(`security in every language, ${workers} workers`);
  let runtime: Runtime;
  test.before(async () => {
    // The runner keeps what a hook throws to itself.
    runtime = await deploy(FILES, { workers }).catch(error => {
      process.stderr.write(`${error}\n`);
      throw error;
    });
  });
  test.after(() => runtime?.stop());

  for (const { job, actor, scope, value, error } of CASES) {
    const shown = [actor?.id ?? 'nobody', scope === all ? 'all' : (scope ?? 'no scope'), JSON.stringify(job, asText)];
    test(shown.join(', '), async () => {
      for (const language of LANGUAGES) {
        const identity = {
          ...(actor === undefined ? {} : contextOfActor(actor)),
          ...(scope === undefined ? {} : contextOfScope(scope)),
        };
        const request: IdentifiedRequest = { id: `app:${language}`, host: 'app:host', args: [job], identity };
        const answer = withoutNothing(await runtime.exec(request)) as { error?: { kind: string; message: string } };
        if (error === undefined) assert.equal(answer, { value }, language);
        else {
          assert.is(answer.error?.kind, error[0], language);
          assert.match(answer.error?.message ?? '', error[1], language);
        }
      }
    });
  }
  test.run();
}

function asText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
