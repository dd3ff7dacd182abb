/** Upgrade to what may do more: capabilities are the host's to grant, identity and policies stay, whatever a process goes on as. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AuditRecord } from '../../runtime/security/audit.ts';
import { LANGUAGES, Stage } from './stage.ts';

const test = suite('attack: upgrade to gain capabilities');

const denied: AuditRecord[] = [];
const stage = await Stage.start({
  entries: [
    '{name: cell, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, ctx: {}, funcs: {}}}',
    '{name: office, kind: process.host, allow_untrusted_ts: true, capabilities: {time: {}, ctx: {}, funcs: {}, fs: {root: .}}}',
    '{name: vault, kind: process.host, reachable_from: []}',
    '{name: reader, kind: process.lua, modules: [fs], source: "return function() return (require([[fs]]).read_file([[app.yaml]])) end"}',
    '{name: reader_ts, kind: process.ts, imports: [fs], source: "file://reader.ts"}',
    '{name: reader_wasm, kind: process.wasm, imports: [fs], language: assemblyscript, source: "file://reader.as.ts"}',
    '{name: plain, kind: process.lua, source: "return function(to) process.send(to, [[still]], process.pid()) end"}',
    '{name: library, kind: library.lua, source: "return {}"}',
    '{name: closed, kind: security.policy, policy: {actions: process.upgrade, resources: "app:plain", effect: deny}}',
    '{name: open, kind: security.policy, policy: {actions: "*", resources: "*", effect: allow}}',
    '{name: bound, kind: process.host, allow_untrusted_ts: true, lifecycle: {security: {actor: {id: mallory}, policies: ["app:closed", "app:open"]}}}',
  ],
  files: {
    'reader.ts': `import { defineProcess } from 'troupe/sdk';
      export default defineProcess(function* (self) { return yield* self.fs.readFile('app.yaml'); });`,
    'reader.as.ts': `import { operate, self, Value } from 'troupe';
      @external('troupe:fs', 'read_file') declare function readFile(args: usize, length: i32, area: usize, capacity: i32): i32;
      export function main(): void { self.exit(operate(readFile, [Value.of('app.yaml')])!); }`,
  },
  options: { onAudit: record => denied.push(record) },
});
const { runtime } = stage;
const READERS = ['app:reader', 'app:reader_ts', 'app:reader_wasm'];

async function upgraded(language: string, host: string, ...to: string[]): Promise<{ value?: unknown; error?: any }> {
  return runtime.exec({ id: `app:${language}`, host, args: [[['upgrade', ...to]]] }).then(
    value => ({ value }),
    error => ({ error }),
  );
}

for (const language of LANGUAGES) {
  for (const reader of READERS) {
    test(`${language} -> ${reader}: what the host does not grant is not there after an upgrade either`, async () => {
      const { error } = await upgraded(language, 'app:cell', reader);
      assert.is(error?.kind, 'PERMISSION_DENIED');
      assert.match(error.message, /^upgrade: .*"fs", which host "app:cell" does not grant/);
    });

    test(`${language} -> ${reader}: control: where it is granted the upgrade brings it`, async () => {
      const { value } = await upgraded(language, 'app:office', reader);
      assert.match(String(value), /^namespace: app/);
    });
  }

  test(`${language}: what is no program, or is not there, ends the process and no other`, async () => {
    const before = runtime.live;
    for (const id of [
      'app:library',
      'app:cell',
      'app:open',
      'app:nothing',
      '__proto__',
      'system:root',
      'system:functions',
    ]) {
      const { error } = await upgraded(language, 'app:cell', id);
      assert.match(error?.message ?? 'no error', /^upgrade: /, id);
    }
    assert.is(runtime.live, before);
  });

  test(`${language}: an upgraded process is on the host that it was on`, async () => {
    stage.mail.length = 0;
    await upgraded(language, 'app:cell', 'app:plain', runtime.pid);
    await stage.until('it has told', () => stage.mail.length > 0);
    assert.match(String(stage.mail[0].payload), /^\{app:cell\|/);
    assert.is(stage.mail[0].from, stage.mail[0].payload);
  });

  test(`${language}: a policy that forbids an upgrade ends it before the new code runs`, async () => {
    stage.mail.length = 0;
    denied.length = 0;
    const { error } = await upgraded(language, 'app:bound', 'app:plain', runtime.pid);
    assert.is(error?.kind, 'PERMISSION_DENIED');
    assert.equal(
      [denied[0]?.action, denied[0]?.resource, denied[0]?.policy],
      ['process.upgrade', 'app:plain', 'app:closed'],
    );
    assert.equal(stage.mail, []);
  });
}
test.after(() => stage.end());
test.run();
