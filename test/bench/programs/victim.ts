import { defineProcess } from 'troupe/sdk';

/** `count` round trips, with pauses of 1 to 4 ms between them, while `hogs` processes never wait. All in nanoseconds. */
export default defineProcess<[number, number, string]>(function* (self, count, hogs, hog) {
  const pong = self.spawn('bench:pong_ts', 'bench:host');
  const others = [pong];
  for (let i = 0; i < hogs; i++) others.push(self.spawn(hog, 'bench:host'));
  const taken: number[] = [];
  const late: number[] = [];
  for (let i = 0; i < count; i++) {
    const pause = 1e6 * (1 + (i % 4));
    const slept = self.time.monotonic();
    yield* self.time.sleep(pause);
    const begun = self.time.monotonic();
    late.push(Number(begun - slept) - pause);
    self.send(pong, 'ping', i);
    const message = yield* self.receive();
    if (message.payload === i) taken.push(Number(self.time.monotonic() - begun));
  }
  for (const other of others) self.terminate(other);
  return { taken, late };
});
