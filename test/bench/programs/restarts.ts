import { defineProcess } from 'troupe/sdk';

/** Nanoseconds from a message at which a supervised process fails until the next one has run; `count` times. */
export default defineProcess<[number, string]>(function* (self, count, process) {
  self.registry.register('restarts');
  const supervisors = self.capability('supervisor');
  const children = [{ process, host: 'bench:host' }];
  const supervisor = yield* supervisors.start({ intensity: { max: count, within: '1h' }, children });
  let pid: string = (yield* self.receive()).payload;
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = self.time.monotonic();
    self.send(pid, 'fail');
    const next = (yield* self.receive()).payload;
    if (next !== pid) taken.push(Number(self.time.monotonic() - begun));
    pid = next;
  }
  yield* supervisors.stop(supervisor);
  self.registry.unregister('restarts');
  return taken;
});
