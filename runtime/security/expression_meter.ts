/**
 * What judging an expression may cost. Every expression and every turn of its loops is paid for before it is done, so
 * that neither a large list nor a loop in a loop keeps the thread: see `meteredText`, which puts the calls of these
 * functions into the text that runs.
 *
 * Judging is synchronous, so there is one meter a thread.
 */
import type { Environment } from '@marcbachmann/cel-js';
import { TroupeError } from '../errors.ts';
import { compileRegexp } from '../capabilities/regexp.ts';
import { searchWork } from './pattern.ts';

/** Steps: about one for each operator that is carried out. */
const MOST_WORK = 200_000;
/** What goes through a list or a text takes one step for so much of its size. */
const SIZE_PER_STEP = 8;
/** Instructions of a pattern times characters that one step looks at. */
const SEARCH_PER_STEP = 2;
/** Characters of a text times characters of what is looked for in it that one step compares. */
const COMPARED_PER_STEP = 4096;
/** What an expression may put together. */
const LONGEST_TEXT = 64 * 1024;
const LONGEST_LIST = 5000;

/** Names that the text which runs uses for what is added to it; an expression cannot call them. */
export const PAID = 'paid';
export const BOUNDED = 'bounded';
export const SEARCH = 'search';
export const FIND = 'find';
export const JOINED = 'joined';

let left = 0;
/** Steps that an operation takes that goes through values. */
let throughAll = 0;
let fault: TroupeError | undefined;

/** Begin with a question of this size, of which `operators` and `passes` are carried out once. */
export function startMeter(size: number, operators: number, passes: number): void {
  left = MOST_WORK;
  throughAll = Math.ceil(size / SIZE_PER_STEP);
  fault = undefined;
  spend(operators + passes * throughAll);
}

/** Why the judgement does not count, whatever it came to: an operator of the expression may have swallowed it. */
export function faultOfMeter(): TroupeError | undefined {
  return fault;
}

export function addMetering(environment: Environment): void {
  const options = { async: false };
  environment.registerFunction(`${PAID}(dyn, int, int): dyn`, paid, options);
  environment.registerFunction(`${BOUNDED}(dyn): dyn`, bounded, options);
  environment.registerFunction(`string.${SEARCH}(string): bool`, search, options);
  environment.registerFunction(`string.${FIND}(string): bool`, find, options);
  environment.registerFunction(`${JOINED}(list, string): string`, joined, options);
}

/** The list or map that a loop goes over, once its turns are paid for. */
function paid(range: unknown, operators: bigint, passes: bigint): unknown {
  const turns = Array.isArray(range) ? range.length : range instanceof Map ? range.size : MOST_WORK;
  spend(turns * (Number(operators) + Number(passes) * throughAll));
  return range;
}

/** What was put together, unless it grew too large: each step at most doubles what there was. */
function bounded(made: unknown): unknown {
  if (typeof made === 'string' && made.length > LONGEST_TEXT) refuse(`makes a text of ${made.length} characters`);
  if (Array.isArray(made) && made.length > LONGEST_LIST) refuse(`makes a list of ${made.length} values`);
  return made;
}

function search(text: string, pattern: string): boolean {
  const compiled = compileRegexp(pattern, 'matches');
  spend(searchWork(compiled, text) / SEARCH_PER_STEP);
  return compiled.matcher(text).find();
}

/** In the worst case a search looks at every character of the one for each of the other. */
function find(text: string, part: string): boolean {
  spend((text.length * part.length) / COMPARED_PER_STEP);
  return text.includes(part);
}

function joined(texts: readonly unknown[], separator: string): string {
  let length = separator.length * texts.length;
  for (const text of texts) {
    if (typeof text !== 'string') throw new TroupeError('join takes a list of texts', { kind: 'INVALID' });
    length += text.length;
  }
  if (length > LONGEST_TEXT) refuse(`makes a text of ${length} characters`);
  return texts.join(separator);
}

function spend(steps: number): void {
  left -= steps;
  if (left < 0) refuse('takes too many steps; send less as meta, or go over shorter lists');
}

function refuse(what: string): never {
  fault ??= new TroupeError(`it ${what}`, { kind: 'INVALID', retryable: false });
  throw fault;
}
