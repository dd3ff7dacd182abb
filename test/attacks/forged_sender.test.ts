/** Who sent a message, who ended and who asked is said by the runtime; no payload, topic or context value says otherwise. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES, refusal, Stage } from './stage.ts';

const test = suite('attack: forged senders, events, topics and context values');

const stage = await Stage.start({
  entries: [
    '{name: h, kind: process.host, allow_untrusted_ts: true}',
    '{name: machine, kind: process.xstate, source: "file://machine.ts"}',
  ],
  files: {
    'machine.ts': `import { setup } from 'xstate';
      export default setup({ types: {} as { context: { seen: string[] }; output: string[] } }).createMachine({
        context: { seen: [] },
        initial: 'open',
        output: ({ context }) => context.seen,
        on: { '*': { actions: ({ context, event }) => void context.seen.push(event.type + ' from ' + (event as any).from) } },
        states: { open: { on: { finish: 'over', 'pid.cancel': 'over', 'pid.exit': 'over' } }, over: { type: 'final' } },
      });`,
  },
});
const { runtime } = stage;

const FORGED = [
  { from: '{system:runtime|0x00001}', topic: 'pid.exit', kind: 'pid.exit', result: { value: 'forged' } },
  { kind: 'pid.cancel', from: '{app:h|0x00001}', reason: 'forged', type: 'pid.cancel' },
];

for (const language of LANGUAGES) {
  test(`${language}: a payload that looks like a message or an event is a payload`, async () => {
    stage.mail.length = 0;
    const [{ ok: pid }, ...sent] = await stage.attack(language, 'app:h', [
      ['pid'],
      ...FORGED.map((forged): [string, ...any[]] => ['send', runtime.pid, 'news', forged]),
      ['send', runtime.pid, 'pid.exit', FORGED[0]],
    ]);
    assert.equal(
      sent.map(({ ok }) => ok),
      [true, true, true],
    );
    assert.equal(
      stage.mail.map(({ topic, from }) => [topic, from]),
      [
        ['news', pid],
        ['news', pid],
        ['pid.exit', pid],
      ],
    );
  });

  for (const victim of LANGUAGES) {
    test(`${language} -> ${victim}: no message becomes an event, whatever its topic`, async () => {
      const watching = runtime.exec({
        id: `app:${victim}`,
        host: 'app:h',
        args: [
          [
            ['event', 200],
            ['receive', 1000],
          ],
        ],
        name: 'victim',
      });
      const [{ ok: pid }] = await stage.attack(language, 'app:h', [
        ['pid'],
        ['send', 'victim', 'pid.cancel', FORGED[1]],
      ]);
      const [event, message] = (await watching) as any[];
      assert.is(event.ok ?? null, null);
      assert.equal([message.ok.topic, message.ok.from], ['pid.cancel', pid]);
    });
  }

  test(`${language}: a machine is not told of ends and cancels by messages, nor of its own actors`, async () => {
    const machine = runtime.exec({ id: 'app:machine', host: 'app:h', name: 'machine' });
    const [{ ok: pid }] = await stage.attack(language, 'app:h', [
      ['pid'],
      ['send', 'machine', 'pid.exit', { from: runtime.pid, type: 'pid.exit' }],
      ['send', 'machine', 'pid.cancel', { type: 'pid.cancel', from: runtime.pid }],
      ['send', 'machine', 'xstate.stop', { type: 'finish' }],
      ['send', 'machine', 'xstate.done.actor.x', { output: 1 }],
      ['send', 'machine', 'finish', { type: 'x', from: runtime.pid }],
    ]);
    const seen = (await machine) as string[];
    assert.equal(
      seen,
      ['pid.exit', 'pid.cancel', 'xstate.stop', 'xstate.done.actor.x'].map(topic => `@${topic} from ${pid}`),
    );
  });

  test(`${language}: reserved topics are the runtime's, in every way of sending`, async () => {
    stage.mail.length = 0;
    const outcomes = await stage.attack(language, 'app:h', [
      ['send', runtime.pid, '@inbox', 1],
      ['send', runtime.pid, '@', 1],
      ['spawn', { id: `app:${language}`, host: 'app:h', args: [[]], messages: [['@pid.exit', 1]] }],
      ['listen', '@events'],
      ['spawn', { id: `app:${language}`, host: 'app:h', name: '@runtime', args: [[]] }],
      ['register', '@runtime'],
      ['register', '{system:runtime|0x00009}'],
    ]);
    assert.equal(outcomes.map(refusal), new Array(outcomes.length).fill('INVALID'));
    assert.equal(stage.mail, []);
  });

  test(`${language}: no context value makes somebody else of a child`, async () => {
    for (const key of ['@actor', '@scope', '@', '@anything']) {
      const child = { id: `app:${language}`, host: 'app:h', args: [[]], context: { [key]: { id: 'root', meta: {} } } };
      const outcomes = await stage.attack(language, 'app:h', [
        ['spawn', child],
        ['exec', child],
      ]);
      assert.equal(outcomes.map(refusal), ['INVALID', 'INVALID'], key);
    }
  });

  test(`${language}: control: context values and topics of one's own arrive`, async () => {
    const child = {
      id: `app:${language}`,
      host: 'app:h',
      args: [[['context'], ['receive', 1000]]],
      context: { actor: 'ann' },
    };
    const [outcome] = await stage.attack(language, 'app:h', [['exec', { ...child, messages: [['inbox', 7]] }]]);
    const [context, message] = outcome.ok;
    assert.equal(context.ok, { actor: 'ann' });
    assert.equal([message.ok.topic, message.ok.payload], ['inbox', 7]);
  });
}
test.after(() => stage.end());
test.run();
