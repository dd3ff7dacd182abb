/**
 * What a program can do through an SDK, seen from outside: the same scenarios for every language whose SDK is compiled
 * elsewhere. The programs are `programs/scenarios.*` and `programs/handlers.*`.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { failure, run, start } from '../wasm/start.ts';

export interface Programs {
  readonly scenarios: Uint8Array;
  readonly handlers: Uint8Array;
}

const IMPORTS = 'imports: [time, logger, json]';

function entry(name: string, more = ''): string {
  return `{name: ${name}, kind: process.wasm, source: file://sdk.wasm, method: ${name}, ${IMPORTS}${more}}`;
}

const ENTRIES = [
  `{name: sdk, kind: process.wasm, source: file://sdk.wasm, method: echo, ${IMPORTS}}`,
  ...['echo', 'adder', 'failing', 'trapping', 'counting', 'hoarding'].map(name => entry(name)),
  `{name: handlers, kind: process.wasm, source: file://handlers.wasm, imports: [time, json]}`,
  `{name: shout, kind: function.wasm, source: file://sdk.wasm, method: shout, wit: "shout: func(text: string) -> string", ${IMPORTS}}`,
  '{name: lua_repeat, kind: process.lua, source: file://repeat.lua}',
  '{name: double, kind: function.lua, source: file://double.lua}',
];

/** One value of each kind and at each border of its encoding. */
const VALUES: readonly Payload[] = [
  null,
  true,
  false,
  ...[0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
  ...[-1, -32, -33, -128, -129, -32_768, -32_769, -(2 ** 31), -(2 ** 31) - 1, Number.MIN_SAFE_INTEGER],
  ...[2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n].map(value => value as unknown as Payload),
  ...[0.5, -1e300, Number.POSITIVE_INFINITY],
  ...['', 'a', 'é😀', ...[31, 32, 255, 256, 65_536].map(length => 'x'.repeat(length))],
  ...[0, 1, 255, 256, 70_000].map(length => new Uint8Array(length).fill(7)),
  ...[[], [1, [2, [3, null]]], Array.from({ length: 16 }, (_, i) => i), new Array(70_000).fill(false)],
  ...[{}, { a: { b: [1, 'two', 3.5] } }, Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, i]))],
];

