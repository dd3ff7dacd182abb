import { TroupeError } from '../errors.ts';
import type { Payload } from '../machine.ts';

/** JSON where it is JSON, text otherwise, so that `troupe exec app:greet Ada` needs no quotes within quotes. */
export function parseArgument(text: string): Payload {
  try {
    return JSON.parse(text) as Payload;
  } catch {
    return text;
  }
}

/** `key=value` -> its two halves; a TroupeError where there is no `=`. */
export function halves(option: string, text: string): [string, string] {
  const equals = text.indexOf('=');
  if (equals < 1) {
    throw new TroupeError(`${option} ${text}: write it as key=value`, { kind: 'INVALID', retryable: false });
  }
  return [text.slice(0, equals), text.slice(equals + 1)];
}
