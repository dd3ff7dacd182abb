import { defineProcess } from 'troupe/sdk';
import { type Route, relay } from './relaying.ts';

export default defineProcess<[Route]>(function* (self, journey) {
  return relay(self, journey);
});
