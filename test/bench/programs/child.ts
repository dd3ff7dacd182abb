import { defineProcess } from 'troupe/sdk';

export default defineProcess<[string]>(function* (self, parent) {
  self.send(parent, 'up', 1);
});
