/** The table of the timers of processes, beside a model that is a Map for each process. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { Extras } from '../../runtime/scheduler/extras.ts';
import type { Process } from '../../runtime/scheduler/process.ts';
import { ProcessTimers } from '../../runtime/scheduler/process_timers.ts';
import { TimingWheel } from '../../runtime/scheduler/timing_wheel.ts';

const test = suite('kernel: timers of processes');

/** What the table needs of a process, and the model of its timers: the tick of each tag, oldest first. */
class Owner {
  readonly slot: number;
  readonly rare = new Extras();
  readonly extras = this.rare;
  readonly model = new Map<number, number>();
  readonly #world: World;

  constructor(slot: number, world: World) {
    this.slot = slot;
    this.#world = world;
  }

  get process(): Process {
    return this as unknown as Process;
  }

  timerFired(tag: number, timer: number): void {
    this.#world.timers.fired(this.process, tag, timer);
    assert.ok(this.model.get(tag)! <= this.#world.now, `${tag} fires too early, twice or though it was cancelled`);
    this.model.delete(tag);
  }
}

class World {
  now = 0;
  readonly wheel = new TimingWheel(0);
  readonly timers: ProcessTimers;
  readonly owners: readonly Owner[];

  constructor(owners: number, seed: number) {
    const clock: Clock = { ...systemClock, now: () => this.now, unix: () => seed };
    this.timers = new ProcessTimers(this.wheel, clock);
    this.owners = Array.from({ length: owners }, (_, slot) => new Owner(slot, this));
  }

  arm(owner: Owner, tag: number, milliseconds: number): void {
    if (owner.model.has(tag)) return;
    this.timers.arm(owner.process, tag, milliseconds);
    owner.model.set(tag, Math.ceil(this.now + milliseconds));
  }

  cancel(owner: Owner, tag: number): void {
    assert.is(this.timers.cancel(owner.process, tag), owner.model.delete(tag));
  }

  check(): void {
    let armed = 0;
    for (const { process, model } of this.owners) {
      assert.equal(
        this.timers.of(process),
        [...model].map(([tag, when]) => ({ tag, when })),
      );
      for (const tag of model.keys()) assert.ok(this.timers.has(process, tag));
      armed += model.size;
    }
    assert.is(this.wheel.armed, armed);
  }
}

/** Neighbours, such as a hostile program would choose, and such as do not fit into 32 bits. */
const tag = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 40 }).map(n => n * 64),
  fc.integer({ min: 0, max: 40 }).map(n => n * 2 ** 20),
  fc.integer({ min: 0, max: 40 }).map(n => 2 ** 32 + n),
);
const owner = fc.integer({ min: 0, max: 2 });
const delay = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0.001, max: 1e6, noNaN: true }));

test('whatever is armed, cancelled, fired and dropped, in any order, a tag means what it should', () => {
  const act = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('arm' as const), owner, tag, delay) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('cancel' as const), owner, tag, delay) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('advance' as const), owner, tag, delay) },
    // More than there is room for at the beginning, so that everything is placed anew.
    { weight: 1, arbitrary: fc.tuple(fc.constant('many' as const), owner, tag, delay) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('drop' as const), owner, tag, delay) },
  );
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), fc.double({ min: 0, max: 1e12, noNaN: true }), (acts, seed) => {
      const world = new World(3, seed);
      for (const [kind, index, tag, milliseconds] of acts) {
        const one = world.owners[index];
        if (kind === 'arm') world.arm(one, tag, milliseconds);
        else if (kind === 'cancel') world.cancel(one, tag);
        else if (kind === 'many') for (let i = 0; i < 300; i++) world.arm(one, tag + i * 3, milliseconds + i);
        else if (kind === 'drop') {
          world.timers.cancelAll(one.process);
          one.model.clear();
        } else {
          world.now += milliseconds;
          world.wheel.advance(world.now);
          for (const { model } of world.owners) {
            for (const when of model.values()) assert.ok(when > Math.floor(world.now), 'a timer is late');
          }
        }
        world.check();
      }
    }),
    { numRuns: 200 },
  );
});

test('the room of very many timers is given back when none is left, and made again', () => {
  const world = new World(1, 0.25);
  const [one] = world.owners;
  const { capacity } = world.wheel;
  const COUNT = 150_000;
  for (let round = 0; round < 2; round++) {
    for (let i = 1; i <= COUNT; i++) world.arm(one, i, 1000 + (i % 50));
    assert.is(world.wheel.armed, COUNT);
    assert.ok(world.wheel.capacity > COUNT);
    for (let i = 1; i < COUNT; i++) world.cancel(one, i);
    if (round === 0) world.cancel(one, COUNT);
    else {
      world.now += 2000;
      world.wheel.advance(world.now);
    }
    world.check();
    assert.is(world.wheel.armed, 0);
    assert.is(world.wheel.capacity, capacity);
  }
});

test.run();
