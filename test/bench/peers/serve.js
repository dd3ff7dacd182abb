/**
 * Takes "workload count" from standard input, a line each, and answers "ok value done": nanoseconds an operation, and how
 * many operations had the right result, which is what a workload answers.
 */
import { createInterface } from 'node:readline';

export async function serve(workloads) {
  for await (const line of createInterface({ input: process.stdin })) {
    const [name, text] = line.split(' ');
    const count = Number(text);
    try {
      const begun = process.hrtime.bigint();
      const done = await workloads[name](count);
      const value = Number(process.hrtime.bigint() - begun) / count;
      process.stdout.write(`ok ${value.toFixed(3)} ${done}\n`);
    } catch (error) {
      process.stdout.write(`error ${String(error).replaceAll('\n', ' ')}\n`);
    }
  }
  process.exit(0);
}
