import { defineProcess } from 'troupe/sdk';

/** Waits until it is asked to end, and does. */
export default defineProcess({
  init: () => ({}),
  event: self => self.done(),
});
