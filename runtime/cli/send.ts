import { parseArgument } from './argument.ts';
import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';

/** `troupe send`: a message to a process of a deployment that runs. */
export function sendCommand(
  to: string,
  topic: string,
  args: readonly string[],
  options: RunningOptions,
): Promise<number> {
  return withRuntime(options, async client => {
    const { pid } = await client.ask<{ pid: string }>({ ask: 'send', to, topic, payloads: args.map(parseArgument) });
    process.stdout.write(options.json ? `${JSON.stringify({ ok: true, pid })}\n` : `sent to ${pid}\n`);
    return ExitCode.Fine;
  });
}
