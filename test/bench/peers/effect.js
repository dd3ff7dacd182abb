import { Deferred, Effect, Fiber, Queue } from 'effect';
import { serve } from './serve.js';

/** Two fibers and two queues. */
const pingPong = count =>
  Effect.gen(function* () {
    const pings = yield* Queue.unbounded();
    const pongs = yield* Queue.unbounded();
    const echo = yield* Effect.forkChild(
      Effect.gen(function* () {
        for (;;) yield* Queue.offer(pongs, yield* Queue.take(pings));
      }),
    );
    let done = 0;
    for (let i = 0; i < count; i++) {
      yield* Queue.offer(pings, i);
      if ((yield* Queue.take(pongs)) === i) done++;
    }
    yield* Fiber.interrupt(echo);
    return done;
  });

const spawn = count =>
  Effect.gen(function* () {
    let done = 0;
    for (let i = 0; i < count; i++) {
      const up = yield* Deferred.make();
      yield* Effect.forkChild(Deferred.succeed(up, 1));
      done += yield* Deferred.await(up);
    }
    return done;
  });

serve({
  ping_pong: count => Effect.runPromise(pingPong(count)),
  spawn: count => Effect.runPromise(spawn(count)),
});
