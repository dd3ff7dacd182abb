import { defineProcess } from 'troupe/sdk';
import { type Route, relay } from './relaying.ts';

export default defineProcess<[Route]>(async (self, journey) => relay(self, journey));
