import { defineProcess } from 'troupe/sdk';

/** `count` messages to a process on another worker, at most 10 000 on their way; ends when the last has arrived. */
export default defineProcess<[number]>(function* (self, count) {
  const sink = self.spawn('bench:sink_ts', 'bench:host', self.pid, count);
  let sent = 0;
  let done = 0;
  while (done < count) {
    while (sent < count && sent - done < 10_000) {
      if (self.send(sink, 'n', { id: sent, name: 'hello' }) !== true) throw new Error('refused');
      sent++;
    }
    done = (yield* self.receive()).payload;
  }
  return done;
});
