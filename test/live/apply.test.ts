import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import { silentLog } from '../../runtime/logger.ts';
import { machineTypes } from '../../machines/index.ts';
import type { MachineType, Payload } from '../../runtime/machine.ts';
import { DeploymentError } from '../../runtime/registry/problem.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { deploy, type DeployOptions, type Files } from '../deploy.ts';

const test = suite('changes of a deployment that runs');

const HEAD = `namespace: a
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: lua, kind: process.lua, source: "file://lua.lua"}
  - {name: ts, kind: process.ts, source: "file://ts.ts"}
  - {name: wat, kind: function.wat, wit: "answer: func() -> s32", method: answer, source: "file://wat.wat"}
  - {name: starter, kind: process.lua, source: "file://starter.lua"}
`;
const lua = (says: number) => `return function(stays)
  if not stays then return ${says} end
  local inbox = process.inbox()
  while true do
    local m = inbox:receive()
    if m:topic() == "end" then return ${says} end
    if m:topic() == "upgrade" then process.upgrade(nil, false) end
  end
end
`;
const ts = (says: number) => `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[boolean]>(function* (self, stays) {
  if (!stays) return ${says};
  for (;;) {
    const { topic } = yield* self.receive();
    if (topic === 'end') return ${says};
    if (topic === 'upgrade') yield* self.upgrade(null, false);
  }
});
`;
const wat = (says: number) => `(module (func (export "answer") (result i32) (i32.const ${says})))`;
/** Spawns what it is told, from whatever thread it is on. */
const STARTER = `return function(id, ...) return process.exec(id, "a:host", ...) end`;

const filesOf = (says: number, yaml = HEAD): Files => ({
  'a.yaml': yaml,
  'lua.lua': lua(says),
  'ts.ts': ts(says),
  'wat.wat': wat(says),
  'starter.lua': STARTER,
});

function write({ deployment: { root } }: Runtime, files: Files): void {
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
}

async function change(runtime: Runtime, files: Files) {
  write(runtime, files);
  return runtime.apply(await readDeployment(runtime.deployment.root));
}

async function refused(changing: Promise<unknown>): Promise<TroupeError | DeploymentError> {
  try {
    await changing;
  } catch (thrown) {
    return thrown as TroupeError;
  }
  throw new Error('it was not refused');
}

const EVERYWHERE: readonly DeployOptions[] = [
  { workers: 0 },
  { workers: 2 },
  { workers: 2, placement: 'round-robin', restless: true },
];

