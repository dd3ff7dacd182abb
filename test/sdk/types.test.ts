/** The types of the SDK, checked by the compiler: this file only has to compile, and each `@ts-expect-error` to be one. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Bytes,
  type BytesSource,
  type Command,
  defineFunction,
  defineProcess,
  EventKind,
  type HandlerSelf,
  frozen,
  type Incoming,
  type Mail,
  type Pid,
  type ProcessEvent,
  type Self,
  TroupeError,
} from '../../sdk/typescript/index.ts';

const test = suite('types of the SDK');

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

interface Counting {
  [topic: string]: unknown;
  add: number;
  name: { first: string };
}

/** Never called: what is inside is for the compiler. */
function uncalled(_code: () => unknown): void {}

test('Bytes and frozen values', () => {
  const bytes = Bytes.from('text');
  same<Parameters<typeof Bytes.from>, [source: BytesSource]>(true);
  same<ReturnType<typeof bytes.slice>, Bytes>(true);
  same<ReturnType<typeof bytes.at>, number | undefined>(true);
  const value = frozen({ list: [{ n: 1 }], bytes, text: 'x' });
  same<typeof value.bytes, Bytes>(true);
  uncalled(() => {
    // @ts-expect-error: Bytes are made by Bytes.from
    new Bytes();
    // @ts-expect-error: nothing in a frozen value can be set
    value.list[0].n = 2;
    // @ts-expect-error: nor can anything be added
    value.list.push({ n: 2 });
    // @ts-expect-error: nor in Bytes
    bytes[0] = 1;
  });
});

test('arguments, messages and results of definitions', () => {
  const counter = defineProcess<[start: number], { add: number; stop: undefined }>(function* (self, start) {
    same<typeof start, number>(true);
    same<typeof self, Self<{ add: number; stop: undefined }>>(true);
    const message = yield* self.receive();
    if (message.topic === 'add') same<typeof message.payload, number>(true);
    else same<typeof message.payload, undefined>(true);
    same<typeof message.from, Pid>(true);
    // @ts-expect-error: there is no such topic
    message.topic === 'nothing';
    return start;
  });
  same<typeof counter.args, [start: number] | undefined>(true);

  const inferred = defineProcess(function* (self: Self<{ ping: string }>, times: number) {
    const message = yield* self.receive();
    same<typeof message, Mail<'ping', string>>(true);
    return { times };
  });
  same<typeof inferred.result, { times: number } | undefined>(true);
  same<typeof inferred.args, [times: number] | undefined>(true);

  const promised = defineFunction(async (self, text: string) => {
    const message = await self.receive({ timeout: '1s' });
    same<typeof message, Mail<string, any> | undefined>(true);
    return text.length;
  });
  same<typeof promised.result, number | undefined>(true);

  const plain = defineFunction((_self, a: number, b: number) => a + b);
  same<typeof plain.result, number | undefined>(true);
  same<typeof plain.args, [a: number, b: number] | undefined>(true);

  // @ts-expect-error: a body only yields commands
  defineProcess(function* () {
    yield 5;
  });
  assert.throws(() => defineProcess(undefined as never), /takes the body/);
});

test('handlers', () => {
  const inferred = defineProcess({
    init: (self, start: number) => {
      same<typeof self, HandlerSelf>(true);
      return start < 0 ? self.done('no') : { count: start };
    },
    on: {
      add(_self, state, mail) {
        same<typeof state, { count: number }>(true);
        same<typeof mail, Mail<string, any>>(true);
        state.count += mail.payload;
      },
      end: (self, state) => self.done(state.count),
    },
    timers: { tick: (_self, state) => ({ count: state.count + 1 }) },
    answers: { got: (_self, state, { error }) => (error === undefined ? state : undefined) },
    event(_self, _state, event) {
      same<typeof event, ProcessEvent>(true);
    },
  });
  same<typeof inferred.args, [start: number] | undefined>(true);

  defineProcess<[start: number], Counting, { sum: number }>({
    init: (_self, sum) => ({ sum }),
    on: {
      add(_self, _state, { topic, payload }) {
        same<typeof topic, 'add'>(true);
        same<typeof payload, number>(true);
      },
      // @ts-expect-error: this is not the next state
      name: () => ({ total: 1 }),
    },
  });
  defineProcess<[start: number], Counting, { sum: number }>({
    init: (_self, sum) => ({ sum }),
    on: {
      // @ts-expect-error: there is no such topic
      other() {},
    },
  });

  defineProcess({
    // @ts-expect-error: handlers do not wait
    init: self => void self.receive(),
  });
});

