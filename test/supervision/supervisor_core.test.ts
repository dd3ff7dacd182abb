/**
 * What a supervisor decides, without processes: a world that starts, fails and ends children as it likes, in any order, and
 * what has to hold all the time. The world is the only source of chance, so every run can be repeated.
 */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import type { Revisions } from '../../runtime/supervision/fallback.ts';
import type { Child } from '../../runtime/supervision/children.ts';
import type { Request } from '../../runtime/supervision/request.ts';
import type {
  ChildSpecification,
  Restart,
  Strategy,
  SupervisorSpecification,
} from '../../runtime/supervision/specification.ts';
import { type Effects, type Ending, Supervisor } from '../../runtime/supervision/supervisor.ts';

const test = suite('decisions of supervisors');

interface Lives {
  readonly run: number;
  readonly key: string;
  readonly pid: string;
  /** Whether it has waited for the first time. */
  up: boolean;
  asked: boolean;
}

/** Keeps what is alive, and the books of what the supervisor did; throws where a rule is broken. */
class World implements Effects {
  time = 0;
  readonly done: string[] = [];
  readonly living = new Map<number, Lives>();
  readonly refused: number[] = [];
  readonly answers: { readonly request: Request; readonly answer: Payload }[] = [];
  timer: number | undefined;
  isUp = false;
  /** Whether the next spawns are refused. */
  refuses = false;

  now(): number {
    return this.time;
  }

  revisions(): Revisions {
    return { present: 1, previous: undefined };
  }

  spawn(child: Child): string | undefined {
    for (const { up, key } of this.living.values()) if (!up) throw new Error(`${key} has not started yet`);
    for (const { key } of this.living.values()) if (key === child.key) throw new Error(`${key} runs twice`);
    this.done.push(`start ${child.key}`);
    if (this.refuses) {
      this.refused.push(child.run);
      return undefined;
    }
    const pid = `{w|${child.run}}`;
    this.living.set(child.run, { run: child.run, key: child.key, pid, up: false, asked: false });
    return pid;
  }

  shutdown(pid: string): void {
    const lives = this.#of(pid);
    if (lives.asked) throw new Error(`${lives.key} was asked twice`);
    lives.asked = true;
    this.done.push(`ask ${lives.key}`);
  }

  terminate(pid: string): void {
    const { key, run } = this.#of(pid);
    this.done.push(`terminate ${key}`);
    this.refused.push(run);
  }

  arm(timer: number): void {
    if (this.timer !== undefined) throw new Error('two timers run');
    this.timer = timer;
  }

  disarm(timer: number): void {
    if (this.timer !== timer) throw new Error('it does not run');
    this.timer = undefined;
  }

  up(): void {
    this.isUp = true;
  }

  reply(request: Request, answer: Payload): void {
    this.answers.push({ request, answer });
  }

  report(): void {}

  #of(pid: string): Lives {
    for (const lives of this.living.values()) if (lives.pid === pid) return lives;
    throw new Error(`${pid} does not live`);
  }
}

const specification = (
  strategy: Strategy,
  restarts: readonly Restart[],
  max: number,
  shutdown = 10,
): SupervisorSpecification => ({
  strategy,
  intensity: { max, within: 1000 },
  auto_shutdown: 'never',
  children: restarts.map(
    (restart, i): ChildSpecification => ({
      process: `w:${i}`,
      host: undefined,
      input: [],
      name: strategy === 'simple_one_for_one' ? undefined : String.fromCharCode(97 + i),
      restart,
      shutdown,
      start_timeout: 10,
      significant: false,
      fallback: 'none',
      kind: 'worker',
    }),
  ),
});

/** One move of the world: `pick` chooses among what can happen now. */
interface Move {
  readonly kind: 'start' | 'fail' | 'return' | 'expire' | 'wait' | 'ask' | 'stop' | 'refuse';
  readonly pick: number;
}

