/** Actor and scope are handed on by the runtime, and no program can make itself somebody else. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { deploy } from '../deploy.ts';

const test = suite('identity');

const FILES = {
  'app.yaml': `version: "1.0"
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: read, kind: security.policy, policy: {actions: [read, process.*], resources: "*", effect: allow}}
  - {name: seen, kind: process.ts, source: file://seen.ts, imports: [security, ctx]}
  - {name: typescript, kind: process.ts, source: file://typescript.ts}
  - {name: lua, kind: process.lua, source: file://forge.lua}
  - {name: acting, kind: process.lua, source: file://acting.lua, modules: [security]}
`,
  'seen.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(self => {
  const [actor, scope] = [self.security.actor(), self.security.scope()];
  const keys = Object.keys(self.context);
  const who = actor && { id: actor.id, meta: actor.meta };
  return { actor: who, scope: scope?.policies().map(policy => policy.id), keys, ctx: Object.keys(self.capability('ctx').all()) };
});`,
  'typescript.ts': `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self, how: string, key: string) {
  const spawner = self.withContext({ user: 'ann', [key]: { id: 'root', meta: {} } });
  if (how === 'exec') return yield* spawner.exec('app:seen');
  if (how === 'name') return spawner.withName('taken').spawn('app:seen');
  return spawner.spawn('app:seen');
});`,
  'forge.lua': `return function(key)
  local made, spawner = pcall(process.with_context, {[key] = {id = "root"}})
  if not made then return nil, spawner end
  return spawner:exec("app:seen")
end`,
  'acting.lua': `local security = require("security")
return function()
  local scope = security.new_scope({(security.policy("app:read"))})
  local spawner = process.with_context({user = "ann"}):with_actor(security.new_actor("ann", {age = 30})):with_scope(scope)
  return spawner:exec("app:seen")
end`,
};

/** Apart from the others: it takes long to compile. */
const WASM = {
  'wasm.yaml': `version: "1.0"
namespace: wasm
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: main, kind: process.wasm, source: file://wasm.as.ts, language: assemblyscript}
`,
  'wasm.as.ts': `import { lastError, Spawner, Value } from 'troupe';
export function main(): void {
  const value = new Spawner('wasm:main').context('@actor', Value.string('root')).exec();
  if (value === null) throw new Error(lastError().get('kind').asString() + ': ' + lastError().get('message').asString());
}`,
};

const ANN = { id: 'ann', meta: { age: 30 } };

async function withRuntime(workers: number, work: (runtime: Runtime) => Promise<void>): Promise<void> {
  const runtime = await deploy(FILES, { workers });
  try {
    await work(runtime);
  } finally {
    await runtime.stop();
  }
}

async function refused(call: Promise<Payload>): Promise<TroupeError> {
  const value = await call.catch((thrown: unknown) => thrown);
  if (value instanceof TroupeError) return value;
  throw new Error(`not refused: ${JSON.stringify(value)}`);
}

function isReserved(error: TroupeError, key: string, what: string): void {
  assert.is(error.kind, 'INVALID', what);
  assert.match(error.message, `context key "${key}" is reserved`, what);
  assert.match(error.message, '"@"', what);
}

test('WebAssembly cannot set what begins with "@"', async () => {
  const runtime = await deploy(WASM);
  try {
    const { message } = await refused(runtime.exec({ id: 'wasm:main' }));
    assert.match(message, 'INVALID: context key "@actor" is reserved');
  } finally {
    await runtime.stop();
  }
});

for (const workers of [0, 2]) {
  test(`nobody can set what begins with "@", ${workers} workers`, () =>
    withRuntime(workers, async runtime => {
      for (const key of ['@actor', '@scope', '@other']) {
        for (const how of ['spawn', 'exec', 'name']) {
          isReserved(await refused(runtime.exec({ id: 'app:typescript', args: [how, key] })), key, `typescript ${how}`);
        }
        // What is wrong in a call is raised in Lua, as a text.
        assert.match((await refused(runtime.exec({ id: 'app:lua', args: [key] }))).message, `"${key}" is reserved`);
        isReserved(
          await refused(runtime.exec({ id: 'app:seen', context: { [key]: 'root' } })),
          key,
          'embedding program',
        );
        assert.throws(
          () => runtime.spawn({ id: 'app:seen', context: { [key]: 'root' } }),
          (thrown: TroupeError) => thrown.kind === 'INVALID' && thrown.details?.key === key,
        );
      }
    }));

  test(`a refused spawn leaves nothing behind, ${workers} workers`, () =>
    withRuntime(workers, async runtime => {
      const context = { '@actor': { id: 'root', meta: {} } };
      for (let i = 0; i < 10; i++) {
        assert.throws(() => runtime.spawn({ id: 'app:seen', name: 'taken', monitor: true, link: true, context }));
      }
      assert.is(runtime.lookup('taken'), undefined);
      assert.is(runtime.live, 0);
    }));

  test(`actor and scope are inherited, and no context shows them, ${workers} workers`, () =>
    withRuntime(workers, async runtime => {
      const seen = { actor: ANN, scope: ['app:read'], keys: ['user'], ctx: ['user'] };
      assert.equal(await runtime.exec({ id: 'app:acting' }), seen);
      const identity = { ...contextOfActor(ANN), ...contextOfScope(['app:read']) };
      const request: IdentifiedRequest = { id: 'app:seen', context: { user: 'ann' }, identity };
      assert.equal(await runtime.exec(request), seen);
      // A request that says nothing of it changes nothing of it.
      const through: IdentifiedRequest = { id: 'app:typescript', args: ['exec', 'note'], identity };
      assert.equal(await runtime.exec(through), { ...seen, keys: ['user', 'note'], ctx: ['user', 'note'] });
    }));
}

test.run();
