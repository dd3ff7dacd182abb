/** Random machines that leave as images and come back between all their steps do what they do when they stay. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BareProcess } from '../bare_process.ts';
import { soaked } from '../soaked.ts';
import { loadSource } from '../typescript/load_program.ts';
import { EVENTS, machineText } from './machine_generator.ts';

const test = suite('xstate: random machines that move');

type Act = (typeof EVENTS)[number] | 'look' | 'hold' | 'let go' | 'step';

const script = fc.array(fc.constantFrom<Act>(...EVENTS, ...EVENTS, 'look', 'hold', 'let go', 'step'), {
  minLength: 1,
  maxLength: 25,
});

interface Trace {
  readonly sent: readonly unknown[];
  readonly status: number;
  readonly value: unknown;
  readonly error: string | undefined;
}

async function play(text: string, acts: readonly Act[], moved: (step: number) => boolean): Promise<Trace> {
  const program = await loadSource('process.xstate', text);
  const process = BareProcess.begin(program);
  const step = () => {
    process.step();
    if (!process.isOver && moved(process.steps)) process.enter(process.leave());
  };
  step();
  for (const act of acts) {
    if (process.isOver) break;
    if (act === 'hold' || act === 'let go') {
      process.timersRun = act === 'let go';
      continue;
    }
    if (act !== 'step') process.send(act, { n: process.steps });
    step();
  }
  return { sent: process.sent, status: process.status, value: process.value, error: process.error?.message };
}

test('the same trace and the same end', async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(255), { minLength: 20, maxLength: 120 }),
      script,
      fc.array(fc.boolean(), { minLength: 1, maxLength: 9 }),
      async (decisions, acts, moves) => {
        const text = machineText(decisions);
        const stayed = await play(text, acts, () => false);
        assert.equal(await play(text, acts, () => true), stayed);
        assert.equal(await play(text, acts, step => moves[step % moves.length]), stayed);
        told += stayed.sent.length;
      },
    ),
    soaked({ seed: 5, numRuns: 80 }),
  );
  assert.ok(told > 3000, `only ${told} messages`);
});

test.run();