class Play {
  readonly world = new World();
  readonly supervisor: Supervisor;
  ending: Ending | undefined;

  constructor(told: SupervisorSpecification) {
    this.supervisor = new Supervisor('w:sup', told, this.world);
    this.#proceed();
  }

  #proceed(): void {
    this.ending ??= this.supervisor.proceed();
    // What was refused, or ended by force, is told at once.
    for (
      let run = this.world.refused.shift();
      run !== undefined && this.ending === undefined;
      run = this.world.refused.shift()
    ) {
      this.world.living.delete(run);
      this.supervisor.ended(run, new TroupeError('refused'));
      this.ending = this.supervisor.proceed();
    }
  }

  move({ kind, pick }: Move): void {
    if (this.ending !== undefined) return;
    const { world, supervisor } = this;
    const living = [...world.living.values()];
    const one = living[pick % Math.max(1, living.length)] as Lives | undefined;
    const starting = living.find(lives => !lives.up);
    switch (kind) {
      case 'start':
        if (starting === undefined) return;
        starting.up = true;
        supervisor.started(starting.pid);
        break;
      case 'fail':
      case 'return':
        if (one === undefined) return;
        world.living.delete(one.run);
        world.done.push(`${kind} ${one.key}`);
        supervisor.ended(one.run, kind === 'fail' ? new TroupeError('failed') : undefined);
        break;
      case 'expire': {
        const { timer } = world;
        if (timer === undefined) return;
        world.timer = undefined;
        supervisor.expired(timer);
        break;
      }
      case 'wait':
        world.time += pick * 100;
        return;
      case 'refuse':
        world.refuses = pick % 3 === 0;
        return;
      case 'ask':
        supervisor.asked(requests[pick % requests.length]);
        break;
      case 'stop':
        supervisor.stop('enough');
        break;
    }
    this.#proceed();
  }

  /** Everything goes well from now on, until the supervisor has ended. */
  finish(): void {
    this.world.refuses = false;
    this.supervisor.stop('enough');
    this.#proceed();
    for (let i = 0; this.ending === undefined; i++) {
      if (i > 1000) throw new Error(`it does not end: ${JSON.stringify([...this.world.living.values()])}`);
      const asked = [...this.world.living.values()].find(lives => lives.asked);
      if (asked === undefined) this.move({ kind: 'start', pick: 0 });
      else {
        this.world.living.delete(asked.run);
        this.supervisor.ended(asked.run, undefined);
        this.#proceed();
      }
    }
  }
}

const from = '{w|9}';
const requests: readonly Request[] = [
  { verb: 'children', from },
  { verb: 'count', from },
  { verb: 'terminate_child', child: 'a', from },
  { verb: 'terminate_child', child: 'b', from },
  { verb: 'restart_child', child: 'a', from },
  { verb: 'delete_child', child: 'b', from },
  { verb: 'start_child', child: undefined, input: [1], from },
  { verb: 'start_child', child: specification('one_for_one', ['transient'], 1).children[0], input: [], from },
];

const restarts = fc.array(fc.constantFrom<Restart>('permanent', 'transient', 'temporary'), {
  minLength: 1,
  maxLength: 4,
});
const strategies = fc.constantFrom<Strategy>('one_for_one', 'one_for_all', 'rest_for_one');
const moves = fc.array(
  fc.record({
    kind: fc.constantFrom<Move['kind']>(
      'start',
      'start',
      'start',
      'fail',
      'return',
      'expire',
      'wait',
      'ask',
      'refuse',
      'stop',
    ),
    pick: fc.nat(20),
  }),
  { maxLength: 60 },
);
const bounds = fc.constantFrom(0, 10, Number.POSITIVE_INFINITY);
const told = fc.oneof(
  fc
    .tuple(strategies, restarts, fc.nat(5), bounds)
    .map(([strategy, kinds, max, bound]) => specification(strategy, kinds, max, bound)),
  fc
    .tuple(fc.constantFrom<Restart>('permanent', 'transient', 'temporary'), fc.nat(5), bounds)
    .map(([kind, max, bound]) => specification('simple_one_for_one', [kind], max, bound)),
);

