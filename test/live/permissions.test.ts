/** Changing the registry as a process, in every language, from every thread. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VersionRow } from '../../runtime/live/change.ts';
import type { Payload } from '../../runtime/payload/payload.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { LANGUAGES, type Outcome, Speakers } from '../capabilities/languages.ts';

const test = suite('processes change the registry');

const MORE = [
  '{name: plain, kind: process.host, allow_untrusted_ts: true}',
  '{name: core, kind: process.lua, source: "return function() return 0 end"}',
  '{name: reader, kind: process.lua, source: file://call.lua, modules: [registry], meta: {default_host: "app:plain"}}',
  '{name: some, kind: security.policy, policy: {actions: [registry.set, registry.get, registry.undo], resources: ["app:plug.a", "1"], effect: allow}}',
  '{name: no.hosts, kind: security.policy, policy: {actions: registry.set, resources: "*", effect: deny, conditions: [{field: meta.kind, operator: eq, value: process.lua}]}}',
];
const GRANT = '{registry: {write: ["app:plug.*"]}}';
const program = (value: number) => ({ kind: 'process.lua', source: `return function() return ${value} end` });
const entry = (id: string, value: number): Payload => ({ set: { id, ...program(value) } });

function kindOf({ kind, value }: Outcome): string {
  return kind ?? `got ${JSON.stringify(value)}`;
}

for (const workers of [0, 2]) {
  test(`a granted process sets, replaces, removes and brings back; workers: ${workers}`, async () => {
    const speakers = await Speakers.start(['registry'], GRANT, { more: MORE, workers });
    const { runtime } = speakers;
    for (const language of LANGUAGES) {
      const id = `app:plug.${language}`;
      const before = runtime.version;
      const applied = await speakers.call(language, 'registry', 'apply', [entry(id, 1)], { note: `by ${language}` });
      assert.equal(applied.value, {
        version: before + 1,
        added: [id],
        changed: [],
        removed: [],
        unchanged: runtime.deployment.entries.size - 1,
        needs_restart: [],
      });
      assert.is(await runtime.exec({ id, host: 'app:plain' }), 1);
      const [row] = runtime.registry.history();
      assert.is(row.note, `by ${language}`);
      assert.is(row.by.what, 'process');
      assert.match(row.by.pid!, /^\{app:host\|0x/);
      assert.ok(row.by.entry!.startsWith('app:'));
      // Two in one step, one of them by its name in the own namespace.
      const both = [{ set: { name: `plug.${language}`, ...program(2) } }, entry('app:plug.other', 3)];
      assert.is((await speakers.call(language, 'registry', 'apply', both)).kind, undefined);
      assert.is(await runtime.exec({ id, host: 'app:plain' }), 2);
      const undone = await speakers.call(language, 'registry', 'undo');
      assert.equal((undone.value as { removed: Payload }).removed, ['app:plug.other']);
      assert.is(await runtime.exec({ id, host: 'app:plain' }), 1);
      const removed = await speakers.call(language, 'registry', 'apply', [{ remove: `plug.${language}` }]);
      assert.equal((removed.value as { removed: Payload }).removed, [id]);
      assert.is((await speakers.call(language, 'registry', 'undo', before + 1)).kind, undefined);
      assert.is(await runtime.exec({ id, host: 'app:plain' }), 1);
      assert.is((await speakers.call(language, 'registry', 'version')).value, runtime.version);
      const history = (await speakers.call(language, 'registry', 'history')).value as unknown as VersionRow[];
      assert.equal([history[0].undone_to, history[0].changes], [before + 1, [{ id, what: 'added', keys: [] }]]);
      assert.is(history[1].version, runtime.version - 1);
    }
    await speakers.stop();
  });
}

test('what is not granted, not right or not of that version: the same error in every language', async () => {
  const speakers = await Speakers.start(['registry'], GRANT, { more: MORE });
  const { version, deployment } = speakers.runtime;
  for (const language of LANGUAGES) {
    const apply = (changes: Payload, options: Payload = null) =>
      speakers.call(language, 'registry', 'apply', changes, options);
    const core = await apply([entry('app:plug.x', 1), entry('app:core', 1)]);
    assert.is(core.kind, 'PERMISSION_DENIED', language);
    assert.match(
      core.message!,
      /^registry.apply: app:host does not allow to change app:core; add "app:core" to write .*\(app.yaml:4:5\)$/,
    );
    const host = await apply([{ set: { id: 'app:plug.host', kind: 'process.host', trusted: true } }]);
    assert.is(host.kind, 'PERMISSION_DENIED', language);
    assert.is((await apply([entry('app:plug.x', 1)], { if_version: version + 5 })).kind, 'CONFLICT', language);
    const broken = await apply([
      { set: { id: 'app:plug.x', kind: 'process.lua', source: 'return function(' } },
      entry('app:plug.y', 1),
    ]);
    assert.is(broken.kind, 'INVALID', language);
    assert.match(broken.message!, 'nothing was changed');
    const [problem] = broken.details!.problems as readonly { readonly [key: string]: Payload }[];
    assert.is(problem.file, '(set at run time) app:plug.x', language);
    assert.match(problem.message as string, 'app:plug.x');
    for (const wrong of [[{}], [{ set: 1 }], [{ remove: 1 }], [{ set: {}, remove: 'x' }], ['x'], 'x']) {
      assert.is(kindOf(await apply(wrong as Payload)), 'INVALID', `${language} ${JSON.stringify(wrong)}`);
    }
    assert.is(kindOf(await speakers.call(language, 'registry', 'undo')), 'NOT_FOUND', language);
    assert.is(kindOf(await speakers.call(language, 'registry', 'undo', 99)), 'NOT_FOUND', language);
    assert.is(kindOf(await speakers.call(language, 'registry', 'undo', 'x')), 'INVALID', language);
  }
  assert.is(speakers.runtime.version, version);
  assert.is(speakers.runtime.deployment, deployment);
  await speakers.stop();
});

test('without the grant entries can be read only', async () => {
  for (const granted of ['{registry: {}}', '{registry: {write: false}}']) {
    const speakers = await Speakers.start(['registry'], granted, { more: MORE });
    for (const language of LANGUAGES) {
      assert.is((await speakers.call(language, 'registry', 'get', 'app:core')).kind, undefined);
      for (const [operation, ...args] of [
        ['apply', [entry('app:plug.x', 1)]],
        ['undo'],
        ['history'],
        ['version'],
      ] as const) {
        const { kind, message } = await speakers.call(language, 'registry', operation, ...(args as Payload[]));
        assert.is(kind, 'PERMISSION_DENIED', `${language} ${operation}`);
        assert.match(
          message!,
          /app:host does not allow to change entries; say write: .*\{registry: \.\.\.\} \(app.yaml:4:5\)$/,
        );
      }
    }
    await speakers.stop();
  }
});

test('a host that says nothing of capabilities lets nobody write', async () => {
  const speakers = await Speakers.start(['registry'], GRANT, { more: MORE });
  const args = ['registry', 'apply', [[entry('app:plug.x', 1)]]];
  const { kind } = (await speakers.runtime.exec({ id: 'app:reader', args })) as Outcome;
  assert.is(kind, 'PERMISSION_DENIED');
  await speakers.stop();
});

test('policies are asked for each change, with the id and the kind', async () => {
  const speakers = await Speakers.start(['registry'], '{registry: {write: true}}', { more: MORE });
  const { runtime } = speakers;
  const as = async (scope: readonly string[], operation: string, ...args: Payload[]): Promise<Outcome> => {
    const request: IdentifiedRequest = {
      id: 'app:lua',
      args: ['registry', operation, args],
      identity: { ...contextOfActor({ id: 'ann', meta: {} }), ...contextOfScope(scope) },
    };
    return (await runtime.exec(request)) as Outcome;
  };
  assert.is(kindOf(await as(['app:some'], 'apply', [entry('app:plug.b', 1)])), 'PERMISSION_DENIED');
  assert.is(
    kindOf(await as(['app:some'], 'apply', [entry('app:plug.a', 1), entry('app:plug.b', 1)])),
    'PERMISSION_DENIED',
  );
  assert.is((await as(['app:some'], 'apply', [entry('app:plug.a', 1)])).kind, undefined);
  assert.equal(runtime.registry.history()[0].by.actor, 'ann');
  assert.is(kindOf(await as(['app:some'], 'apply', [{ remove: 'app:plug.a' }])), 'PERMISSION_DENIED');
  assert.is(kindOf(await as(['app:no.hosts', 'app:some'], 'apply', [entry('app:plug.a', 2)])), 'PERMISSION_DENIED');
  assert.is(kindOf(await as(['app:some'], 'undo')), 'PERMISSION_DENIED');
  // Of the history only what may be read is shown.
  await runtime.registry.change([{ set: { id: 'app:plug.b', ...program(1) } }], { by: { what: 'command line' } });
  const rows = (await as(['app:some'], 'history')).value as unknown as VersionRow[];
  assert.equal(
    rows.map(({ changes }) => changes.map(({ id }) => id)),
    [[], ['app:plug.a'], []],
  );
  assert.is((await as(['app:some'], 'undo', 1)).kind, undefined);
  assert.not.ok(runtime.deployment.entries.has('app:plug.a'));
  await speakers.stop();
});

test('many processes on all threads change at once: every change is made, none twice', async () => {
  const speakers = await Speakers.start(['registry'], GRANT, { more: MORE, workers: 2 });
  const { runtime } = speakers;
  const before = runtime.version;
  const outcomes = await Promise.all(
    Array.from({ length: 24 }, (_, i) =>
      speakers.call(i % 2 === 0 ? 'lua' : 'ts', 'registry', 'apply', [entry(`app:plug.n${i}`, i)]),
    ),
  );
  const versions = outcomes.map(({ value }) => (value as { version: number }).version);
  assert.equal(
    versions.sort((a, b) => a - b),
    Array.from({ length: 24 }, (_, i) => before + 1 + i),
  );
  for (let i = 0; i < 24; i += 5) assert.is(await runtime.exec({ id: `app:plug.n${i}`, host: 'app:plain' }), i);
  await speakers.stop();
});

test('the rate of the capability bounds changes', async () => {
  const granted = '{registry: {write: ["app:plug.*"], rate: {calls: 2, per: 1h}}}';
  const speakers = await Speakers.start(['registry'], granted, { more: MORE });
  for (const expected of [undefined, undefined, 'RATE_LIMITED']) {
    assert.is((await speakers.call('lua', 'registry', 'apply', [entry('app:plug.x', 1)])).kind, expected);
  }
  await speakers.stop();
});

test.run();
