/**
 * Stacks as contained programs see them: the frames of programs and nothing of the host, neither its functions nor where
 * it lies on the disk. V8 makes the text of a stack when somebody first reads it, and asks here for it.
 */
import { findSourceMap } from 'node:module';
import { slice } from '../../../sdk/typescript/slice.ts';
import { plainProperty } from './override.ts';

/** The engine's own, which decides how stacks look. No program may ever get hold of it. */
export const EngineError = Error as unknown as { prepareStackTrace?: unknown; stackTraceLimit: unknown };

/** How scripts of programs are named: `troupe:<entry>`. */
const PROGRAM = 'troupe:';

type Format = (error: unknown, sites: readonly NodeJS.CallSite[]) => unknown;

/** What the host itself has made of stacks; undefined: what Node makes of them. */
let formatOfHost: unknown;

/** Between the two halves of a lockdown. What the host says at `Error.prepareStackTrace` is for its own errors alone. */
export function hideHostFromStacks(before: unknown): void {
  formatOfHost = before;
  EngineError.prepareStackTrace = format;
  Object.defineProperty(Error, 'prepareStackTrace', {
    // Node looks here before it asks.
    get: () => format,
    set: (wanted: unknown) => {
      formatOfHost = wanted === format ? before : wanted;
    },
    enumerable: false,
    configurable: true,
  });
}

let limitOfHost: unknown;

/** A step of a contained program begins. */
export function beginContained(): void {
  limitOfHost = EngineError.stackTraceLimit;
}

/**
 * It has ended. Who sets the limit to make an error without a stack may find none left on his own stack, and not come to
 * set it back.
 */
export function endContained(): void {
  if (EngineError.stackTraceLimit !== limitOfHost) EngineError.stackTraceLimit = limitOfHost;
}

const format: Format = (error, sites) => {
  const { stepping } = slice;
  if (stepping !== undefined && !stepping.imports.trusted) return framesOfPrograms(error, sites);
  return typeof formatOfHost === 'function' ? (formatOfHost as Format)(error, sites) : allFrames(error, sites);
};

function framesOfPrograms(error: unknown, sites: readonly NodeJS.CallSite[]): string {
  let text = headOf(error);
  for (const site of sites) {
    if (site.getScriptNameOrSourceURL()?.startsWith(PROGRAM)) text += `\n    at ${site}`;
  }
  return text;
}

/** As Node does it, which cannot be asked once there is a format. */
function allFrames(error: unknown, sites: readonly NodeJS.CallSite[]): string {
  let text = headOf(error);
  for (const site of sites) text += `\n    at ${originalOf(site) ?? site}`;
  return text;
}

/** The place in the source of compiled code, where Node reads source maps. */
function originalOf(site: NodeJS.CallSite): string | undefined {
  const file = site.getScriptNameOrSourceURL();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (typeof file !== 'string' || line === null || column === null) return undefined;
  const found = findSourceMap(file)?.findEntry(line - 1, column - 1);
  if (found === undefined || !('originalSource' in found) || found.originalSource === undefined) return undefined;
  const place = `${found.originalSource}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  const name = site.getFunctionName();
  return name === null || name === '' ? place : `${name} (${place})`;
}

/** `name: message`, without running any code of the program that made it. */
function headOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'Error';
  const name = plainProperty(error, 'name');
  const message = plainProperty(error, 'message');
  const shown = typeof name === 'string' && name !== '' ? name : 'Error';
  return typeof message === 'string' && message !== '' ? `${shown}: ${message}` : shown;
}
