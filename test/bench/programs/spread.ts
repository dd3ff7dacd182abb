import { defineProcess } from 'troupe/sdk';

const RECEIVERS = 16;
const BATCH = 8000;

/** `count` messages to sixteen processes in turn, so that none goes where the last one went. */
export default defineProcess<[number]>(function* (self, count) {
  const sinks = Array.from({ length: RECEIVERS }, () => self.spawn('bench:counter_ts', 'bench:host', self.pid));
  let sent = 0;
  let taken = 0;
  while (sent < count) {
    const end = Math.min(count, sent + BATCH);
    for (; sent < end; sent++) self.send(sinks[sent % RECEIVERS], 'n', sent);
    for (const sink of sinks) self.send(sink, 'told', null);
    for (let i = 0; i < RECEIVERS; i++) taken += (yield* self.receive()).payload;
  }
  for (const sink of sinks) self.terminate(sink);
  return taken;
});
