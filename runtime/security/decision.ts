/**
 * May this actor do this action to this resource? Any policy that denies decides; else any that allows; else nobody
 * said anything, which callers take as a no (semantics section 8).
 *
 *     decide([{ id: 'app:read', effect: 'allow', actions: ['read'], resources: ['doc:*'], conditions: [] }],
 *       { actor: { id: 'ann', meta: {} }, action: 'read', resource: 'doc:7', meta: {} });
 *     // { effect: 'allow', policy: 'app:read', why: 'app:read allows "read" of "doc:7"' }
 *
 * What cannot be judged is judged against the question: a rule that allows does not, one that denies does.
 */
import { isDeepStrictEqual } from 'node:util';
import { RE2JS } from 're2js';
import type { Payload } from '../payload/payload.ts';
import type { Operator } from '../registry/kinds/policy.ts';
import type { Actor } from './identity.ts';

export interface Condition {
  readonly field: string;
  readonly operator: Operator;
  readonly value?: unknown;
  /** The field to compare with, instead of `value`. */
  readonly value_from?: string;
}

export interface Policy {
  readonly id: string;
  /** Globs: `*` stands for any text. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly effect: 'allow' | 'deny';
  /** All must hold. Undefined: an expression, which is not judged yet. */
  readonly conditions: readonly Condition[] | undefined;
}

export interface Question {
  readonly actor: Actor | undefined;
  readonly action: string;
  readonly resource: string;
  /** What the caller says about the resource. */
  readonly meta: { readonly [key: string]: Payload };
}

export type Effect = 'allow' | 'deny' | 'undefined';

export interface Decision {
  readonly effect: Effect;
  /** The policy that decided. */
  readonly policy: string | undefined;
  /** What of it decided. */
  readonly rule: string | undefined;
  /** One sentence for people. */
  readonly why: string;
}

export function decide(policies: Iterable<Policy>, question: Question): Decision {
  let allowed: Policy | undefined;
  let count = 0;
  for (const policy of policies) {
    count++;
    const effect = judge(policy, question);
    if (effect === 'deny') return decision(policy, question);
    if (effect === 'allow') allowed ??= policy;
  }
  if (allowed !== undefined) return decision(allowed, question);
  const what = `"${question.action}" of "${question.resource}"`;
  const why = count === 0 ? `there is no policy that could allow ${what}` : `no policy says anything about ${what}`;
  return { effect: 'undefined', policy: undefined, rule: undefined, why };
}

function decision(policy: Policy, { action, resource }: Question): Decision {
  const verb = policy.effect === 'allow' ? 'allows' : 'denies';
  return {
    effect: policy.effect,
    policy: policy.id,
    rule: 'effect',
    why: `${policy.id} ${verb} "${action}" of "${resource}"`,
  };
}

/** Whether what a policy says depends on more of `meta` than the hosts of sender and receiver. */
export function dependsOnMeta(policy: Policy): boolean {
  return (policy.conditions ?? []).some(({ field, value_from }) => [field, value_from].some(readsMeta));
}

function readsMeta(field: string | undefined): boolean {
  return field?.startsWith('meta.') === true && field !== 'meta.host' && field !== 'meta.sender_host';
}

/** What one policy says; `undefined` where the question is none of its business. */
export function judge(policy: Policy, question: Question): Effect {
  if (!policy.actions.some(glob => matchesGlob(glob, question.action))) return 'undefined';
  if (!policy.resources.some(glob => matchesGlob(glob, question.resource))) return 'undefined';
  const { conditions, effect } = policy;
  let certain = conditions !== undefined;
  for (const condition of conditions ?? []) {
    const held = holds(condition, question);
    if (held === false) return 'undefined';
    if (held === undefined) certain = false;
  }
  return certain || effect === 'deny' ? effect : 'undefined';
}

/** Whether `text` is what the glob describes. Never takes longer than the product of both lengths. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = glob.split('*');
  if (parts.length === 1) return glob === text;
  const first = parts[0];
  const last = parts[parts.length - 1];
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
  // What lies between two stars is taken where it comes first: a later place could only leave less for the rest.
  let at = first.length;
  const end = text.length - last.length;
  for (let i = 1; i < parts.length - 1; i++) {
    const found = text.indexOf(parts[i], at);
    if (found < 0 || found + parts[i].length > end) return false;
    at = found + parts[i].length;
  }
  return true;
}

/** Undefined: it cannot be judged. A field that is missing equals nothing. */
function holds(condition: Condition, question: Question): boolean | undefined {
  const given = fieldOf(condition.field, question);
  const wanted = condition.value_from === undefined ? condition.value : fieldOf(condition.value_from, question);
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
      return isAmong(given, wanted);
    case 'nin':
      return !isAmong(given, wanted);
    case 'exists':
      return given !== undefined && given !== null;
    case 'nexists':
      return given === undefined || given === null;
    case 'contains':
      return contains(given, wanted);
    case 'ncontains':
      return !contains(given, wanted);
    case 'matches':
      return matchesPattern(given, wanted);
    case 'nmatches': {
      const matches = matchesPattern(given, wanted);
      return matches === undefined ? undefined : !matches;
    }
  }
}

/** `action`, `resource`, `actor.id`, `actor.meta.<key>`, `meta.<key>`; keys may go deeper. */
function fieldOf(field: string, question: Question): unknown {
  if (field === 'action') return question.action;
  if (field === 'resource') return question.resource;
  const keys = field.split('.');
  let value: unknown = keys[0] === 'actor' ? question.actor : question;
  for (let i = keys[0] === 'actor' ? 1 : 0; i < keys.length; i++) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, keys[i])) return undefined;
    value = (value as { [key: string]: unknown })[keys[i]];
  }
  return value;
}

function isSame(a: unknown, b: unknown): boolean {
  return a !== undefined && isDeepStrictEqual(plain(a), plain(b));
}

/** A 64-bit integer and a number are the same number. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

function isAmong(given: unknown, list: unknown): boolean {
  return Array.isArray(list) && list.some(item => isSame(given, item));
}

function contains(given: unknown, wanted: unknown): boolean {
  if (typeof given === 'string') return typeof wanted === 'string' && given.includes(wanted);
  return Array.isArray(given) && given.some(item => isSame(item, wanted));
}

/** Numbers with numbers, texts with texts. */
function compares(a: unknown, b: unknown, fits: (order: number) => boolean): boolean {
  const [left, right] = [plain(a), plain(b)];
  if (typeof left === 'number' && typeof right === 'number') return fits(left - right);
  if (typeof left !== 'string' || typeof right !== 'string') return false;
  return fits(left === right ? 0 : left < right ? -1 : 1);
}

/** In linear time: whoever is judged may have chosen the text. */
function matchesPattern(given: unknown, pattern: unknown): boolean | undefined {
  if (typeof pattern !== 'string') return undefined;
  if (typeof given !== 'string') return false;
  try {
    return RE2JS.compile(pattern).matcher(given).find();
  } catch {
    return undefined;
  }
}
