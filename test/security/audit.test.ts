/** The audit trail: what is recorded, how often, and that nothing that a program chose can do harm in it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { LineLog } from '../../runtime/logger.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { Audit, type AuditRecord, logAudit, packAudit, unpackAudit } from '../../runtime/security/audit.ts';
import type { Verdict } from '../../runtime/security/authority.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { NOON, stillClock } from '../capabilities/call.ts';
import { deploy } from '../deploy.ts';

const test = suite('audit');

const ASKER = { pid: '{app:a|0x00001}', id: 'app:worker' };
const STANDING = { border: { id: 'app:a' }, actor: { id: 'ann', meta: { age: 30 } }, scope: ['app:p'] };
const DENIED: Verdict = { allowed: false, effect: 'deny', policy: 'app:p', rule: 'actions[0]', why: 'app:p denies it' };
const ALLOWED: Verdict = { ...DENIED, allowed: true, effect: 'allow' };

/** A trail whose time is moved by hand. */
function trail() {
  const records: AuditRecord[] = [];
  const clock = { ...stillClock(), time: 10_000, now: (): number => clock.time };
  const audit = new Audit(clock, true, record => records.push(record));
  const note = (resource: string, verdict = DENIED, asker = ASKER, action = 'store.set') =>
    audit.note(asker, STANDING, action, resource, { host: 'app:b' }, verdict);
  return { records, clock, note };
}

test('a record says who, what, where, which policy, which rule and why', () => {
  const { records, note } = trail();
  note('key');
  assert.equal(records, [
    {
      at: NOON / 1000,
      ...ASKER,
      host: 'app:a',
      actor: { id: 'ann', meta: { age: 30 } },
      scope: ['app:p'],
      action: 'store.set',
      resource: 'key',
      meta: { host: 'app:b' },
      effect: 'deny',
      policy: 'app:p',
      rule: 'actions[0]',
      why: 'app:p denies it',
      repeated: 0,
      dropped: 0,
    },
  ]);
  assert.equal(unpackAudit(packAudit(records[0])), records[0]);
});

test('equal records within a second are one, and counted', () => {
  const { records, clock, note } = trail();
  for (let i = 0; i < 50; i++) note('key');
  assert.is(records.length, 1);
  clock.time += 999;
  note('key');
  assert.is(records.length, 1);
  clock.time += 1;
  note('key');
  assert.equal(
    records.map(({ repeated }) => repeated),
    [0, 50],
  );
});

test('other resources, actions, processes and verdicts are other records', () => {
  const { records, note } = trail();
  note('key');
  note('other');
  note('key', ALLOWED);
  note('key', DENIED, { ...ASKER, pid: '{app:a|0x00002}' });
  note('key', DENIED, ASKER, 'store.get');
  assert.is(records.length, 5);
});

test('no more than a thousand a second; what is left out is counted', () => {
  const { records, clock, note } = trail();
  for (let i = 0; i < 5000; i++) note(`key ${i}`);
  assert.is(records.length, 1000);
  clock.time += 1000;
  note('after');
  assert.is(records.length, 1001);
  assert.is(records[1000].dropped, 4000);
  note('and again');
  assert.is(records[1001].dropped, 0);
});

test('who is allowed much does not get denials left out', () => {
  const { records, note } = trail();
  for (let i = 0; i < 2000; i++) note(`key ${i}`, ALLOWED);
  note('secret');
  assert.equal([records.at(-1)!.resource, records.at(-1)!.effect], ['secret', 'deny']);
});

test('texts that a program chose are shortened in records', () => {
  const { records, note } = trail();
  const long = 'x'.repeat(1_000_000);
  note(long, { ...DENIED, why: long });
  const { resource, why } = records[0];
  assert.equal([resource.length, why.length], [503, 503]);
  assert.is(packAudit(records[0]).length < 2000, true);
});

test('a line of the log stays one line', () => {
  const { records, note } = trail();
  note('a\n2026-01-01T00:00:00.000Z INFO  admin logged in\u001b[2J\u2028\u202e');
  const lines: string[] = [];
  const clock = stillClock();
  for (const format of ['text', 'json'] as const) {
    const log = new LineLog({ level: 'info', format, clock, write: line => lines.push(line) });
    logAudit(log, { ...records[0], actor: { id: 'ann\nbob', meta: {} }, repeated: 3, dropped: 4 });
  }
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    assert.not.match(line.slice(0, -1), /[\u0000-\u001f\u2028\u202e]/);
    assert.is(line.endsWith('\n'), true);
  }
  assert.match(lines[0], 'WARN  app:worker {app:a|0x00001} denied "store.set" of "a\\n2026');
  assert.match(lines[0], 'repeated=3');
  assert.match(lines[0], 'dropped=4');
  assert.is(JSON.parse(lines[1]).fields.policy, 'app:p');
});

