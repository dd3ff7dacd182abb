import { defineProcess, EventKind, TroupeError } from 'troupe/sdk';
import type { Report, Sent } from './protocol.ts';

const CLIENTS = ['ann', 'bob', 'cat', 'dan'];
const NEXT = ['live:tally_wasm', 'live:tally_ts', 'live:tally_lua'];

/** By topic. */
type Answers = { tallies: Report; sent: Sent };

/**
 * Replaces the tally by one language after the other while the clients go on, `troupe run upgrade [how long each runs]`, and
 * then adds up. Exit code 1: something was lost, doubled or out of order.
 */
export default defineProcess<[], Answers>(function* (self) {
  const [time = '500ms'] = self.io.args();
  const [tallies, sent, events] = [self.listen('tallies'), self.listen('sent'), self.events()];

  /** What the tally says; where it ends instead, its error. */
  function* ask() {
    self.send('tally', 'report');
    const got = yield* self.select({ tallies, events });
    if (got.key === 'tallies' && got.ok) return got.value;
    throw got.value?.kind === EventKind.EXIT ? got.value.result.error : new TroupeError('told to stop');
  }

  const first = yield* ask();
  self.monitor(first.pid);
  yield* self.io.write(`${first.pid} begins as ${first.id}\n`);
  for (const id of NEXT) {
    yield* self.time.sleep(time);
    const begun = self.time.monotonic();
    self.send('tally', 'become', id);
    const report = yield* ask();
    const counted = total(report.tallies, 'counted');
    yield* self.io.write(
      `${report.pid} goes on as ${report.id} after ${milliseconds(self.time.monotonic() - begun)}, ${counted} counted\n`,
    );
  }
  yield* self.time.sleep(time);

  let [all, longest] = [0, 0];
  for (const client of CLIENTS) self.send(client, 'stop');
  for (const _client of CLIENTS) {
    const one = (yield* sent.receive())!;
    all += one.sent;
    longest = Math.max(longest, one.longest);
  }
  const last = yield* ask();
  const counted = total(last.tallies, 'counted');
  const [lost, doubled, odd] = [Math.max(0, all - counted), Math.max(0, counted - all), total(last.tallies, 'odd')];
  const rows: [string, string | number][] = [
    ['sent', all],
    ['counted', counted],
    ['lost', lost],
    ['doubled', doubled],
    ['out of order', odd],
    ['longest wait', milliseconds(longest)],
    ['same process', last.pid === first.pid ? 'yes' : 'no'],
  ];
  yield* self.io.write(`\n${rows.map(([name, value]) => `${name.padEnd(14)}${value}\n`).join('')}`);
  return lost + doubled + odd === 0 && last.pid === first.pid ? 0 : 1;
});

function milliseconds(nanoseconds: number | bigint): string {
  return `${(Number(nanoseconds) / 1e6).toFixed(1)} ms`;
}

function total(tallies: Report['tallies'], what: 'counted' | 'odd'): number {
  return Object.values(tallies).reduce((sum, tally) => sum + tally[what], 0);
}
