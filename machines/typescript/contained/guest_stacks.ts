/**
 * Stacks as contained programs see them: the frames of programs and nothing of the host, neither its functions nor where
 * it lies on the disk. V8 makes the text of a stack when somebody first reads it, so this is in force during their steps.
 */
import { isProxy } from 'node:util/types';
import { EngineError } from './lockdown.ts';

/** How scripts of programs are named: `troupe:<entry>`. */
const PROGRAM = 'troupe:';
const MOST_PROTOTYPES = 5;

let formatOfHost: unknown;
let limitOfHost: unknown;

/** A step of a contained program begins. */
export function hideHost(): void {
  const format = EngineError.prepareStackTrace;
  // A step that was cut off did not come to its end.
  if (format !== framesOfPrograms) formatOfHost = format;
  EngineError.prepareStackTrace = framesOfPrograms;
  limitOfHost = EngineError.stackTraceLimit;
}

/** It has ended. */
export function showHost(): void {
  EngineError.prepareStackTrace = formatOfHost;
  // Whoever sets it to make an error without a stack may find none left on his own, and not come to set it back.
  EngineError.stackTraceLimit = limitOfHost;
}

function framesOfPrograms(error: unknown, sites: readonly NodeJS.CallSite[]): string {
  let text = headOf(error);
  for (const site of sites) {
    if (site.getScriptNameOrSourceURL()?.startsWith(PROGRAM)) text += `\n    at ${site}`;
  }
  return text;
}

/** `name: message`, without running any code of the program that made it. */
function headOf(error: unknown): string {
  const name = textOf(error, 'name') || 'Error';
  const message = textOf(error, 'message');
  return message === '' ? name : `${name}: ${message}`;
}

function textOf(error: unknown, key: string): string {
  let at = error;
  for (let i = 0; i < MOST_PROTOTYPES && typeof at === 'object' && at !== null && !isProxy(at); i++) {
    const property = Reflect.getOwnPropertyDescriptor(at, key);
    if (property !== undefined) return typeof property.value === 'string' ? property.value : '';
    at = Reflect.getPrototypeOf(at);
  }
  return '';
}
