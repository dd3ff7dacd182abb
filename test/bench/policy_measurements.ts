/** What it costs that policies are asked. */
import type { Runtime } from '../../runtime/runtime.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest } from '../../runtime/security/identity.ts';
import { type Figure, HOST, type Measurement } from './measurement.ts';
import { spreadOf } from './result.ts';

const IDENTITY = {
  ...contextOfActor({ id: 'ann', meta: { role: 'clerk' } }),
  ...contextOfScope(['bench:between_hosts', 'bench:clerks', 'bench:nobody_else']),
};
const TURNS = 5;

/** Nanoseconds that one operation takes longer under three policies than where nobody is asked. */
function dearer(id: string, ...more: string[]) {
  return async (runtime: Runtime, count: number): Promise<Figure> => {
    const once = async (request: IdentifiedRequest): Promise<number> => {
      const begun = process.hrtime.bigint();
      const done = await runtime.exec(request);
      if (Number(done) !== count) throw new Error(`${id} did ${String(done)} of ${count} operations`);
      return Number(process.hrtime.bigint() - begun) / count;
    };
    const request: IdentifiedRequest = { id: `bench:${id}`, host: HOST, args: [count, ...more] };
    const free: number[] = [];
    const asked: number[] = [];
    for (let i = 0; i < TURNS; i++) {
      free.push(await once(request));
      asked.push(await once({ ...request, identity: IDENTITY }));
    }
    const [without, under] = [spreadOf(free).median, spreadOf(asked).median];
    return {
      value: Math.max(0, under - without),
      note: `${without.toFixed(0)} ns where nobody is asked, ${under.toFixed(0)} ns under three policies`,
    };
  };
}

export const POLICY_MEASUREMENTS: readonly Measurement[] = [
  {
    name: 'allowed-send',
    machine: 'ts',
    what: 'what a send costs more that policies allow, to 16 processes in turn',
    unit: 'ns',
    target: 100,
    workers: 0,
    rounds: 3,
    count: 200000,
    run: dearer('spread_ts'),
  },
  {
    name: 'allowed-ping',
    machine: 'ts',
    what: 'what a round trip costs more that policies allow',
    unit: 'ns',
    target: 100,
    workers: 0,
    rounds: 3,
    count: 200000,
    run: dearer('ping_ts', 'bench:pong_ts'),
  },
  {
    name: 'allowed-spawn',
    machine: 'ts',
    what: 'what a spawn with its answer costs more that policies allow',
    unit: 'ns',
    target: undefined,
    workers: 0,
    rounds: 3,
    count: 50000,
    run: dearer('spawner_ts', 'bench:child_ts'),
  },
];
