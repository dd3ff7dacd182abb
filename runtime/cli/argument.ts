import type { Payload } from '../machine.ts';

/** JSON where it is JSON, text otherwise, so that `troupe exec app:greet Ada` needs no quotes within quotes. */
export function parseArgument(text: string): Payload {
  try {
    return JSON.parse(text) as Payload;
  } catch {
    return text;
  }
}
