import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string, number]>(function* (self, receiver, count) {
  for (let left = count; left > 0; left--) self.send(receiver, 'n', left);
});