/** Run the scenarios with these programs; call `test.run()` afterwards. */
export function scenarios(name: string, programs: Programs) {
  const test = suite(name);
  let runtime: Runtime;

  test.before(async () => {
    runtime = await start(ENTRIES, {
      'sdk.wasm': programs.scenarios,
      'handlers.wasm': programs.handlers,
      'repeat.lua': 'return function(n) return string.rep("x", n) end',
      'double.lua': 'return function(n) return n * 2 end',
    });
  });
  test.after(async () => {
    await runtime?.stop();
  });

  const scenario = (method: string, args: readonly Payload[] = []) => run(runtime, 'sdk', args, { method });

  /** What comes back from the echo for each of these messages. */
  async function echoed(messages: readonly (readonly Payload[])[]): Promise<(Payload | readonly Payload[])[]> {
    const back: (Payload | readonly Payload[])[] = [];
    const done = new Promise<void>(resolve => {
      runtime.onMessage(message => {
        if (message.topic !== 'echo') return;
        back.push(message.payload);
        if (back.length === messages.length) resolve();
      });
    });
    const pid = runtime.spawn({ id: 'app:echo', host: 'app:h', args: [] });
    for (const payloads of messages) assert.is(runtime.send(pid, 'echo', ...payloads), undefined);
    await done;
    runtime.send(pid, 'stop', null);
    return back;
  }

  test('payloads of every kind are read and written', async () => {
    const back = await echoed(VALUES.map(value => [value]));
    for (const [index, value] of VALUES.entries()) assert.equal(back[index], value);
  });

  test('errors keep kind, retryable and details as payloads', async () => {
    const sent = [
      new TroupeError('full', { kind: 'RATE_LIMITED', retryable: true, details: { limit: 5 } }),
      new TroupeError('never', { kind: 'PERMISSION_DENIED', retryable: false }),
      new TroupeError('x'.repeat(300)),
    ];
    const back = (await echoed(sent.map(error => [error as unknown as Payload]))) as unknown as TroupeError[];
    for (const [index, { message, kind, retryable, details }] of sent.entries()) {
      const got = back[index];
      assert.instance(got, TroupeError);
      assert.equal([got.message, got.kind, got.retryable, got.details], [message, kind, retryable, details]);
    }
  });

  test('own identity, arguments and context', async () => {
    const context = { who: 'me' };
    const [pid, id, args, who] = (await run(runtime, 'sdk', [1, 'two'], { method: 'identity', context })) as Payload[];
    assert.match(pid as string, /^\{app:h\|0x[0-9a-f]+\}$/);
    assert.equal([id, args, who], ['app:sdk', [1, 'two'], 'me']);
  });

  test('children, their ends and their errors', async () => {
    assert.equal(await scenario('children'), [
      ...['pid.exit', true, 42, 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
      ...['CONFLICT', 'no luck', 1, { why: 'test' }],
      ...['pid.link.down', 'unreachable', 'TIMEOUT'],
      ...['pid.exit', 'pid.link.down'],
    ]);
  });

  test('an error of the program is that of the process, whole', async () => {
    const error = await failure(scenario('failing'));
    assert.is(error.kind, 'CONFLICT');
    assert.equal([error.retryable, error.details?.why], [true, 'test']);
  });

  test('an error of another process is passed on with its stack', async () => {
    const error = await failure(scenario('passing'));
    assert.is(error.message, 'unreachable');
    assert.match(String(error.place), 'trapping');
    assert.match(String(error.stack), /at .*trapping/);
  });

  test('options can be read', async () => {
    assert.equal(await scenario('options'), [false, true, false, false, true]);
  });

  test('a process dies with a child that it is linked to', async () => {
    const error = await failure(scenario('linked'));
    assert.is(error.kind, 'CANCELED');
    assert.match(error.message, 'no luck');
  });

  test('a trap ends the process with the names of its functions', async () => {
    const error = await failure(scenario('trapping'));
    assert.is(error.kind, 'INTERNAL');
    assert.is(error.message, 'unreachable');
    assert.match(String(error.place), 'trapping');
  });

  test('names', async () => {
    assert.equal(await scenario('names'), [true, true, 5, 'NOT_FOUND', 'ok', 'ok', 1, 0]);
  });

  test('timers, sleep and the clock', async () => {
    assert.equal(await scenario('timers'), [
      ...['ok', 'ok', 'ALREADY_EXISTS', 'ok'],
      ...[4, 2, 4, 1],
      ...['ok', 'INVALID', true, true],
    ]);
  });

  test('results of other programs, and their errors', async () => {
    assert.equal(await scenario('programs'), [
      ...[100_000, 42],
      ...['CONFLICT', 'CONFLICT', 'no luck', 1, { why: 'test' }, 'TIMEOUT'],
      ...[8, 8, 7, 'TIMEOUT'],
    ]);
  });

  test('select over several sources, in their order', async () => {
    assert.equal(await scenario('sources'), [
      'ok',
      ...[3, 'enough', 4, null, 2, 2, 1, 1],
      ...[0, 0, 'TIMEOUT', 'TIMEOUT', 3, 'ok', 4],
    ]);
  });

  test('operations of capabilities, waiting or with a tag, and the log', async () => {
    assert.equal(await scenario('capabilities'), ['5', 'INVALID', 4, '6', 'ok', 'ok', 'ok', 'INVALID']);
  });

  test('an upgrade takes its state along', async () => {
    const outcome = run(runtime, 'counting', [0], {
      messages: [1, 10, 100].map(n => ({ topic: 'count', payloads: [n] })),
    });
    assert.is(await outcome, 111);
  });

  test('handlers: several commands at once, a wait in between, and the end by a cancel', async () => {
    const answered = new Promise<string>(resolve => {
      runtime.onMessage(message => message.topic === 'answered' && resolve(message.from));
    });
    const ended = run(runtime, 'handlers', [runtime.pid, 3], {
      messages: [
        { topic: 'add', payloads: [1] },
        { topic: 'slow', payloads: [10] },
        { topic: 'add', payloads: [100] },
      ],
    });
    runtime.cancel(await answered, 'enough');
    const { sum, answers, reason } = (await ended) as { sum: number; answers: Payload[]; reason: string };
    const pairs = answers.flatMap((tag, index) => (index % 2 === 0 ? [[tag, answers[index + 1]]] : []));
    pairs.sort(([a], [b]) => Number(a) - Number(b));
    assert.equal({ sum, reason }, { sum: 121, reason: 'enough' });
    assert.equal(pairs, [
      [1, null],
      [3, 6],
      [4, '3'],
      [5, 'no luck'],
    ]);
  });

  test('text goes into a function and comes out of it', async () => {
    assert.is(await runtime.exec({ id: 'app:shout', args: ['hello, é'] }), 'HELLO, é');
  });

  return { test, scenario };
}
