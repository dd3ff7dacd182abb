/** Ways around the guard that were there, or could be: names, values that are no texts, the runtime's own process. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Runtime } from '../../runtime/runtime.ts';
import type { AuditRecord } from '../../runtime/security/audit.ts';
import { contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';

// Compiled AssemblyScript is kept between runs, but not where the user's own is.
process.env.XDG_CACHE_HOME ??= join(tmpdir(), 'troupe-test-cache');

const test = suite('guard');

const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: open, kind: process.host, allow_untrusted_ts: true}
  - {name: closed, kind: process.host, reachable_from: []}
  - {name: all, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow}}
  - {name: quiet, kind: security.policy, policy: {actions: process.terminate, resources: "*", effect: deny}}
  - {name: runtime, kind: process.lua, source: "file://runtime.lua"}
  - {name: moving, kind: process.lua, source: "file://moving.lua", modules: [time]}
  - {name: values, kind: process.ts, source: "file://values.ts"}
  - {name: seen, kind: process.lua, source: "file://seen.lua"}
  - {name: idle, kind: process.lua, source: "file://idle.lua"}
  - {name: add, kind: function.lua, source: "file://add.lua"}
`,
  'add.lua': 'return function(a, b) return a + b end',
  'idle.lua': 'return function() process.events():receive() end',
  // The first thing that comes, whatever it is.
  'seen.lua': `return function()
  local events, inbox = process.events(), process.inbox()
  local got = channel.select({events:case_receive(), inbox:case_receive()})
  return got.channel == events and got.value.reason or got.value:topic()
end`,
  'runtime.lua': `local ways = {}
function ways.terminate(root) return process.terminate(root) end
function ways.name(root, name) return process.registry.register(name, root) end
function ways.unregister(_, name) return process.registry.unregister(name) end
function ways.cancel(root) return process.cancel(root) end
function ways.link(root)
  local ok, err = process.link(root)
  if err then return nil, err end
  error("I end")
end
function ways.wait(_, name) return process.with_options({timeout = 1}):with_name(name):exec("app:idle", "app:open") end
return function(way, ...)
  local ok, err = ways[way](...)
  return err and {kind = err:kind(), rule = (err:details() or {}).rule} or {ok = ok}
end`,
  'moving.lua': `local time = require("time")
return function(victim, rounds)
  local seen = {}
  for i = 1, rounds do
    time.sleep("1ms")
    local _, err = process.terminate(victim)
    local _, unsent = process.send(victim, "x", i)
    seen[i] = (err and err:kind() or "done") .. " " .. (unsent and unsent:kind() or "sent")
  end
  return seen
end`,
  'values.ts': `import { defineProcess, TroupeError } from 'troupe/sdk';
export default defineProcess(function* (self, way: string, pid: string) {
  const mine = { mine: true, charCodeAt: () => 0x7b, lastIndexOf: () => 1, slice: () => 'app:open', includes: () => true };
  const values: any = { object: mine, text: new String(pid), number: 7, nothing: undefined };
  const calls: any = {
    send: (dest: any) => self.send(dest, 'x', 1),
    cancel: (dest: any) => self.cancel(dest),
    terminate: (dest: any) => self.terminate(dest),
    monitor: (dest: any) => self.monitor(dest),
    link: (dest: any) => self.link(dest),
    register: (dest: any) => self.registry.register('x', dest ?? null),
  };
  const kindOf = (call: () => unknown) => {
    try {
      const answer = call();
      return answer instanceof TroupeError ? answer.kind : String(answer);
    } catch (thrown) {
      return thrown instanceof TroupeError ? thrown.kind : 'threw ' + thrown;
    }
  };
  if (way === 'reason') return kindOf(() => self.cancel(pid, mine as any));
  if (way === 'topic') return kindOf(() => self.withMessage(mine as any, 1).spawn('app:seen', 'app:open'));
  if (way === 'upgrade') return yield* self.upgrade(mine as any);
  return Object.entries(values).map(([, value]) => kindOf(() => calls[way](value)));
});`,
};

async function withRuntime(
  options: { readonly workers: number; readonly restless?: boolean; readonly files?: { [path: string]: string } },
  work: (runtime: Runtime, records: AuditRecord[]) => Promise<void>,
): Promise<void> {
  const records: AuditRecord[] = [];
  const { workers, restless } = options;
  const settings = { '.troupe.yaml': 'security: {audit: {log: false}}\n' };
  const onAudit = (record: AuditRecord): void => void records.push(record);
  const runtime = await deploy(
    { ...settings, ...(options.files ?? FILES) },
    { workers, restless, onAudit, placement: 'round-robin' },
  );
  try {
    await work(runtime, records);
  } finally {
    await runtime.stop();
  }
}

for (const workers of [0, 2]) {
  test(`nobody ends the process that the embedding program acts as, ${workers} workers`, () =>
    withRuntime({ workers }, async (runtime, records) => {
      const root = runtime.pid;
      const way = (name: string, ...args: string[]) =>
        runtime.exec({ id: 'app:runtime', host: 'app:open', args: [name, ...args] });
      const refused = { kind: 'PERMISSION_DENIED', rule: 'system' };
      assert.equal(await way('terminate', root), refused);
      assert.equal(await way('name', root, 'squatted'), refused);
      assert.is(runtime.lookup('squatted'), undefined);
      assert.is(runtime.register('embedder', root), undefined);
      assert.equal(await way('terminate', 'embedder'), refused);
      assert.equal(await way('cancel', root), refused);
      await way('link', root).catch(() => undefined);
      const working = runtime.exec({ id: 'app:seen', host: 'app:open', name: 'working' });
      // Whoever waits for it and gives up would take it along, and what it waits for.
      assert.is(((await way('wait', '', 'embedder')) as { kind: string }).kind, 'TIMEOUT');
      for (let i = 0; i < 500 && records.length < 4; i++) await runtime.wait(2);
      assert.equal(
        records.map(({ action, rule, host, actor }) => [action, rule, host, actor]),
        [
          ['process.terminate', 'system', 'app:open', undefined],
          ['process.registry.foreign', 'system', 'app:open', undefined],
          ['process.terminate', 'system', 'app:open', undefined],
          ['process.cancel', 'system', 'app:open', undefined],
        ],
      );
      runtime.send('working', 'go on');
      assert.is(await working, 'go on');
      assert.is(await runtime.exec({ id: 'app:add', args: [1, 2] }), 3);
    }));

  test(`what is no text is no destination, ${workers} workers`, () =>
    withRuntime({ workers }, async runtime => {
      const victim = runtime.spawn({ id: 'app:idle', host: 'app:closed' });
      for (const way of ['send', 'cancel', 'terminate', 'monitor', 'link', 'register']) {
        for (const identity of [undefined, contextOfScope(['app:all'])]) {
          const request: IdentifiedRequest = { id: 'app:values', host: 'app:open', args: [way, victim], identity };
          assert.equal(await runtime.exec(request), ['INVALID', 'INVALID', 'INVALID', 'INVALID'], way);
        }
      }
      assert.is(runtime.send(victim, 'still there'), undefined);
    }));

  test(`reasons, topics and entries that are objects do not cross, ${workers} workers`, () =>
    withRuntime({ workers }, async runtime => {
      const { pid, exit } = runtime.watch({ id: 'app:seen', host: 'app:open' });
      const tries = (way: string) => runtime.exec({ id: 'app:values', host: 'app:open', args: [way, pid] });
      assert.is(await tries('reason'), 'INVALID');
      assert.is(await tries('topic'), 'INVALID');
      assert.is(await tries('upgrade').catch(error => error.kind), 'INVALID');
      assert.is(runtime.live, 1, 'nothing was spawned');
      runtime.send(pid, 'only this');
      assert.is((await exit).result?.value, 'only this');
    }));
}

test('a process that moves is asked the same everywhere', () =>
  withRuntime({ workers: 2, restless: true }, async runtime => {
    const rounds = 60;
    const identity = contextOfScope(['app:all', 'app:quiet']);
    const quiet = runtime.spawn({ id: 'app:idle', host: 'app:open' });
    const request: IdentifiedRequest = { id: 'app:moving', host: 'app:open', args: [quiet, rounds], identity };
    assert.equal(await runtime.exec(request), Array(rounds).fill('PERMISSION_DENIED sent'));
    const far = runtime.spawn({ id: 'app:idle', host: 'app:closed' });
    const across: IdentifiedRequest = { id: 'app:moving', host: 'app:open', args: [far, rounds] };
    assert.equal(await runtime.exec(across), Array(rounds).fill('PERMISSION_DENIED PERMISSION_DENIED'));
  }));

// --- services -----------------------------------------------------------------------------------------------------

const LANGUAGES = {
  lua: 'kind: process.lua, source: "file://serves.lua"',
  ts: 'kind: process.ts, source: "file://serves.ts"',
  wasm: 'kind: process.wasm, language: assemblyscript, source: "file://serves.as.ts"',
};

const SERVICES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true, capabilities: {security: {}}}
  - {name: starts, kind: security.policy, groups: [services], policy: {actions: [process.exec, process.host], resources: "*", effect: allow}}
  - {name: not.that, kind: security.policy, policy: {actions: process.exec, resources: "app:secret", effect: deny}}
  - {name: public, kind: process.lua, source: "file://idle.lua"}
  - {name: secret, kind: process.lua, source: "file://idle.lua"}
${Object.entries(LANGUAGES)
  .map(
    ([name, entry]) => `  - {name: ${name}, ${entry}}
  - {name: ${name}.service, kind: process.service, process: ${name}, host: host, lifecycle: {auto_start: true,
      security: {actor: {id: server, meta: {of: ${name}}}, groups: [services], policies: [not.that]}}}
  - {name: ${name}.nobody, kind: process.service, process: ${name}, host: host, lifecycle: {auto_start: true}}`,
  )
  .join('\n')}
`,
  'idle.lua': 'return function() end',
  'serves.lua': `return function()
  process.exec("app:public", "app:host")
  process.exec("app:secret", "app:host")
  process.events():receive()
end`,
  'serves.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  for (const id of ['app:public', 'app:secret']) {
    try {
      yield* self.exec(id, 'app:host');
    } catch {}
  }
  yield* self.events().receive();
});`,
  'serves.as.ts': `import { exec, select, Sources } from 'troupe';
export function main(): void {
  exec('app:public', [], 'app:host');
  exec('app:secret', [], 'app:host');
  select(Sources.Events);
}`,
};

for (const workers of [0, 2]) {
  test(`a service acts for whom its security block says, in every language, ${workers} workers`, () =>
    withRuntime({ workers, files: SERVICES }, async (runtime, records) => {
      for (let i = 0; i < 1000 && records.length < 9; i++) await runtime.wait(2);
      for (const language of Object.keys(LANGUAGES)) {
        const of = records.filter(({ id }) => id === `app:${language}`);
        const told = of.map(({ actor, scope, action, resource, policy, rule }) => [
          [actor?.id, actor?.meta.of, scope],
          [action, resource, policy, rule],
        ]);
        const served = ['server', language, ['app:not.that', 'app:starts']];
        const nobody = [undefined, undefined, undefined];
        const expected = [
          [served, ['process.exec', 'app:secret', 'app:not.that', 'actions[0]/resources[0]']],
          [nobody, ['process.exec', 'app:public', undefined, 'strict_mode']],
          [nobody, ['process.exec', 'app:secret', undefined, 'strict_mode']],
        ];
        const sorted = (list: unknown[]) => list.map(one => JSON.stringify(one)).sort();
        assert.equal(sorted(told), sorted(expected), language);
      }
    }));
}

test.run();
