/** A PID is a text that anybody can guess; whether it is of use is for hosts and policies to say. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, refusal, Stage, type Step, VICTIM } from './stage.ts';

const test = suite('attack: guessed PIDs');

const ENTRIES = [
  '{name: vault, kind: process.host, reachable_from: [app:office]}',
  '{name: office, kind: process.host, allow_untrusted_ts: true}',
  '{name: cell, kind: process.host, allow_untrusted_ts: true}',
  VICTIM,
  '{name: service, kind: process.service, process: app:victim, host: app:vault, lifecycle: {auto_start: true, name: accounts, stop_timeout: 10ms}}',
];

/** Everything that can be done to a process whose PID or name one knows. */
const deeds = (dest: string): Step[] => [
  ['send', dest, 'topic', 'x'],
  ['cancel', dest, 'because'],
  ['monitor', dest],
  ['link', dest],
  ['terminate', dest],
  ['register', 'a name of mine', dest],
];

const all = (kind: string): string[] => new Array(deeds('').length).fill(kind);

for (const workers of [0, 2]) {
  const stage = await Stage.start({ entries: ENTRIES, options: { workers, placement: 'round-robin' } });
  const { runtime } = stage;
  const beginVictim = (): string => runtime.spawn({ id: 'app:victim', host: 'app:vault' });

  for (const language of LANGUAGES) {
    test(`${language}, ${workers} workers: what lives in a closed host cannot be touched, nor told from what does not`, async () => {
      const victim = beginVictim();
      const outcomes = await stage.attack(language, 'app:cell', deeds(victim));
      assert.equal(outcomes.map(refusal), all('PERMISSION_DENIED'));

      const nobody = '{app:vault|0xfffff}';
      const guessed = await stage.attack(language, 'app:cell', deeds(nobody));
      assert.equal(
        guessed.map(({ error }) => error?.message.replaceAll(nobody, victim)),
        outcomes.map(({ error }) => error?.message),
      );
      assert.ok(stage.alive(victim));
      assert.is(runtime.lookup('a name of mine'), undefined);
    });

    test(`${language}, ${workers} workers: a service is not found by its name either`, async () => {
      await stage.until('the service runs', () => runtime.lookup('accounts') !== undefined);
      const service = runtime.lookup('accounts')!;
      const outcomes = await stage.attack(language, 'app:cell', [['lookup', 'accounts'], ...deeds('accounts')]);
      assert.equal(outcomes.map(refusal), ['NOT_FOUND', ...all('NOT_FOUND')]);
      for (const { error } of outcomes) assert.not.ok(error!.message.includes(service), error!.message);
      assert.is(runtime.lookup('accounts'), service);
    });

    test(`${language}, ${workers} workers: another host in the PID opens no door`, async () => {
      const victim = beginVictim();
      const forged = ['app:cell', 'app:office', 'system:runtime', '', 'app:vault|0x1|app:cell', '__proto__'].map(host =>
        victim.replace('app:vault', host),
      );
      for (const pid of forged) {
        for (const outcome of await stage.attack(language, 'app:cell', deeds(pid))) {
          assert.is(refusal(outcome), 'NOT_FOUND', pid);
        }
      }
      assert.ok(stage.alive(victim));
    });

    test(`${language}, ${workers} workers: the PID of who has ended names nobody, also when its place is taken`, async () => {
      const victim = runtime.spawn({ id: 'app:victim', host: 'app:office' });
      runtime.terminate(victim);
      await stage.until('the victim has ended', () => !stage.alive(victim));
      const next = Array.from({ length: 20 }, () => runtime.spawn({ id: 'app:victim', host: 'app:office' }));
      assert.not.ok(next.includes(victim));
      assert.equal((await stage.attack(language, 'app:cell', deeds(victim))).map(refusal), all('NOT_FOUND'));
      for (const pid of next) runtime.terminate(pid);
    });

    test(`${language}, ${workers} workers: the runtime's own process is neither ended nor named, and its work goes on`, async () => {
      const working = runtime.exec({ id: 'app:victim', host: 'app:office', name: 'worker' });
      const [cancelled, terminated, named, linked] = await stage.attack(language, 'app:office', [
        ['cancel', runtime.pid, 'because'],
        ['terminate', runtime.pid],
        ['register', 'a name of mine', runtime.pid],
        ['link', runtime.pid],
      ]);
      assert.equal([cancelled, terminated, named].map(refusal), new Array(3).fill('PERMISSION_DENIED'));
      assert.is(linked.ok, true);
      const dying = stage.attack(language, 'app:office', [
        ['link', runtime.pid],
        ['fail', 'die with me'],
      ]);
      assert.match(await dying.catch(error => error.message), 'die with me');
      assert.is(runtime.send('worker', 'finish', null), undefined);
      assert.is(await working, 1);
    });

    test(`${language}, ${workers} workers: control: who is let in reaches it by PID and by name`, async () => {
      const victim = beginVictim();
      const [sent, found] = await stage.attack(language, 'app:office', [
        ['send', victim, 'finish', 'x'],
        ['lookup', 'accounts'],
      ]);
      assert.is(sent.ok, true);
      assert.is(found.ok, runtime.lookup('accounts'));
      await stage.until('the victim has taken the message and ended', () => !stage.alive(victim));
    });
  }
  test.after(() => stage.end());
}
test.run();
