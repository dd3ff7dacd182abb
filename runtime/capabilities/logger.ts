/** `logger`: records with a level and fields, through the log of the runtime. Source of the format: `runtime/logger.ts`. */
import { z } from 'zod';
import type { LogFields, LogLevel } from '../logger.ts';
import type { Payload } from '../payload/payload.ts';
import { optionsArgument } from './arguments.ts';
import type { CapabilityDefinition, OperationDefinition } from './capability.ts';
import { servicesOf } from './services.ts';

const settings = z.strictObject({});
type LoggerSettings = z.infer<typeof settings>;

export const loggerCapability: CapabilityDefinition<LoggerSettings> = {
  name: 'logger',
  summary: 'Log records with fields',
  settings,
  grantedByDefault: true,
  operations: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
};

function at(level: LogLevel): OperationDefinition<LoggerSettings> {
  return {
    summary: `Log at level ${level}: a message and an object of fields`,
    args: ['message', 'fields?'],
    mode: 'sync',
    run: (context, _settings, args) => {
      const { log } = servicesOf(context);
      if (log.enabled(level)) log.log(level, asMessage(args[0]), asFields(args[1], level), context);
      return null;
    },
  };
}

/** A log call never fails for the message's type: whatever it is, show it. */
function asMessage(value: Payload): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part))
    : String(value);
}

function asFields(value: Payload, level: LogLevel): LogFields | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Error) return { error: value };
  return optionsArgument(value, `logger.${level}`, undefined);
}
