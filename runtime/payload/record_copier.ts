/**
 * Copiers of records, one for each list of keys that keeps coming: plain code that checks the keys, reads each value
 * once and makes the copy as one object literal. A nested map of 500 bytes as JSON takes two thirds of the time of the
 * walk through shapes (440 ns for 690). The same made of closures over lists of keys takes twice as long as that walk:
 * only code with the keys in it has property accesses that V8 can make fast. The keys are names that programs chose, so
 * they get into it as JSON string literals and nothing else does.
 */
import type { Shape } from './shape.ts';

/** Answered where the record has other keys: nothing was read of it. */
export const MISS = Symbol('miss');

/** A copy of the record, MISS, or what the tools answer for a value that is refused. */
export type RecordCopier = (source: object, depth: number) => unknown;

/** What the code of a copier calls. */
export interface CopierTools {
  /** Copy what is neither a number, a boolean, a short text nor null; undefined stays. */
  readonly value: (value: unknown, depth: number, node: Shape) => unknown;
  /** Stands for a value that is refused. */
  readonly refused: symbol;
  readonly refuseWithin: (key: string, source: object) => unknown;
  /** The record without those whose value is undefined. */
  readonly withoutUndefined: (keys: readonly string[], values: readonly unknown[]) => object;
}

const hasOwn = Object.prototype.hasOwnProperty;

/**
 * Texts with more UTF-16 units are told to the tools: they are shared and not copied, but a mailbox full of them is heavy.
 */
export const LONG_TEXT = 255;

/**
 * Undefined where there is no code for the keys: one that every object inherits could be read from there, if a getter
 * took it away in between. `nodes`: the shape up to and with each key.
 */
export function compileCopier(
  keys: readonly string[],
  nodes: readonly Shape[],
  tools: CopierTools,
): RecordCopier | undefined {
  if (keys.some(key => key in Object.prototype)) return undefined;
  const names = keys.map(key => JSON.stringify(key));
  const checks = names.map(
    (name, i) => `case ${i}: if (key !== ${name} || !hasOwn.call(source, key)) return MISS; break;`,
  );
  const reads = names.map(
    (name, i) => `
  let v${i} = source[${name}];
  if (typeof v${i} === 'string' ? v${i}.length > ${LONG_TEXT} : typeof v${i} !== 'number' && v${i} !== null && typeof v${i} !== 'boolean') {
    v${i} = tools.value(v${i}, depth + 1, nodes[${i}]);
    if (v${i} === refused) return tools.refuseWithin(${name}, source);
    if (v${i} === undefined) partial = true;
  }`,
  );
  const values = keys.map((_, i) => `v${i}`);
  const fields = names.map((name, i) => `${name}: v${i}`);
  return new Function(
    'keys',
    'nodes',
    'tools',
    'refused',
    'MISS',
    'hasOwn',
    `"use strict"; return function copyRecord(source, depth) {
  let count = 0;
  for (const key in source) {
    switch (count++) {
      ${checks.join('\n      ')}
      default: return MISS;
    }
  }
  if (count !== ${keys.length}) return MISS;
  let partial = false;${reads.join('')}
  if (partial) return tools.withoutUndefined(keys, [${values.join(', ')}]);
  return {${fields.join(', ')}};
};`,
  )(keys, nodes, tools, tools.refused, MISS, hasOwn) as RecordCopier;
}
