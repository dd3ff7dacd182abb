import { defineProcess } from 'troupe/sdk';
import { type Route, relay } from './relaying.ts';

export default defineProcess({
  init: (self, journey: Route) => self.done(relay(self, journey)),
});
