import { defineProcess } from 'troupe/sdk';
import type { Tallies } from './protocol.ts';

/** The same in TypeScript, with handlers. */
export default defineProcess({
  init: (_self, tallies: Tallies = {}) => tallies,
  on: {
    count(_self, tallies, { from, payload }) {
      const tally = (tallies[from] ??= { counted: 0, last: 0, odd: 0 });
      tally.counted++;
      if (payload !== tally.last + 1) tally.odd++;
      tally.last = payload;
    },
    'how many': (self, tallies, { from }) => void self.send(from, 'counted', tallies[from].counted),
    report: (self, tallies, { from }) => void self.send(from, 'tallies', { id: self.id, pid: self.pid, tallies }),
    become: (self, tallies, { payload }) => void self.upgrade(payload, tallies),
  },
  /** Its supervisor wants it to end. */
  event: self => self.done(),
});
