/** `troupe services`, `start`, `stop` and `restart`, and how `troupe run` ends while services start or stop. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeDeployment } from '../deploy.ts';
import { useSessionFolder } from '../inspect/session_folder.ts';
import { start, troupe } from './troupe.ts';

useSessionFolder();

const test = suite('services on the command line');

const LUA = `return function(how)
  if how == "hang" then while true do end end
  if how == "deaf" then process.inbox():receive() end
  if how == "broken" then return nil, errors.new({message = "no disk", kind = "UNAVAILABLE", retryable = false}) end
  process.events():receive()
end
`;

const service = (name: string, how: string, lifecycle: string): string =>
  `  - {name: ${name}, kind: process.service, process: unit, host: host, input: [${how}], lifecycle: {${lifecycle}}}\n`;

function folder(services: string, settings = ''): string {
  return writeDeployment({
    'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: unit, kind: process.lua, source: file://unit.lua}
${services}`,
    'unit.lua': LUA,
    '.troupe.yaml': `security: {strict_mode: false}\n${settings}`,
  });
}

const SERVICES =
  service('web', 'run', 'auto_start: true, requires: [db]') +
  service('db', 'run', '') +
  service('disk', 'broken', '') +
  service('needy', 'run', 'requires: [disk]');

test('services, start, stop, restart', async () => {
  const root = folder(SERVICES);
  const started = start(['run', '-C', root, '--workers', '1']);
  await started.complained('2 services run; Ctrl-C stops');
  const listed = await troupe('services', '-C', root);
  assert.is(listed.stderr, '');
  const lines = listed.stdout.trimEnd().split('\n');
  assert.match(lines[0], /^ID +STATE +PID +RESTARTS +SINCE +ERROR$/);
  assert.match(lines[1], /^app:web +running +\{app:host\|0x\w+\} +0 +\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.match(lines[3], /^app:disk +unknown +0$/);
  assert.is(lines.length, 5);

  const stopped = await troupe('stop', '-C', root, 'app:db');
  assert.equal([stopped.code, stopped.stdout], [0, 'stopped app:web, app:db\n']);
  assert.is((await troupe('stop', '-C', root, 'app:db')).stdout, 'app:db did not run\n');
  const again = await troupe('start', '-C', root, 'app:web');
  assert.match(again.stdout, /^app:web is running as \{app:host\|0x\w+\}\n$/);
  const restarted = JSON.parse((await troupe('restart', '-C', root, '--json', 'app:db')).stdout);
  assert.equal([restarted.ok, restarted.error, restarted.service.id], [true, null, 'app:db']);
  assert.equal([restarted.service.state, restarted.service.restarts], ['running', 0]);

  const broken = await troupe('start', '-C', root, 'app:needy');
  assert.equal([broken.code, broken.stdout], [1, '']);
  assert.match(
    broken.stderr,
    /^error: service app:needy does not run: cannot start: it requires app:disk, which is given up: no disk \[UNAVAILABLE\]/,
  );
  const shown = JSON.parse((await troupe('services', '-C', root, '--json')).stdout).services;
  assert.equal(
    shown.map(({ id, state, waits_for }: any) => [id, state, waits_for]),
    [
      ['app:web', 'running', []],
      ['app:db', 'running', []],
      ['app:disk', 'failed', []],
      ['app:needy', 'failed', ['app:disk']],
    ],
  );
  assert.equal(shown[2].error, { kind: 'UNAVAILABLE', message: 'no disk' });

  const wrong = await troupe('restart', '-C', root, 'app:bd');
  assert.is(wrong.code, 2);
  assert.match(wrong.stderr, /there is no service app:bd; did you mean "app:db"\? \[NOT_FOUND\]/);
  assert.is((await troupe('start', '-C', root)).code, 2);
  started.child.kill('SIGTERM');
  assert.is((await started.finished).code, 0);
});

test('a signal while services start stops them in order', async () => {
  const root = folder(
    service('slow', 'hang', 'auto_start: true, start_timeout: 1h, stop_timeout: 100ms') +
      service('web', 'run', 'auto_start: true'),
  );
  const started = start(['run', '-C', root, '--workers', '1']);
  for (;;) {
    const { stdout } = await troupe('services', '-C', root);
    if (/app:slow +starting +\{/.test(stdout) && /app:web +running/.test(stdout)) break;
  }
  started.child.kill('SIGINT');
  const { code, stderr } = await started.finished;
  assert.is(code, 0);
  assert.match(stderr, /stopping \(once more to end at once\)/);
  assert.match(
    stderr,
    /service app:slow did not end within 100ms of being asked to \(stop_timeout\) and is terminated/,
  );
  assert.not.match(stderr, /services? runs?/);
});

test('children that hear nothing are ended by their supervisor when it stops, which is no error', async () => {
  const child = '{process: unit, host: host, input: [deaf]}';
  const root = folder(
    `  - {name: two, kind: process.supervisor, lifecycle: {auto_start: true}, children: [${child}, ${child}]}\n`,
  );
  const started = start(['run', '-C', root, '--workers', '1']);
  await started.complained('1 service runs');
  started.child.kill('SIGTERM');
  const { code, stderr } = await started.finished;
  assert.equal([code, stderr], [0, '1 service runs; Ctrl-C stops\n\nstopping (once more to end at once)\n']);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal}: what does not stop within stop_timeout of the settings ends at once, and is named`, async () => {
    const deaf = service('deaf', 'deaf', 'auto_start: true, stop_timeout: 1h');
    const root = folder(deaf + service('web', 'run', 'auto_start: true, requires: [deaf]'), 'stop_timeout: 200ms\n');
    const started = start(['run', '-C', root, '--workers', '1']);
    await started.complained('2 services run');
    started.child.kill(signal);
    const { code, stderr } = await started.finished;
    assert.is(code, 0);
    assert.match(
      stderr,
      /ERROR the runtime did not stop within 200ms \(stop_timeout of \.troupe\.yaml\); ended at once: app:deaf \(stopping\)\n/,
    );
  });
}

test('what has not started yet is named, and a mistake of the deployment is an error', async () => {
  const retry = service('disk', 'broken', 'auto_start: true') + service('web', 'run', 'auto_start: true');
  const started = start(['run', '-C', folder(retry), '--workers', '1']);
  await started.complained('1 service runs, not yet app:disk; Ctrl-C stops');
  started.child.kill('SIGINT');
  assert.is((await started.finished).code, 0);
  const { code, stderr } = await troupe('run', '-C', folder(service('web', 'run', 'auto_start: true, name: "{web"')));
  assert.is(code, 2);
  assert.match(stderr, /service app:web cannot start: "\{web" cannot be a process name/);
});

test.run();
