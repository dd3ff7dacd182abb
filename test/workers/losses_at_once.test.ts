/** Threads that are lost together, and what a lost thread had begun to do for others. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { machineTypes } from '../../machines/index.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { deploy, writeDeployment } from '../deploy.ts';

const test = suite('workers: losses at once');

const FILES = {
  'app.yaml': `
namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: waiting, kind: process.ts, source: file://waiting.ts}
  - {name: hanging, kind: process.ts, source: file://hanging.ts}
`,
  'waiting.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  const { from } = yield* self.receive();
  self.send(from, 'here', self.pid);
});
`,
  // What it spawns goes to other threads, and is not handed over before its step is over.
  'hanging.ts': `
import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) {
  for (let i = 0; i < 8; i++) self.spawn('app:waiting', 'app:host');
  for (;;);
});
`,
};

function workerOf(runtime: Runtime, pid: string): number {
  return runtime.scheduler.outbound!.whereIs(pid)!.worker;
}

for (const lost of [
  [1, 2],
  [3, 1],
  [1, 2, 3],
]) {
  test(`workers ${lost.join(', ')} of 3 are lost at once, and then again`, async () => {
    const runtime = await deploy(FILES, { workers: 3, placement: 'round-robin' });
    for (let round = 0; round < 3; round++) {
      const watched = Array.from({ length: 6 }, () => runtime.watch({ id: 'app:waiting', host: 'app:host' }));
      const doomed = watched.filter(({ pid }) => lost.includes(workerOf(runtime, pid)));
      await Promise.all(lost.map(worker => runtime.loseWorker(worker)));
      for (const { exit } of doomed) assert.match((await exit).result!.error!.message, /worker \d was lost/);
      // Those that are left live on, and what comes next runs on new threads.
      for (const { pid } of watched) runtime.send(pid, 'end');
      assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left`);
    }
    await runtime.stop();
  });
}

test('children that a lost thread had placed elsewhere, and not handed over', async () => {
  const runtime = await deploy(FILES, { workers: 3, placement: 'round-robin', watchdog: 0 });
  const { pid, exit } = runtime.watch({ id: 'app:hanging', host: 'app:host' });
  const worker = workerOf(runtime, pid);
  while (runtime.live < 9) await runtime.wait(2);
  await runtime.loseWorker(worker);
  assert.match((await exit).result!.error!.message, /worker \d was lost/);
  assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left that nobody has`);
  await runtime.stop();
});

test('a thread that does not start in the place of a lost one is lost like that one, and another one starts', async () => {
  const reluctant = join(writeDeployment({}), 'reluctant');
  process.env.RELUCTANT = reluctant;
  const runtime = await Runtime.start({
    deployment: await readDeployment(writeDeployment(FILES)),
    machines: machineTypes,
    machinesModule: new URL('./reluctant_machines.js', import.meta.url).href,
    workers: 2,
    placement: 'round-robin',
  });
  writeFileSync(reluctant, '');
  await runtime.loseWorker(1);
  const workers = new Map<string, number>();
  const errors: string[] = [];
  let runsAgain = false;
  runtime.onMessage(({ payload }) => {
    runsAgain ||= workers.get(payload as string) === 1;
  });
  // What is placed there before it has started ends, or waits for it; nothing stays behind.
  for (let turns = 0; turns < 4_000 && !runsAgain; turns++) {
    const { pid, exit } = runtime.watch({ id: 'app:waiting', host: 'app:host' });
    workers.set(pid, workerOf(runtime, pid));
    void exit.then(({ result }) => result?.error !== undefined && errors.push(result.error.message));
    runtime.send(pid, 'end');
    await runtime.wait(5);
  }
  assert.ok(runsAgain);
  assert.not(existsSync(reluctant));
  assert.ok(await runtime.drained(20_000), `${runtime.live} processes are left`);
  for (const message of errors) assert.match(message, /worker 1 was lost: a worker thread could not start: .*not now/);
  await runtime.stop();
});

test.run();
