/**
 * The protocols of moving, stealing and sleeping with one thing broken on purpose: the scenarios must find each. What they
 * do not find when it is broken they cannot vouch for when it is whole.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ArrivingBatch } from '../../runtime/scheduler/arriving.ts';
import { Attention, AttentionState } from '../../runtime/workers/attention.ts';
import { Departures, Marks } from '../../runtime/workers/departures.ts';
import { Hunger } from '../../runtime/workers/hunger.ts';
import { Lane } from '../../runtime/workers/lane.ts';
import { Outgoing } from '../../runtime/workers/outgoing.ts';
import { Post } from '../../runtime/workers/post.ts';
import { Quiet } from '../../runtime/workers/quiet.ts';
import { Directory } from '../../runtime/workers/shared_state.ts';
import { seeds } from '../soaked.ts';
import { ends, names, order, work } from './scenarios.ts';

const test = suite('broken protocols are found');

interface Class {
  readonly prototype: object;
}

/** Put other methods in the place of a class's own while `run` runs. `real` are the own ones. */
function withMethods(
  { prototype }: Class,
  change: (real: any) => { readonly [method: string]: unknown },
  run: () => void,
): void {
  const own = Object.getOwnPropertyDescriptors(prototype);
  const real = Object.fromEntries(Object.entries(own).map(([name, { value }]) => [name, value]));
  const changed = change(real);
  for (const [name, value] of Object.entries(changed)) {
    assert.ok(name in own, `there is no ${name} to break`);
    Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
  }
  try {
    run();
  } finally {
    for (const name of Object.keys(changed)) Object.defineProperty(prototype, name, own[name]);
  }
}

type Scenario = (seed: number, schedulers: number) => string[];

/** Runs until a scenario finds it; a protocol that never comes to rest is found as well. */
const RUNS = 400;

function finds(scenarios: readonly Scenario[], schedulers: number): boolean {
  for (const seed of seeds(RUNS)) {
    for (const scenario of scenarios) {
      try {
        if (scenario(seed, schedulers).length > 0) return true;
      } catch {
        return true;
      }
    }
  }
  return false;
}

/** What `act` answers where `post` does not look into the rings. */
function withoutLook(post: Post, act: () => boolean): boolean {
  post.hasFrames = () => false;
  try {
    return act();
  } finally {
    delete (post as { hasFrames?: unknown }).hasFrames;
  }
}

/** What is broken, of which class, and where it must show. */
const BROKEN: readonly (readonly [string, Class, readonly Scenario[], (real: any) => { [method: string]: unknown }])[] =
  [
    ['nothing is held for those that arrive', ArrivingBatch, [order], () => ({ awaits: () => false })],
    [
      'it is settled for all sources with the first one',
      ArrivingBatch,
      [order],
      real => ({
        settle(this: ArrivingBatch, source: number) {
          for (let other = 0; other < 8; other++) real.settle.call(this, (source + other) % 8);
        },
      }),
    ],
    ['whoever has sent may leave at once', Quiet, [order], () => ({ look: () => Number.POSITIVE_INFINITY })],
    [
      'what was read counts as delivered, also where it is forwarded',
      Marks,
      [order],
      () => ({ hasClosed: () => true }),
    ],
    ['who has sent to one that is still arriving may leave', Post, [order], () => ({ sends: () => undefined })],
    ['what was handed over counts as read', Lane, [order], () => ({ isRead: true })],
    ['the taker says Passed for those that do not rest', Attention, [order], () => ({ rests: () => true })],
    ['who acts outside of its loop still counts as resting', Attention, [order], () => ({ wakeUp: () => undefined })],
    [
      'a batch is closed when all have passed, and not when all was delivered',
      Departures,
      [order],
      real => ({
        passed(this: Departures, id: number, source: number) {
          real.passed.call(this, id, source);
          if (source !== 0) real.close.call(this, id);
        },
      }),
    ],
    ['what comes for those that have left is not forwarded', Departures, [order, ends], () => ({ takerOf: () => -1 })],
    ['the directory is not told where a process is', Directory, [order], () => ({ moved: () => undefined })],
    [
      'a scheduler rests although somebody has called, and does not look again',
      Post,
      [order, work],
      real => ({
        sleep(this: Post) {
          const { rest } = Attention.prototype;
          Attention.prototype.rest = function (this: Attention) {
            Atomics.store(this.words, this.at, AttentionState.RESTING);
            return true;
          };
          try {
            return withoutLook(this, () => real.sleep.call(this));
          } finally {
            Attention.prototype.rest = rest;
          }
        },
      }),
    ],
    [
      'a scheduler listens after it has looked, and does not look again',
      Post,
      [order, work],
      real => ({
        exchange(this: Post) {
          const { listen } = Attention.prototype;
          Attention.prototype.listen = () => undefined;
          try {
            real.exchange.call(this);
          } finally {
            Attention.prototype.listen = listen;
          }
          Atomics.store(this.attention, this.attentionAt, AttentionState.AWAKE);
        },
        sleep(this: Post) {
          return withoutLook(this, () => real.sleep.call(this));
        },
      }),
    ],
    [
      'it is called before anything can be seen',
      Outgoing,
      [order, work],
      real => ({
        handOver(this: Outgoing, worker: number) {
          const { attention } = this;
          attention.call(worker);
          attention.call = () => undefined;
          try {
            real.handOver.call(this, worker);
          } finally {
            delete (attention as unknown as { call?: unknown }).call;
          }
        },
      }),
    ],
    [
      'who rests is called and not woken',
      Attention,
      [order, work],
      () => ({
        call(this: Attention, scheduler: number) {
          Atomics.store(this.words, scheduler * 16, AttentionState.CALLED);
        },
      }),
    ],
    [
      'an entry that was claimed and not answered stays so',
      Hunger,
      [work, order],
      () => ({ unclaim: () => undefined }),
    ],
    ['who was fed does not say so', Hunger, [work], () => ({ fed: () => undefined })],
    [
      'everybody may claim the same entry',
      Hunger,
      [work],
      real => ({
        claim(this: Hunger, scheduler: number) {
          real.claim.call(this, scheduler);
          return true;
        },
        fed: real.withdraw,
      }),
    ],
    ['nobody asks for work', Hunger, [work], () => ({ post: () => false })],
  ];

for (const [what, broken, scenarios, change] of BROKEN) {
  test(what, () => {
    withMethods(broken, change, () => {
      assert.ok(finds(scenarios, 3) || finds(scenarios, 4) || finds(scenarios, 5), 'no scenario has noticed');
    });
  });
}

test('whole protocols pass what finds the broken ones', () => {
  for (const seed of seeds(20)) {
    for (const scenario of [order, ends, work, names]) assert.equal(scenario(seed, 4), []);
  }
});

test.run();
