/** How much faster the same work ends on two workers than on one. */
import type { Runtime } from '../../runtime/runtime.ts';
import { startBench } from './bench_runtime.ts';
import { FreeCores } from './free_cores.ts';
import { type Figure, HOST, type Measurement } from './measurement.ts';

/** Two runtimes that are kept for all rounds, so that compiled code is compared, and what else the machine does. */
interface Bench {
  readonly one: Runtime;
  readonly two: Runtime;
  readonly cores: FreeCores;
}

/**
 * Times the program `id`, `repeat` times a round, on one worker and on two. It must answer the same both times, and
 * `operations` of it must be `count`.
 */
export function speedup(id: string, args: readonly (string | number)[], repeat = 1): Pick<Measurement, 'run' | 'stop'> {
  let starting: Promise<Bench> | undefined;
  const start = async (): Promise<Bench> => {
    const [one, two] = await Promise.all([1, 2].map(workers => startBench({ workers, placement: 'least-loaded' })));
    return { one, two, cores: new FreeCores() };
  };
  const time = async (runtime: Runtime, count: number): Promise<{ nanoseconds: number; sum: number }> => {
    const begun = process.hrtime.bigint();
    let sum = 0;
    for (let i = 0; i < repeat; i++) {
      const answer = (await runtime.exec({ id: `bench:${id}`, host: HOST, args: [count, ...args] })) as {
        done: number;
        sum: number;
      };
      if (Number(answer.done) !== count) throw new Error(`${id} did ${answer.done} of ${count} tasks`);
      sum = Number(answer.sum);
    }
    return { nanoseconds: Number(process.hrtime.bigint() - begun), sum };
  };
  return {
    async run(_runtime, count): Promise<Figure> {
      starting ??= start();
      const { one, two, cores } = await starting;
      await cores.look();
      const alone = await time(one, count);
      const both = await time(two, count);
      if (alone.sum !== both.sum) throw new Error(`${id} answered ${both.sum} on two workers, ${alone.sum} on one`);
      const milliseconds = [alone, both].map(({ nanoseconds }) => (nanoseconds / repeat / 1e6).toFixed(1));
      return {
        value: alone.nanoseconds / both.nanoseconds,
        note: `last round ${milliseconds.join(' and ')} ms; ${cores.note}`,
        doubt: cores.doubt,
      };
    },
    async stop() {
      const bench = await starting;
      await Promise.all([bench?.one.halt(), bench?.two.halt(), bench?.cores.stop()]);
    },
  };
}

const shared = { unit: 'x', workers: 0, rounds: 3, atLeast: true } as const;

export const SCALING_MEASUREMENTS: readonly Measurement[] = [
  {
    ...shared,
    name: 'mandelbrot',
    machine: 'ts',
    what: 'two workers against one, 64 bands of a picture',
    target: 1.85,
    count: 64,
    ...speedup('mandelbrot_root_ts', ['bench:mandelbrot_ts', 1280]),
  },
  {
    ...shared,
    name: 'mandelbrot',
    machine: 'lua',
    what: 'two workers against one, 64 bands of a picture',
    target: 1.85,
    count: 64,
    ...speedup('mandelbrot_root_ts', ['bench:mandelbrot_lua', 320]),
  },
  {
    ...shared,
    name: 'steal-speedup',
    machine: 'ts',
    what: 'two workers against one, 4000 tasks of 20 us to 2 ms that one process spawns',
    target: 1.8,
    count: 4000,
    ...speedup('tasks_ts', [16_000, 1_600_000]),
  },
  {
    ...shared,
    name: 'steal-no-op',
    machine: 'ts',
    what: 'two workers against one, 4000 tasks that do nothing',
    target: 0.95,
    count: 4000,
    ...speedup('tasks_ts', [0, 0], 20),
  },
];