for (const options of EVERYWHERE) {
  const where = `${options.workers} workers${options.restless ? ', restless' : ''}`;

  test(`new processes run the new code, those that run keep theirs and can go on as it: ${where}`, async () => {
    const runtime = await deploy(filesOf(1), options);
    const call = (id: string): Promise<Payload> => runtime.exec({ id, host: 'a:host', args: [false] });
    const old = ['a:lua', 'a:ts', 'a:lua', 'a:ts'].map(id => runtime.watch({ id, host: 'a:host', args: [true] }));
    assert.equal([await call('a:lua'), await call('a:ts'), await runtime.exec({ id: 'a:wat' })], [1, 1, 1]);
    const applied = await change(runtime, filesOf(2));
    assert.equal(applied, {
      version: 2,
      added: [],
      changed: ['a:lua', 'a:ts', 'a:wat'],
      removed: [],
      unchanged: 2,
      needsRestart: [],
    });
    for (let i = 0; i < 10; i++) {
      assert.equal([await call('a:lua'), await call('a:ts'), await runtime.exec({ id: 'a:wat' })], [2, 2, 2]);
      const nested = { id: 'a:starter', host: 'a:host', args: [['a:lua', 'a:ts'][i % 2], false] };
      assert.is(await runtime.exec(nested), 2);
    }
    runtime.send(old[0].pid, 'end');
    runtime.send(old[1].pid, 'end');
    runtime.send(old[2].pid, 'upgrade');
    runtime.send(old[3].pid, 'upgrade');
    const ends = await Promise.all(old.map(async ({ exit }) => (await exit).result));
    assert.equal(ends, [{ value: 1 }, { value: 1 }, { value: 2 }, { value: 2 }]);
    await runtime.stop();
  });

  test(`many changes while processes are started on all threads: ${where}`, async () => {
    const runtime = await deploy(filesOf(1), options);
    let version = 1;
    let going = true;
    const seen: number[] = [];
    const caller = (async () => {
      while (going) {
        const least = version;
        const said = (await runtime.exec({ id: 'a:starter', host: 'a:host', args: ['a:lua', false] })) as number;
        assert.ok(said >= least && said <= version + 1, `${said} was said between ${least} and ${version}`);
        seen.push(said);
      }
    })();
    for (let next = 2; next < 20; next++) {
      await change(runtime, filesOf(next));
      version = next;
      const from = seen.length;
      while (seen.length < from + 2) await runtime.wait(1);
    }
    going = false;
    await caller;
    assert.ok(new Set(seen).size > 10);
    assert.is(runtime.version, 19);
    await runtime.stop();
  });

  // What follows does not depend on who moves.
  if (options.restless) continue;

  test(`entries and hosts that are added are there for everybody, and what is removed for nobody new: ${where}`, async () => {
    const runtime = await deploy(filesOf(1), options);
    const more = `${HEAD}
  - {name: more, kind: process.host}
  - {name: late, kind: process.lua, source: "return function(...) return 'late', nil end"}
`;
    const added = await change(runtime, filesOf(1, more));
    assert.equal([added.added, added.unchanged], [['a:more', 'a:late'], 5]);
    for (const host of ['a:host', 'a:more']) assert.is(await runtime.exec({ id: 'a:late', host }), 'late');
    const old = runtime.watch({ id: 'a:lua', host: 'a:more', args: [true] });
    const removed = await change(runtime, filesOf(1));
    assert.equal(removed.removed, ['a:more', 'a:late']);
    assert.is((await refused(runtime.exec({ id: 'a:late', host: 'a:host' }))).kind, 'NOT_FOUND');
    assert.is((await refused(runtime.exec({ id: 'a:lua', host: 'a:more' }))).kind, 'NOT_FOUND');
    // Who lives there lives on.
    runtime.send(old.pid, 'end');
    assert.equal((await old.exit).result, { value: 1 });
    await change(runtime, filesOf(1, more));
    assert.is(await runtime.exec({ id: 'a:late', host: 'a:more' }), 'late');
    await runtime.stop();
  });

  test(`what is broken changes nothing: ${where}`, async () => {
    const runtime = await deploy(filesOf(1), options);
    const broken: Files[] = [
      { 'lua.lua': 'return function( end' },
      { 'ts.ts': 'export default 1 +' },
      { 'wat.wat': '(module (func' },
      { 'a.yaml': `${HEAD}  - {name: x, kind: process.lua}\n` },
      { 'a.yaml': `${HEAD}  - {name: x, kind: process.lua, source: "return 1", modules: [io]}\n` },
    ];
    for (const files of broken) {
      assert.instance(await refused(change(runtime, { ...filesOf(2), ...files })), DeploymentError);
      for (const id of ['a:lua', 'a:ts', 'a:wat']) {
        assert.is(await runtime.exec({ id, host: 'a:host', args: id === 'a:wat' ? [] : [false] }), 1);
      }
    }
    assert.is(runtime.version, 1);
    await change(runtime, filesOf(3));
    assert.is(await runtime.exec({ id: 'a:ts', host: 'a:host', args: [false] }), 3);
    await runtime.stop();
  });

  test(`policies hold at once, for processes that run as well: ${where}`, async () => {
    const yaml = (effect: string): string => `namespace: a
entries:
  - {name: host, kind: process.host}
  - {name: sends, kind: security.policy, groups: [all], policy: {actions: ["*"], resources: ["*"], effect: ${effect}}}
  - {name: asker, kind: process.lua, source: "file://asker.lua"}
  - {name: asker.service, kind: process.service, process: asker, host: host,
     lifecycle: {auto_start: true, stop_timeout: 0s, name: asker, security: {actor: {id: ann}, groups: [all]}}}
`;
    const files = (effect: string): Files => ({
      'a.yaml': yaml(effect),
      'asker.lua': `return function()
  local inbox = process.inbox()
  while true do
    local m = inbox:receive()
    local ok, err = process.send(m:payload():data(), "may", true)
    if not ok then process.registry.register("denied " .. tostring(err:kind())) end
  end
end`,
    });
    const told: string[] = [];
    const runtime = await deploy(files('allow'), {
      ...options,
      services: createServices({ log: silentLog }),
      onAudit: ({ action }) => told.push(action),
    });
    let heard = 0;
    runtime.onMessage(() => heard++);
    for (let i = 1; i <= 3; i++) {
      runtime.send('asker', 'ask', runtime.pid);
      while (heard < i) await runtime.wait(1);
    }
    await change(runtime, files('deny'));
    runtime.send('asker', 'ask', runtime.pid);
    while (!told.includes('process.send')) await runtime.wait(1);
    assert.is(heard, 3);
    await change(runtime, files('allow'));
    runtime.send('asker', 'ask', runtime.pid);
    while (heard < 4) await runtime.wait(1);
    await runtime.stop();
  });
}

