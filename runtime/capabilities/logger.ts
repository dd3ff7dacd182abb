/** `logger`: records with a level and fields, through the log of the runtime. Source of the format: `runtime/logger.ts`. */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import type { LogFields, LogLevel } from '../logger.ts';
import type { Payload } from '../payload/payload.ts';
import { type CapabilityDefinition, operation, type OperationDefinition } from './capability.ts';
import { any, fields, optional } from './parameters.ts';
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
  return operation({
    summary: `Log at level ${level}: a message and an object of fields`,
    args: [any('message'), optional(fields('fields'))],
    mode: 'sync',
    run: (context, _settings, [message, about]) => {
      const { log } = servicesOf(context);
      if (log.enabled(level)) log.log(level, asMessage(message), asFields(about), context);
      return null;
    },
  });
}

/** A log call never fails for the message's type: whatever it is, show it. */
function asMessage(value: Payload): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return value.message;
  return typeof value === 'object' && value !== null
    ? JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? part.toString() : part))
    : String(value);
}

function asFields(about: LogFields | TroupeError | undefined): LogFields | undefined {
  return about instanceof TroupeError ? { error: about } : about;
}
