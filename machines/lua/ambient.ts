/**
 * The runtime's clock and log, for what every Lua program has without asking: `os.time`, `math.random`, `print`. They
 * go the way of every capability, through `out.invoke`, so that there is one seam for time, chance and output.
 */
import type { BoundOperation, OperationDefinition } from '../../runtime/capabilities/capability.ts';
import { bindOperation } from '../../runtime/capabilities/link.ts';
import { servicesOf } from '../../runtime/capabilities/services.ts';
import type { LogLevel } from '../../runtime/logger.ts';
import type { Payload, StepOutput } from '../../runtime/machine.ts';

const NO_ARGUMENTS: readonly Payload[] = [];

/** They are the runtime's own, and take what this file gives them. */
function operation(name: string, run: OperationDefinition<never>['run']): BoundOperation {
  return bindOperation('lua', name, { summary: name, args: [], mode: 'sync', run }, undefined);
}

const UNIX = operation('unix', context => context.clock.unix());
const NOW = operation('now', context => context.clock.now());
const RANDOM = operation('random', context => context.clock.random());
const LOG = operation('log', (context, _settings, [level, message]) => {
  servicesOf(context).log.log(level as LogLevel, message as string, undefined, context);
  return null;
});

/** Unix time in milliseconds, with fraction. */
export function readClock(out: StepOutput): number {
  return out.invoke(0, UNIX, NO_ARGUMENTS) as number;
}

/** Milliseconds, monotonic. */
export function readMonotonic(out: StepOutput): number {
  return out.invoke(0, NOW, NO_ARGUMENTS) as number;
}

/** Uniform in [0, 1). */
export function readRandom(out: StepOutput): number {
  return out.invoke(0, RANDOM, NO_ARGUMENTS) as number;
}

export function writeLog(out: StepOutput, level: LogLevel, message: string): void {
  out.invoke(0, LOG, [level, message]);
}
