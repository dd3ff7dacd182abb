import { defineProcess } from 'troupe/sdk';

/** Numbers that are sent without waiting. */
const BATCH = 200;

/**
 * Sends the numbers 1, 2, 3, ... to the tally as fast as that takes them, and asks it after each batch how many have come:
 * how long the answer takes is what an upgrade costs the clients. Told to stop, it says how many it has sent.
 */
export default defineProcess(function* (self) {
  const [counted, stop] = [self.listen('counted'), self.listen('stop', { message: true })];
  const events = self.events();
  let sent = 0;
  let longest = 0;
  for (;;) {
    for (let i = 0; i < BATCH; i++) {
      const refused = self.send('tally', 'count', ++sent);
      if (refused !== true) throw refused;
    }
    const asked = self.time.monotonic();
    self.send('tally', 'how many');
    // Its supervisor wants it to end, perhaps because there is nobody any more who would answer.
    if ((yield* self.select({ events, counted })).key === 'events') return;
    longest = Math.max(longest, Number(self.time.monotonic() - asked));
    const told = stop.tryReceive();
    if (told !== undefined) {
      self.send(told.from, 'sent', { sent, longest });
      return;
    }
  }
});
