/** Conditions of policies: a field of the question, compared with a value or with another field. */
import { isDeepStrictEqual } from 'node:util';
import { binaryOf, isMap } from '../payload/payload.ts';
import type { Operator } from '../registry/kinds/policy.ts';
import type { Question } from './decision.ts';
import { faultOfPattern, findsPattern } from './pattern.ts';

export interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly value?: unknown;
  /** The field to compare with, instead of `value`. */
  readonly value_from?: string;
}

/**
 * Undefined: it cannot be judged, since what is compared is of kinds that cannot be. What is missing (or nothing) equals,
 * contains and matches nothing, and comes neither before nor behind anything.
 */
export function holds(condition: Condition, question: Question): boolean | undefined {
  const given = fieldOf(condition.field, question);
  const wanted = wantedBy(condition, question);
  switch (condition.operator) {
    case 'eq':
      return isSame(given, wanted);
    case 'ne':
      return !isSame(given, wanted);
    case 'lt':
      return compares(given, wanted, order => order < 0);
    case 'gt':
      return compares(given, wanted, order => order > 0);
    case 'lte':
      return compares(given, wanted, order => order <= 0);
    case 'gte':
      return compares(given, wanted, order => order >= 0);
    case 'in':
      return contains(wanted, given, false);
    case 'nin':
      return not(contains(wanted, given, false));
    case 'exists':
      return !isMissing(given);
    case 'nexists':
      return isMissing(given);
    case 'contains':
      return contains(given, wanted, true);
    case 'ncontains':
      return not(contains(given, wanted, true));
    case 'matches':
      return matchesPattern(given, wanted);
    case 'nmatches':
      return not(matchesPattern(given, wanted));
  }
}

function wantedBy({ value, value_from }: Condition, question: Question): unknown {
  return value_from === undefined ? value : fieldOf(value_from, question);
}

function not(held: boolean | undefined): boolean | undefined {
  return held === undefined ? undefined : !held;
}

/** `action`, `resource`, `actor.id`, `actor.meta.<key>`, `meta.<key>`; keys may go deeper, into lists by number from 0. */
function fieldOf(field: string, question: Question): unknown {
  if (field === 'action') return question.action;
  if (field === 'resource') return question.resource;
  const keys = field.split('.');
  let value: unknown = keys[0] === 'actor' ? question.actor : question;
  for (let i = keys[0] === 'actor' ? 1 : 0; i < keys.length; i++) {
    const key = keys[i];
    const known = Array.isArray(value) ? /^\d+$/.test(key) : isMap(value);
    if (!known || !Object.hasOwn(value as object, key)) return undefined;
    value = (value as { [key: string]: unknown })[key];
  }
  return value;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** A 64-bit integer and a number are the same number; what is missing is the same as nothing. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === undefined || b === undefined) return false;
  if (a === b) return true;
  if (typeof a === 'bigint' && typeof b === 'number') return Number.isInteger(b) && a === BigInt(b);
  if (typeof a === 'number' && typeof b === 'bigint') return isSame(b, a);
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => isSame(item, b[i]));
  }
  if (!isMap(a) || !isMap(b)) return isDeepStrictEqual(binaryOf(a) ?? a, binaryOf(b) ?? b);
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isSame(a[key], b[key]));
}

/** A search looks at every character of the one for each of the other at worst: some forty milliseconds. */
const MOST_COMPARED = 200_000_000;

/** Whether a list has the item or, where `inText`, a text the other. */
function contains(whole: unknown, part: unknown, inText: boolean): boolean | undefined {
  if (Array.isArray(whole)) return whole.some(item => isSame(item, part));
  if (isMissing(whole) || isMissing(part)) return false;
  if (!inText || typeof whole !== 'string' || typeof part !== 'string') return undefined;
  return whole.length * part.length > MOST_COMPARED ? undefined : whole.includes(part);
}

/** Numbers with numbers, texts with texts. */
function compares(a: unknown, b: unknown, fits: (order: number) => boolean): boolean | undefined {
  if (isMissing(a) || isMissing(b)) return false;
  const comparable = (isNumber(a) && isNumber(b)) || (typeof a === 'string' && typeof b === 'string');
  return comparable ? fits(a < b ? -1 : a > b ? 1 : 0) : undefined;
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && !Number.isNaN(value));
}

function matchesPattern(given: unknown, pattern: unknown): boolean | undefined {
  if (isMissing(given)) return typeof pattern === 'string' ? false : undefined;
  return typeof given === 'string' ? findsPattern(pattern, given) : undefined;
}

/** Why a condition cannot be judged. */
export function faultOf(condition: Condition, question: Question): string {
  const { field, operator } = condition;
  const given = fieldOf(field, question);
  const wanted = wantedBy(condition, question);
  if (operator === 'matches' || operator === 'nmatches') {
    const fault = faultOfPattern(wanted);
    if (fault !== undefined) return `${shown(wanted)} is no regular expression${fault}`;
    if (typeof given === 'string')
      return `${field} is too long, or the pattern too large, to search for ${shown(wanted)}`;
  }
  return `${field} is ${shown(given)}, of which nobody can say ${operator} ${shown(wanted)}`;
}

/** `actor.meta.age is 15, wanted: gte 18` */
export function shownCondition(condition: Condition, question: Question): string {
  const { field, operator, value_from } = condition;
  const given = `${field} is ${shown(fieldOf(field, question))}`;
  if (operator === 'exists' || operator === 'nexists') return `${given}, wanted: ${operator}`;
  const wanted = wantedBy(condition, question);
  const from = value_from === undefined ? '' : `${value_from}, which is `;
  return `${given}, wanted: ${operator} ${from}${shown(wanted)}`;
}

const LONGEST_SHOWN = 100;

/** A value in a sentence: short, and without what could break a line of a log. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') {
    const cut = value.length > LONGEST_SHOWN ? `${value.slice(0, LONGEST_SHOWN)}...` : value;
    return JSON.stringify(cut);
  }
  const text = JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)) ?? 'missing';
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text;
}