test('whatever happens: one start at a time, no child twice, nothing left, every request answered once', () => {
  fc.assert(
    fc.property(told, moves, (what, order) => {
      const play = new Play(what);
      let asked = 0;
      for (const move of order) {
        if (move.kind === 'ask' && play.ending === undefined) asked++;
        play.move(move);
      }
      play.finish();
      assert.is(play.world.living.size, 0);
      assert.is(play.world.timer, undefined);
      const { answers } = play.world;
      assert.ok(answers.length <= asked);
      assert.is(new Set(answers).size, answers.length);
    }),
    { numRuns: 3000 },
  );
});

test('the same happens again when the same is done', () => {
  fc.assert(
    fc.property(told, moves, (what, order) => {
      const [one, two] = [new Play(what), new Play(what)];
      for (const move of order) one.move(move);
      for (const move of order) two.move(move);
      assert.equal(one.world.done, two.world.done);
      assert.is(one.ending?.error?.message, two.ending?.error?.message);
    }),
    { numRuns: 500 },
  );
});

test('it stops its children in the reverse of the order in which they stand', () => {
  fc.assert(
    fc.property(strategies, restarts, moves, (strategy, kinds, order) => {
      const play = new Play(specification(strategy, kinds, 1000));
      for (const move of order) if (move.kind !== 'ask' && move.kind !== 'stop') play.move(move);
      if (play.ending !== undefined) return;
      const before = play.world.done.length;
      // Those that were asked before are of a restart, which goes on.
      const asked = [...play.world.living.values()].filter(lives => lives.asked).map(({ key }) => key);
      play.finish();
      const stops = play.world.done
        .slice(before)
        .filter(what => what.startsWith('ask '))
        .map(what => what.slice('ask '.length))
        .filter(key => !asked.includes(key));
      assert.equal(stops, [...stops].sort().reverse());
      assert.is(new Set(stops).size, stops.length);
    }),
    { numRuns: 1000 },
  );
});

test('it gives up with one restart more than allowed within the time, and not before', () => {
  fc.assert(
    fc.property(
      strategies,
      fc.nat(5),
      fc.array(fc.nat(400), { minLength: 1, maxLength: 30 }),
      (strategy, max, pauses) => {
        const play = new Play(specification(strategy, ['permanent'], max));
        play.move({ kind: 'start', pick: 0 });
        const times: number[] = [];
        for (const pause of pauses) {
          play.world.time += pause;
          times.push(play.world.time);
          play.move({ kind: 'fail', pick: 0 });
          play.move({ kind: 'start', pick: 0 });
          const within = times.filter(time => time + 1000 >= play.world.time).length;
          assert.is(play.ending?.error !== undefined, within > max);
          if (play.ending !== undefined) return;
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('children of a template are asked all at once', () => {
  const play = new Play(specification('simple_one_for_one', ['permanent'], 3));
  for (let i = 0; i < 5; i++) {
    play.move({ kind: 'ask', pick: 6 });
    play.move({ kind: 'start', pick: 0 });
  }
  assert.equal(
    play.world.answers.map(({ answer }) => (answer as { key: string }).key),
    ['w:0', 'w:0#2', 'w:0#3', 'w:0#4', 'w:0#5'],
  );
  play.move({ kind: 'stop', pick: 0 });
  assert.is([...play.world.living.values()].filter(({ asked }) => asked).length, 5);
  play.move({ kind: 'return', pick: 2 });
  play.move({ kind: 'expire', pick: 0 });
  assert.is(play.world.living.size, 0, 'the others are ended by force');
  assert.equal(play.ending, { error: undefined });
});

test.run();
