/** Services that hang, are deaf, or crash without end, in every language that can, on real threads. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { LogSink } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServiceStatus } from '../../runtime/supervision/service.ts';
import { deploy, type Files } from '../deploy.ts';

const test = suite('faults of services');

class Lines implements LogSink {
  readonly lines: string[] = [];
  enabled(): boolean {
    return true;
  }
  log(level: string, message: string): void {
    this.lines.push(`${level} ${message}`);
  }
}

const LUA = `return function(how)
  if how == "hang" then while true do end end
  local inbox = process.inbox()
  if how == "deaf" then inbox:receive() end
  if how == "crash" then error("crash") end
  process.events():receive()
end
`;
const AS = `import { self } from 'troupe';
let turns: i64 = 0;
export function main(): void {
  while (self.pid.length > 0) turns++;
}`;

/** A compiler costs seconds: programs that nobody runs are left out. */
const PROGRAMS: { readonly [language: string]: string } = {
  lua: '{name: lua, kind: process.lua, source: file://unit.lua}',
  wasm: '{name: wasm, kind: process.wasm, language: assemblyscript, source: file://unit.as.ts}',
  ts: '{name: ts, kind: process.ts, source: file://unit.ts}',
};

const TS = `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, how) {
  if (how === 'crash') throw new Error('crash');
  if (how === 'deaf') for (;;) yield* self.receive();
  yield* self.events().receive();
});
`;

const service = (name: string, process: string, how: string, lifecycle: string): string =>
  `  - {name: ${name}, kind: process.service, process: ${process}, host: host, input: [${how}], lifecycle: {auto_start: true, ${lifecycle}}}\n`;

function files(...services: string[]): Files {
  const used = Object.entries(PROGRAMS).filter(([language]) => services.join().includes(`process: ${language},`));
  const entries = ['{name: host, kind: process.host, allow_untrusted_ts: true}', ...used.map(([, entry]) => entry)];
  const yaml = `namespace: s\nentries:\n${entries.map(entry => `  - ${entry}\n`).join('')}${services.join('')}`;
  return { 's.yaml': yaml, 'unit.lua': LUA, 'unit.as.ts': AS, 'unit.ts': TS };
}

const statusOf = (runtime: Runtime, id: string): ServiceStatus => runtime.services.find(one => one.id === id)!;

for (const workers of [0, 2]) {
  for (const language of ['lua', 'wasm']) {
    test(`${language}, ${workers} workers: a start that hangs is ended after start_timeout, and tried again`, async () => {
      const log = new Lines();
      const hung = service('web', language, 'hang', 'start_timeout: 40ms, restart: {delay: 1ms, max_attempts: 1}');
      const rest = service('next', 'ts', 'run', 'requires: [web]') + service('other', 'ts', 'run', '');
      const runtime = await deploy(files(hung, rest), { workers, services: createServices({ log }) });
      assert.is(statusOf(runtime, 's:other').state, 'running');
      while (statusOf(runtime, 's:web').state !== 'exited') await runtime.wait(5);
      const why =
        'its process did not wait for anything within 40ms of its start and was terminated: ' +
        'raise "lifecycle.start_timeout", or let it compute less before it first receives';
      assert.equal(
        log.lines.filter(line => line.includes('s:web failed')),
        [
          `warn service s:web failed: ${why}; restart 1 of 1 in 1ms`,
          `error service s:web failed: ${why}; it is given up after 1 restarts (max_attempts)`,
        ],
      );
      assert.is(statusOf(runtime, 's:web').error!.kind, 'TIMEOUT');
      assert.is(statusOf(runtime, 's:next').state, 'failed');
      assert.match(statusOf(runtime, 's:next').error!.message, /^cannot start: it requires s:web, which is given up: /);
      await runtime.stop();
    });

    test(`${language}, ${workers} workers: stopped while it starts`, async () => {
      const log = new Lines();
      let starting!: Runtime;
      const begun = deploy(files(service('web', language, 'hang', 'start_timeout: 1h, stop_timeout: 30ms')), {
        workers,
        services: createServices({ log }),
        onStarting: runtime => {
          starting = runtime;
          // Its process runs by then.
          void runtime.wait(30).then(() => runtime.stop());
        },
      });
      const runtime = await begun;
      assert.is(runtime, starting);
      assert.ok(runtime.stopped);
      await runtime.stop();
      assert.equal(log.lines, [
        'warn service s:web did not end within 30ms of being asked to (stop_timeout) and is terminated',
      ]);
      assert.is(statusOf(runtime, 's:web').state, 'stopped');
      assert.is(runtime.live, 0);
    });
  }

  for (const language of ['lua', 'ts']) {
    test(`${language}, ${workers} workers: one that is deaf to CANCEL is terminated`, async () => {
      const log = new Lines();
      const runtime = await deploy(files(service('web', language, 'deaf', 'stop_timeout: 20ms')), {
        workers,
        services: createServices({ log }),
      });
      await runtime.stop();
      assert.equal(log.lines, [
        'warn service s:web did not end within 20ms of being asked to (stop_timeout) and is terminated',
      ]);
    });
  }
}

/** Bytes in use after two collections. */
function heap(): number {
  gc!();
  gc!();
  return process.memoryUsage().heapUsed;
}

const CRASHES = 4_000 * (Number(process.env.TROUPE_SOAK) || 1);

for (const [language, delay] of [
  ['lua', '0ms'],
  ['ts', '0ms'],
]) {
  test(`${language}: a service that crashes again and again, restarted after ${delay}, costs no memory`, async () => {
    let restarts = 0;
    const log: LogSink = { enabled: () => true, log: () => void restarts++ };
    const crashing = service('web', language, 'crash', `restart: {delay: ${delay}, backoff_factor: 1}`);
    const runtime = await deploy(files(crashing), { services: createServices({ log }) });
    const crashed = async (count: number): Promise<number> => {
      const until = restarts + count;
      while (restarts < until) await runtime.wait(5);
      return heap();
    };
    // Code is compiled and caches are filled first.
    const before = await crashed(4_000);
    const after = await crashed(CRASHES);
    // What is kept of each would be a hundred bytes at least.
    assert.ok(after - before < CRASHES * 50, `${after - before} bytes more after ${CRASHES} crashes`);
    assert.is(statusOf(runtime, 's:web').restarts >= CRASHES, true);
    await runtime.stop();
    assert.is(runtime.live, 0);
  });
}

test.run();
