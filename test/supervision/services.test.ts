import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import type { TroupeError } from '../../runtime/errors.ts';
import type { LogSink } from '../../runtime/logger.ts';
import { deploy } from '../deploy.ts';

const test = suite('services');

class Recorder implements LogSink {
  readonly lines: string[] = [];
  enabled(): boolean {
    return true;
  }
  log(_level: string, message: string): void {
    this.lines.push(message);
  }
}

const TYPESCRIPT = `import { defineProcess } from 'troupe/sdk';
export default defineProcess<[string]>(function* (self, name) {
  self.logger.info('start ' + name);
  const event = (yield* self.events().receive())!;
  self.logger.info('stop ' + name + ' ' + (event.kind === 'pid.cancel' ? event.reason : event.kind));
});
`;

const LUA = `local logger = require("logger")
return function(name)
  logger.info("start " .. name)
  local event = process.events():receive()
  logger.info("stop " .. name .. " " .. event.reason)
end
`;

function service(name: string, process: string, requires: string, timeout = '5s'): string {
  return `  - {name: ${name}, kind: process.service, process: ${process}, host: host, input: [${name}],
     lifecycle: {auto_start: true, name: ${name}.name, stop_timeout: ${timeout}, requires: [${requires}]}}`;
}

const HEAD = `namespace: s
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: ts, kind: process.ts, source: "file://a.ts", imports: [logger]}
  - {name: lua, kind: process.lua, source: "file://b.lua", modules: [logger]}
`;

const FILES = { 'a.ts': TYPESCRIPT, 'b.lua': LUA };

for (const workers of [0, 2]) {
  test(`they start after what they require and stop in reverse, ${workers} workers`, async () => {
    const log = new Recorder();
    const yaml = [HEAD, service('web', 'ts', 'db, cache'), service('db', 'lua', ''), service('cache', 'ts', 'db')].join(
      '\n',
    );
    const runtime = await deploy({ ...FILES, 's.yaml': yaml }, { workers, services: createServices({ log }) });
    while (log.lines.length < 3) await runtime.wait(2);
    assert.type(runtime.lookup('web.name'), 'string');
    if (workers === 0) assert.equal(log.lines, ['start db', 'start cache', 'start web']);
    await runtime.stop();
    assert.equal(log.lines.slice(3), [
      'stop web service stopping',
      'stop cache service stopping',
      'stop db service stopping',
    ]);
  });
}

test('one that does not listen is terminated after stop_timeout', async () => {
  const yaml = `${HEAD}${service('deaf', 'ears', '', '200ms')}
  - {name: ears, kind: process.ts, source: "file://deaf.ts"}
`;
  const deaf = `import { defineProcess } from 'troupe/sdk';
export default defineProcess(function* (self) { for (;;) yield* self.receive(); });
`;
  const runtime = await deploy({ ...FILES, 's.yaml': yaml, 'deaf.ts': deaf });
  const pid = runtime.lookup('deaf.name')!;
  await runtime.stop();
  assert.is(runtime.send(pid, 'x')?.kind, 'NOT_FOUND');
});

test('one that cannot start: its name is in the error, and nothing is left running', async () => {
  const log = new Recorder();
  const yaml = `${HEAD}${service('one', 'ts', '')}
${service('two', 'ts', 'one').replace('two.name', '"@two"')}
`;
  const refused = await deploy({ ...FILES, 's.yaml': yaml }, { services: createServices({ log }) }).catch(
    thrown => thrown,
  );
  assert.is((refused as TroupeError).kind, 'INVALID');
  assert.match((refused as TroupeError).message, /^service s:two cannot start: "@two" cannot be a process name/);
  assert.equal(log.lines.slice(0, 1), ['start one']);
  assert.ok(log.lines.includes('stop one service stopping'));
});

test.run();
