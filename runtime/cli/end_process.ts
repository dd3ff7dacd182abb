import { ExitCode } from './options.ts';
import { type RunningOptions, withRuntime } from './running.ts';

/** `troupe cancel`: ask a process of a deployment that runs to end. */
export function cancelCommand(
  to: string,
  options: RunningOptions & { readonly reason: string | undefined },
): Promise<number> {
  return withRuntime(options, async client => {
    const { pid } = await client.ask<{ pid: string }>({ ask: 'cancel', to, reason: options.reason });
    process.stdout.write(options.json ? `${JSON.stringify({ ok: true, pid })}\n` : `asked ${pid} to end\n`);
    return ExitCode.Fine;
  });
}

/** `troupe terminate`: end it. */
export function terminateCommand(to: string, options: RunningOptions): Promise<number> {
  return withRuntime(options, async client => {
    const { pid } = await client.ask<{ pid: string }>({ ask: 'terminate', to });
    process.stdout.write(options.json ? `${JSON.stringify({ ok: true, pid })}\n` : `terminated ${pid}\n`);
    return ExitCode.Fine;
  });
}
