import { defineProcess } from 'troupe/sdk';

/** Tells the watcher what happens to it, and does what it is told. */
export default defineProcess<[string, string, string]>(function* (self, name, watcher, mode) {
  const say = (what: string): unknown => self.send(watcher, 'log', `${what} ${name}`);
  if (self.registry.lookup(`blocks ${name}`) !== undefined) throw new Error(`blocked ${name}`);
  say('start');
  if (mode === 'once') return 'done';
  while (mode === 'hangs') {}
  for (;;) {
    const got = yield* self.select({ event: self.events(), message: self.inbox() });
    if (got.key === 'message') {
      if (got.value?.topic === 'crash') throw new Error(`crash ${name}`);
      if (got.value?.topic === 'return') return name;
    } else if (got.value?.kind === 'pid.cancel') {
      say('stop');
      if (mode !== 'deaf') return undefined;
    }
  }
});
