/** All interleavings of small configurations of the protocols between schedulers; and of the same with one fault each. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Explored, explore } from './explore.ts';
import { type MoveFault, type MoveOptions, moveModel } from './move_model.ts';
import { type RestFault, restModel } from './rest_model.ts';

const test = suite('models of the protocols between schedulers');

function assertRight(what: string, { states, wrong }: Explored): void {
  console.log(`${what}: ${states} states`);
  assert.ok(wrong === undefined, `${wrong?.what}\n${wrong?.trace.join('\n')}`);
}

for (const [tasks, sends] of [
  [
    [5, 0],
    [2, 2],
  ],
  [
    [3, 0, 0],
    [1, 1, 0],
  ],
  [
    [5, 0, 0],
    [0, 0, 1],
  ],
]) {
  test(`resting and asking for work: tasks ${tasks}, frames sent ${sends}`, () => {
    assertRight(`tasks ${tasks}, frames ${sends}`, explore(restModel(tasks, sends)));
  });
}

const REST_FAULTS: readonly RestFault[] = [
  'looks before it listens',
  'rests without a look at calls',
  'calls before it publishes',
  'calls without a nudge',
  'claims without comparing',
  'withdraws without comparing',
  'does not reopen what it claimed in vain',
  'is fed and stays on the board',
  'asks only once',
];

for (const fault of REST_FAULTS) {
  test(`found: a scheduler ${fault}`, () => {
    const two = explore(restModel([3, 0], [1, 1], fault));
    const found = two.wrong ?? explore(restModel([3, 0, 0], [1, 0, 0], fault)).wrong;
    assert.ok(found !== undefined, 'it was not found');
  });
}

/** The last scheduler may rest, and sends when it does not. The smallest first: most faults show there. */
const MOVES: readonly (readonly [string, Omit<MoveOptions, 'fault'>])[] = [
  [
    'the receiver moves once, and so does its sender',
    { schedulers: 3, receiver: [0, 1], senders: [{ on: 0, messages: 3, moves: 1 }] },
  ],
  [
    'the receiver moves twice, and so does its sender',
    { schedulers: 3, receiver: [0, 2], senders: [{ on: 1, messages: 2, moves: 2 }] },
  ],
  [
    'the receiver moves once among four, and so does its sender',
    { schedulers: 4, receiver: [0, 1], senders: [{ on: 1, messages: 2, moves: 1 }] },
  ],
  [
    'the receiver moves twice, two senders stay',
    {
      schedulers: 3,
      receiver: [0, 2],
      senders: [
        { on: 2, messages: 2, moves: 0 },
        { on: 1, messages: 2, moves: 0 },
      ],
    },
  ],
];

for (const [what, options] of MOVES) {
  test(`moving: ${what}`, () => assertRight(what, explore(moveModel(options))));
}

const MOVE_FAULTS: readonly MoveFault[] = [
  'holds nothing',
  'leaves while something is under way',
  'leaves while something is held',
  'takes what was read for delivered',
  'notes the batches before it was read',
  'passes on for others without reading them',
  'passes on for those that do not rest',
  'moves on before the batch is closed',
  'closes before all is delivered',
  'does not forward',
  'rests for others while it sends',
];

for (const fault of MOVE_FAULTS) {
  test(`found: one that ${fault}`, () => {
    const found = MOVES.some(([, options]) => explore(moveModel({ ...options, fault })).wrong !== undefined);
    assert.ok(found, 'it was not found');
  });
}

test.run();