/** An entry and its host, both of which change. */
const granting = (modules: string, says: number): Files => ({
  'a.yaml': `namespace: a
entries:
  - {name: host, kind: process.host, capabilities: {${modules.replaceAll(/\w+/g, '$&: {}')}}}
  - {name: lua, kind: process.lua, modules: [${modules}], source: "file://lua.lua"}
`,
  'lua.lua': lua(says),
});

for (const workers of [0, 2]) {
  test(`an entry that runs gets a new import and its host the grant in one change: ${workers} workers`, async () => {
    const runtime = await deploy(granting('time', 1), { workers });
    const old = runtime.watch({ id: 'a:lua', host: 'a:host', args: [true] });
    assert.is(await runtime.exec({ id: 'a:lua', host: 'a:host', args: [false] }), 1);
    await change(runtime, granting('time, crypto', 2));
    // One for the other.
    await change(runtime, granting('io', 3));
    assert.is(await runtime.exec({ id: 'a:lua', host: 'a:host', args: [false] }), 3);
    runtime.send(old.pid, 'upgrade');
    assert.equal((await old.exit).result, { value: 3 });
    await runtime.stop();
  });
}

test('what is loaded here is loaded before a change is done, not when a process goes on as it', async () => {
  let loads = 0;
  const machines = machineTypes.map(type => {
    const load: MachineType['load'] = (...given) => {
      loads++;
      return type.load(...given);
    };
    return { ...type, load };
  });
  const runtime = await deploy(granting('time', 1), { machines });
  const process = runtime.watch({ id: 'a:lua', host: 'a:host', args: [true] });
  // It stays what it was at first for some time.
  for (const [modules, says] of [
    ['time', 2],
    ['time', 3],
    ['time, crypto', 4],
  ] as const) {
    await change(runtime, granting(modules, says));
  }
  const before = loads;
  assert.is(before, 4);
  runtime.send(process.pid, 'upgrade');
  assert.equal((await process.exit).result, { value: 4 });
  assert.is(loads, before);
  await runtime.stop();
});

test('a worker that is lost knows the present deployment when it is back', async () => {
  const runtime = await deploy(filesOf(1), { workers: 2, placement: 'round-robin', services: quiet() });
  await change(runtime, filesOf(2));
  await runtime.loseWorker(1);
  await change(runtime, filesOf(3));
  for (let i = 0; i < 20; i++) {
    let said: Payload;
    for (;;) {
      try {
        said = await runtime.exec({ id: 'a:starter', host: 'a:host', args: ['a:lua', false] });
        break;
      } catch (thrown) {
        assert.is((thrown as TroupeError).kind, 'UNAVAILABLE');
        await runtime.wait(5);
      }
    }
    assert.is(said, 3);
  }
  await runtime.stop();
});

function quiet() {
  return createServices({
    log: silentLog,
  });
}

test('where nothing has changed there is no new version, and lines that move are no change', async () => {
  const runtime = await deploy(filesOf(1));
  assert.is((await change(runtime, filesOf(1))).version, 1);
  const moved = await change(runtime, { 'a.yaml': `# a comment\n${HEAD}` });
  assert.equal([moved.version, moved.unchanged], [1, 5]);
  assert.is(runtime.deployment.entries.get('a:lua')?.place.line, 5);
  rmSync(join(runtime.deployment.root, 'ts.ts'));
  await runtime.stop();
});

test.run();
