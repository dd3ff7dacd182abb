/** A deployment with a service, for commands that go to what runs. */
import { type Started, start } from './troupe.ts';

const SDK = "import { defineProcess } from 'troupe/sdk';\n";

export const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host, allow_untrusted_ts: true}
  - {name: tty, kind: terminal.host, allow_untrusted_ts: true}
  - {name: counts, kind: process.ts, source: "file://counts.ts", imports: [logger]}
  - {name: holds, kind: process.lua, source: "return function() process.inbox():receive() end"}
  - {name: read, kind: security.policy, policy: {actions: read, resources: "doc:*", effect: allow}}
  - {name: service, kind: process.service, process: counts, host: host, lifecycle: {auto_start: true, stop_timeout: 50ms}}
  - {name: waits, kind: process.ts, source: "file://waits.ts", imports: [io], meta: {command: {name: waits}}}
`,
  'counts.ts': `${SDK}export default defineProcess(function* (self) {
  self.registry.register('counter');
  const child = self.spawn('app:holds', 'app:host');
  self.registry.register('evil\\u001b[31m\\u202e', child);
  self.fork(function* () {
    const event = yield* self.events().receive();
    self.logger.info('cancelled: ' + (event as any).reason);
  });
  self.logger.info('both wait');
  for (;;) {
    const { topic, payload } = yield* self.receive();
    self.logger.info('got ' + topic + ' ' + JSON.stringify(payload));
  }
});`,
  'waits.ts': `${SDK}export default defineProcess(function* (self) {
  yield* self.io.write('ready\\n');
  yield* self.events().receive();
});`,
};

/** `troupe run` of a folder with `FILES`, once its two processes wait. */
export async function running(root: string, ...args: string[]): Promise<Started> {
  const started = start(['run', '-C', root, '--workers', '1', ...args]);
  await started.complained('both wait');
  return started;
}

export async function stop(started: Started): Promise<void> {
  started.child.kill('SIGINT');
  await started.finished;
}