test('grants are information, and denials warnings', () => {
  const { records, note } = trail();
  note('key', ALLOWED);
  const lines: string[] = [];
  const log = new LineLog({ level: 'info', format: 'text', clock: stillClock(), write: line => lines.push(line) });
  logAudit(log, records[0]);
  assert.match(lines[0], 'INFO  app:worker {app:a|0x00001} allowed "store.set" of "key"');
});

// --- in a deployment ----------------------------------------------------------------------------------------------

const FILES = {
  'app.yaml': `namespace: app
entries:
  - {name: host, kind: process.host}
  - {name: closed, kind: process.host, reachable_from: []}
  - {name: reads, kind: security.policy, policy: {actions: [store.get, process.send], resources: "*", effect: allow}}
  - {name: asks, kind: process.lua, source: "file://asks.lua", modules: [store]}
  - {name: idle, kind: process.lua, source: "file://idle.lua"}
`,
  'idle.lua': 'return function() process.events():receive() end',
  'asks.lua': `local store = require("store")
return function(to, times)
  local long = string.rep("k", 1000000) .. "\\n"
  local _, err = store.set(long, 1)
  for i = 1, times do
    store.get("key")
    process.send(to, "x", i)
    store.set("key", 1)
  end
  return #err:message()
end`,
};

async function recorded(settings: string, workers: number, work: (runtime: Runtime) => Promise<void>) {
  const records: AuditRecord[] = [];
  const lines: string[] = [];
  const log = new LineLog({ level: 'info', format: 'text', clock: stillClock(), write: line => lines.push(line) });
  const services = createServices({ log });
  const files = { ...FILES, '.troupe.yaml': settings };
  const onAudit = (record: AuditRecord): void => void records.push(record);
  const runtime = await deploy(files, { workers, placement: 'round-robin', onAudit, services });
  try {
    await work(runtime);
    // Records of other threads are on their way.
    for (let i = 0; i < 500 && records.length < 2; i++) await runtime.wait(2);
  } finally {
    await runtime.stop();
  }
  return { records, lines };
}

const asking = (runtime: Runtime) => async (): Promise<void> => {
  const to = runtime.spawn({ id: 'app:idle', host: 'app:host' });
  const identity = { ...contextOfActor({ id: 'ann', meta: {} }), ...contextOfScope(['app:reads']) };
  const request: IdentifiedRequest = { id: 'app:asks', host: 'app:host', args: [to, 20], identity };
  const length = await runtime.exec(request);
  assert.is((length as number) < 2000, true, 'the error is short');
};

for (const workers of [0, 2]) {
  test(`denials of every thread are recorded, short and once, ${workers} workers`, async () => {
    const { records, lines } = await recorded('', workers, runtime => asking(runtime)());
    assert.equal(
      records.map(({ action, resource, effect, actor, policy }) => [
        action,
        resource.slice(0, 3),
        effect,
        actor?.id,
        policy,
      ]),
      [
        ['store.set', 'kkk', 'deny', 'ann', undefined],
        ['store.set', 'key', 'deny', 'ann', undefined],
      ],
    );
    assert.is(records[0].resource.length, 503);
    assert.is(lines.filter(line => line.includes('denied "store.set"')).length, 2);
    assert.is(Math.max(...lines.map(line => line.length)) < 2000, true);
  });

  test(`grants are recorded where that is asked for, those of sends too, ${workers} workers`, async () => {
    const settings = 'security: {audit: {grants: true, log: false}}\n';
    const { records, lines } = await recorded(settings, workers, runtime => asking(runtime)());
    const seen = records.map(({ action, effect }) => `${effect} ${action}`);
    for (const one of ['allow store.get', 'allow process.send', 'deny store.set']) {
      assert.is(seen.includes(one), true, `${one} is among ${seen}`);
    }
    assert.is(lines.length, 0, 'nothing in the log');
  });
}

test('where grants are recorded every send is asked, not only the first to a process', async () => {
  const clock = { ...stillClock(), time: 0 };
  // Each question is a second after the one before, so that none counts as a repetition.
  clock.now = () => (clock.time += 1000);
  const records: AuditRecord[] = [];
  await recorded('security: {audit: {log: false}}\n', 0, async runtime => {
    runtime.scheduler.audit = new Audit(clock, true, record => records.push(record));
    await asking(runtime)();
  });
  assert.is(records.filter(({ action }) => action === 'process.send').length, 20);
});

test.run();
