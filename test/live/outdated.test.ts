/** OUTDATED in every language, and upgrades from outside while messages pour in or processes fail all the time. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { silentLog } from '../../runtime/logger.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deploy, type Files } from '../deploy.ts';

const test = suite('new code and those who run the old one');

/** Each tells the runtime's process its version, then what it is told by events, and goes on when it is asked to. */
const LANGUAGES: {
  readonly [name: string]: { readonly entry: string; readonly file: string; text(version: number): string };
} = {
  lua: {
    entry: 'kind: process.lua',
    file: 'lua.lua',
    text: version => `return function(to)
  process.set_options({upgradable = true})
  process.send(to, "version", ${version})
  local inbox, events = process.inbox(), process.events()
  inbox:receive()
  local event = events:receive()
  process.send(to, event.kind, event.sources)
  process.upgrade(nil, to)
end
`,
  },
  ts: {
    entry: 'kind: process.ts',
    file: 'ts.ts',
    text: version => `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, to) {
  self.setOptions({ upgradable: true });
  self.send(to, 'version', ${version});
  const events = self.events();
  yield* self.receive();
  const event = (yield* events.receive())!;
  self.send(to, event.kind, event.kind === 'pid.outdated' ? event.sources : []);
  yield* self.upgrade(null, to);
});
`,
  },
  wasm: {
    entry: 'kind: process.wasm, language: assemblyscript',
    file: 'wasm.as.ts',
    text: version => `import { Event, receive, select, self, send, Sources, Value } from 'troupe';
export function main(): void {
  const to = self.args[0].asString();
  self.upgradable(true);
  send(to, 'version', Value.of(<i32>${version}));
  receive();
  const event = select(Sources.Events) as Event;
  send(to, event.type, event.sources);
  self.upgrade('', [Value.of(to)]);
}
`,
  },
  xstate: {
    entry: 'kind: process.xstate',
    file: 'xstate.ts',
    text: version => `import { setup } from 'xstate';
import { selfOf } from 'troupe/sdk/xstate';
export default setup({}).createMachine({
  context: ({ input }: any) => ({ to: input }),
  entry: ({ system, context }: any) => {
    const self = selfOf({ system });
    self.setOptions({ upgradable: true });
    self.send(context.to, 'version', ${version});
  },
  on: {
    'pid.outdated': {
      actions: ({ system, context, event }: any) => {
        const self = selfOf({ system });
        self.send(context.to, event.type, event.sources);
        void self.upgrade(null, context.to);
      },
    },
  },
});
`,
  },
};

const YAML = `namespace: a
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
${Object.entries(LANGUAGES)
  .map(([name, { entry, file }]) => `  - {name: ${name}, ${entry}, source: "file://${file}"}\n`)
  .join('')}`;

function filesOf(version: number): Files {
  return Object.fromEntries(Object.values(LANGUAGES).map(({ file, text }) => [file, text(version)]));
}

function write({ deployment: { root } }: Runtime, files: Files): void {
  for (const [path, content] of Object.entries(files)) writeFileSync(join(root, path), content);
}

const quiet = () => createServices({ log: silentLog });