test('what commands give', () => {
  uncalled(() =>
    defineProcess(function* (self: Self<Counting>) {
      same<ReturnType<typeof self.receive>, Command<any>>(false);
      const name = yield* self.listen('name').receive();
      same<typeof name, { first: string } | undefined>(true);
      const whole = yield* self.listen('add', { message: true }).receive();
      same<typeof whole, Mail<'add', number> | undefined>(true);
      const sum = yield* self.call<number>('t:sum', 1, 2);
      same<typeof sum, number>(true);
      const pid = self.spawn('t:x', undefined, 1);
      same<typeof pid, Pid>(true);
      const sent = self.send(pid, 'topic', { any: 'thing' });
      same<typeof sent, true | TroupeError>(true);
      const now = self.time.now();
      same<typeof now, bigint>(true);
      const line = yield* self.io.readLine();
      same<typeof line, string | null>(true);
      // @ts-expect-error: text is no PID
      const wrong: Pid = 'text';
      // @ts-expect-error: a capability that is not known by name is asked for with capability()
      self.http;
      yield* self.upgrade(null);
      return wrong;
    }),
  );
});

test('what select gives, by key', () => {
  uncalled(() =>
    defineProcess(function* (self: Self<Counting>) {
      const numbers = self.channel<number>();
      const got = yield* self.select({ add: self.listen('add'), event: self.events(), out: numbers.sending(1) });
      switch (got.key) {
        case 'add':
          if (got.ok) same<typeof got.value, number>(true);
          break;
        case 'event':
          if (got.ok) same<typeof got.value, ProcessEvent>(true);
          break;
        case 'out':
          same<typeof got.value, true>(true);
          break;
        default:
          same<typeof got, never>(true);
      }
      // @ts-expect-error: no timeout was given, so there is no such key
      got.key === 'timeout';
      const timed = yield* self.select({ numbers }, { timeout: '1s' });
      same<typeof timed.key, 'numbers' | 'timeout'>(true);
      const tried = yield* self.select({ numbers }, { default: true });
      same<typeof tried.key, 'numbers' | 'default'>(true);
      // @ts-expect-error: a number is no channel
      yield* self.select({ wrong: 5 });
      // @ts-expect-error: it holds numbers
      yield* numbers.send('text');
      same<typeof numbers extends Incoming<number> ? true : false, true>(true);
    }),
  );
});

test('events are told apart by their kind', () => {
  uncalled(() => (event: ProcessEvent) => {
    if (event.kind === EventKind.EXIT) same<typeof event.result.error, TroupeError | undefined>(true);
    if (event.kind === EventKind.CANCEL) same<typeof event.reason, string | undefined>(true);
    if (event.kind === EventKind.OUTDATED) same<typeof event.sources, readonly string[]>(true);
    // @ts-expect-error: not every event has a result
    event.result;
  });
});

test('errors of programs say where they were made, and errors of the runtime are of the same class', () => {
  const error = new TroupeError('here', { kind: 'CONFLICT' });
  assert.match(error.stack ?? '', /types\.test/);
  assert.is(error.kind, 'CONFLICT');
  assert.ok(error instanceof TroupeError);
  assert.not.ok(new Error('other') instanceof TroupeError);
});

test.run();
