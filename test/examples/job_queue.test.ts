import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { troupe } from '../cli/troupe.ts';
import { command, copyOf, EXAMPLES, start } from './access_log_job.ts';

const test = suite('job queue');

const root = join(EXAMPLES, 'job-queue');

/** The indented block after the line that runs the demo. */
function shownInReadme(): string {
  const [, block] = /^ {4}troupe run .* demo\n\n((?: {4}.*\n|\n)+)/m.exec(
    readFileSync(join(root, 'README.md'), 'utf8'),
  )!;
  return `${block.replace(/^ {4}/gm, '').trim()}\n`;
}

/** Wait until exactly so many processes are alive. */
async function untilLive(runtime: Runtime, count: number): Promise<void> {
  for (let turns = 0; runtime.live !== count; turns++) {
    assert.ok(turns < 5_000, `${runtime.live} processes are alive, not ${count}`);
    await runtime.wait(1);
  }
}

for (const workers of [0, 2]) {
  test(`the demo prints what its README shows, ${workers} workers`, async () => {
    const { terminal, exit } = await command(root, 'jobs:demo', new MemoryTerminal(), { workers });
    assert.is(exit.error, undefined);
    assert.is(terminal.output, shownInReadme());
  });
}

test('its own tests pass', async () => {
  const { code, stdout, stderr } = await troupe('test', '-C', root);
  assert.is(code, 0, stdout + stderr);
  assert.match(stdout, /\n13 passed, 0 failed/);
});

test('a stop ends everybody in their own way: nobody is terminated', async () => {
  const failed: string[] = [];
  const runtime = await start(root, { onCrash: (_pid, id, error) => failed.push(`${id}: ${error.message}`) });
  try {
    await untilLive(runtime, 5);
    assert.is(typeof runtime.lookup('jobs'), 'string');
  } finally {
    await runtime.stop();
  }
  assert.equal(failed, []);
});

test('the supervisor gives up where no worker can live, and says of what they died', async () => {
  const runtime = await start(copyOf('job-queue', { 'worker.lua': 'return function() error("no paper") end' }));
  try {
    await runtime.exec({ id: 'jobs:supervisor', host: 'jobs:work', args: ['jobs:worker', 1] }).then(
      () => assert.unreachable('it goes on'),
      error => assert.match(error.message, /^\d+ workers died within 1s, the last one of: no paper$/),
    );
  } finally {
    await runtime.stop();
  }
});

test('without their supervisor the workers end', async () => {
  const ended: string[] = [];
  const runtime = await start(root, { onCrash: (_pid, id) => ended.push(id) });
  try {
    // The queue, the supervisor of the deployment and its three workers.
    await untilLive(runtime, 5);
    const pid = runtime.spawn({ id: 'jobs:supervisor', host: 'jobs:work', args: ['jobs:worker', 2] });
    await untilLive(runtime, 8);
    runtime.terminate(pid);
    await untilLive(runtime, 5);
    assert.equal(ended.sort(), ['jobs:supervisor', 'jobs:worker', 'jobs:worker']);
  } finally {
    await runtime.stop();
  }
});

test('the template library is plain Lua', () => {
  const program = 'package.path = "./?.lua"; for _, test in pairs(dofile("tests/template_test.lua")) do test() end';
  const native = spawnSync('lua5.4', ['-e', program], { cwd: root, encoding: 'utf8' });
  if (native.error !== undefined) {
    console.log('skip: lua5.4 is not installed; the tests of the library run under troupe test only');
    return;
  }
  assert.is(native.stderr, '');
  assert.is(native.status, 0);
});

test.run();