for (const workers of [0, 2]) {
  test(`who asked for it is told once, whatever has changed meanwhile, and goes on: ${workers} workers`, async () => {
    const runtime = await deploy({ 'a.yaml': YAML, ...filesOf(1) }, { workers });
    const told = new Map<string, [string, Payload][]>();
    runtime.onMessage(({ from, topic, payload }) => {
      const list = told.get(from) ?? [];
      told.set(from, [...list, [topic, payload as Payload]]);
    });
    const pids = Object.keys(LANGUAGES).map(name =>
      runtime.spawn({ id: `a:${name}`, host: 'a:host', args: [runtime.pid] }),
    );
    const heard = async (count: number): Promise<void> => {
      while (pids.some(pid => (told.get(pid)?.length ?? 0) < count)) await runtime.wait(2);
    };
    await heard(1);
    // Nobody listens yet: what changes twice is one event.
    for (const version of [2, 3]) {
      write(runtime, filesOf(version));
      const report = await runtime.upgrade({
        target: undefined,
        policy: 'restart',
        stable: 0,
        dryRun: false,
        by: { what: 'test' },
      });
      assert.equal(
        report.processes.map(({ what }) => what),
        Array(4).fill('told'),
      );
      // A machine takes its events as they come.
      while (told.get(pids[3])?.length !== 2 * version - 1) await runtime.wait(2);
    }
    for (const pid of pids) runtime.send(pid, 'go', 1);
    await heard(3);
    const outdated = (name: string): [string, Payload] => ['pid.outdated', [`a:${name}`]];
    Object.keys(LANGUAGES).forEach((name, i) => {
      const between = name === 'xstate' ? [outdated(name), ['version', 2]] : [];
      assert.equal(told.get(pids[i]), [['version', 1], ...between, outdated(name), ['version', 3]]);
    });
    await runtime.stop();
  });

  test(`replaced again and again while messages pour in, none is lost or out of order: ${workers} workers`, async () => {
    const counter = (version: number): string => `return function(seen)
  local inbox = process.inbox()
  while true do
    local message = inbox:receive()
    process.send(message:from(), "got", {message:payload():data(), ${version}})
  end
end
`;
    const sender = `return function(to, count)
  local inbox = process.inbox()
  for i = 1, count do
    process.send(to, "count", i)
    if i % 50 == 0 then coroutine.yield() end
  end
  local versions, last = {}, 0
  for i = 1, count do
    local got = inbox:receive():payload():data()
    if got[1] ~= last + 1 then return nil, "after " .. last .. " came " .. got[1] end
    last = got[1]
    versions[tostring(got[2])] = true
  end
  return versions
end
`.replace('    if i % 50 == 0 then coroutine.yield() end\n', '');
    const yaml = `namespace: a
entries:
  - {name: host, kind: process.host}
  - {name: counter, kind: process.lua, source: "file://counter.lua"}
  - {name: sender, kind: process.lua, source: "file://sender.lua"}
  - {name: counts, kind: process.service, process: counter, host: host, lifecycle: {auto_start: true, name: counts, stop_timeout: 0s}}
`;
    const runtime = await deploy(
      { 'a.yaml': yaml, 'counter.lua': counter(1), 'sender.lua': sender },
      { workers, services: quiet() },
    );
    const pid = runtime.lookup('counts')!;
    const senders = [1, 2, 3].map(() => runtime.exec({ id: 'a:sender', host: 'a:host', args: ['counts', 4_000] }));
    let done = false;
    const all = Promise.all(senders).finally(() => {
      done = true;
    });
    let version = 1;
    while (!done) {
      write(runtime, { 'counter.lua': counter(++version) });
      await runtime.registry.reload({ by: { what: 'test' } });
      const [rolled] = await runtime.rollOut(['a:counter'], { policy: 'replace' });
      if (rolled !== undefined) assert.equal([rolled.what, rolled.now], ['replaced', pid]);
      // Somebody must have a turn in between.
      await runtime.wait(2);
    }
    const seen = (await all).flatMap(versions => Object.keys(versions as object));
    assert.ok(new Set(seen).size > 1, `one version saw it all: ${version} were there`);
    assert.is(runtime.lookup('counts'), pid);
    await runtime.stop();
  });

  test(`new code ends a loop of crashes, and code that fails as well is taken back: ${workers} workers`, async () => {
    const yaml = `namespace: a
entries:
  - {name: host, kind: process.host}
  - {name: worker, kind: process.lua, source: "file://worker.lua", modules: [time]}
  - name: served
    kind: process.service
    process: worker
    host: host
    lifecycle: {auto_start: true, stable_threshold: 100ms, restart: {delay: 5ms, max_delay: 20ms}}
`;
    const worker = (what: string): string => `local time = require("time")
return function() process.registry.register("${what}") time.sleep("3ms") ${what === 'sound' ? 'process.events():receive()' : 'error("again")'} end
`;
    const runtime = await deploy({ 'a.yaml': yaml, 'worker.lua': worker('broken') }, { workers, services: quiet() });
    const upgrade = () =>
      runtime.upgrade({
        target: 'a:served',
        policy: 'restart',
        stable: undefined,
        dryRun: false,
        by: { what: 'test' },
      });
    const served = () => runtime.services[0];
    while (served().restarts < 5) await runtime.wait(2);
    write(runtime, { 'worker.lua': worker('sound') });
    await upgrade();
    while (runtime.lookup('sound') === undefined || served().state !== 'running') await runtime.wait(2);
    write(runtime, { 'worker.lua': worker('worse') });
    const report = await upgrade();
    assert.equal([report.outcome, report.why?.includes('again')], ['rolled back', true]);
    while (runtime.lookup('sound') === undefined || served().state !== 'running') await runtime.wait(2);
    await runtime.stop();
  });
}

test.run();
