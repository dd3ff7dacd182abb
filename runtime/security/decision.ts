/**
 * May this actor do this action to this resource? Any policy that denies decides; else any that allows; else nobody
 * said anything, which callers take as a no (semantics section 8).
 *
 *     decide([{ id: 'app:read', effect: 'allow', actions: ['read'], resources: ['doc:*'], conditions: [] }],
 *       { actor: { id: 'ann', meta: {} }, action: 'read', resource: 'doc:7', meta: {} });
 *     // { effect: 'allow', policy: 'app:read', rule: 'actions[0]/resources[0]',
 *     //   why: 'app:read allows "read" of "doc:7"' }
 *
 * What cannot be judged is judged against the question: a rule that allows does not, one that denies does.
 */
import type { Payload } from '../payload/payload.ts';
import { type Condition, faultOf, holds, shown, shownCondition } from './condition.ts';
import type { Expression } from './expression.ts';
import type { Actor } from './identity.ts';

export interface Policy {
  readonly id: string;
  /** Globs: `*` stands for any text. */
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly effect: 'allow' | 'deny';
  /** All must hold. */
  readonly conditions: readonly Condition[];
  /** Of a `security.policy.expr`: must be true. */
  readonly expression?: Expression;
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
  /**
   * Which part of it: `expression`; `conditions[1]`, `conditions` where there are several; `actions[0]/resources[2]`
   * where it has neither.
   */
  readonly rule: string | undefined;
  /** One sentence for people. */
  readonly why: string;
}

/** What one policy says of a question. */
export interface Finding {
  readonly effect: Effect;
  readonly policy: string;
  /** As in `Decision`; where the policy says nothing, the part that stopped it. */
  readonly rule: string;
  readonly why: string;
}

/** A policy's answer, without words. */
interface Verdict {
  readonly effect: Effect;
  readonly rule: string;
  /** Why the rule could not be judged; undefined: it could. */
  readonly fault?: string;
}

const OTHER_ACTION: Verdict = { effect: 'undefined', rule: 'actions' };
const OTHER_RESOURCE: Verdict = { effect: 'undefined', rule: 'resources' };

export function decide(policies: Iterable<Policy>, question: Question): Decision {
  let allowed: Policy | undefined;
  let how: Verdict | undefined;
  let unjudged: string | undefined;
  let count = 0;
  for (const policy of policies) {
    count++;
    const verdict = judge(policy, question);
    if (verdict.effect === 'deny') return finding(policy, verdict, question);
    if (verdict.effect === 'allow' && allowed === undefined) {
      allowed = policy;
      how = verdict;
    }
    if (verdict.fault !== undefined) unjudged ??= sentence(policy, verdict, question);
  }
  if (allowed !== undefined && how !== undefined) return finding(allowed, how, question);
  const what = shownAsked(question);
  const nobody = count === 0 ? `there is no policy that could allow ${what}` : `no policy says anything about ${what}`;
  const why = unjudged ?? nobody;
  return { effect: 'undefined', policy: undefined, rule: undefined, why };
}

/** What each of the policies says, and what stopped those that say nothing. `decide` follows from it. */
export function explainAll(policies: Iterable<Policy>, question: Question): Finding[] {
  return Array.from(policies, policy => finding(policy, judge(policy, question), question));
}

/**
 * Whether a policy asks for more of `meta` than `meta.host` and `meta.sender_host`, so that it may answer the same
 * actor, action and resource in another way when they come again.
 */
export function dependsOnMeta({ conditions, expression }: Policy): boolean {
  return (
    expression?.readsMeta === true ||
    conditions.some(
      ({ field, value_from }) => isVaryingField(field) || (value_from !== undefined && isVaryingField(value_from)),
    )
  );
}

function isVaryingField(field: string): boolean {
  return field.startsWith('meta.') && field !== 'meta.host' && field !== 'meta.sender_host';
}

/** What one policy says; `undefined` as effect where the question is none of its business. */
function judge(policy: Policy, question: Question): Verdict {
  const action = firstMatch(policy.actions, question.action);
  if (action < 0) return OTHER_ACTION;
  const resource = firstMatch(policy.resources, question.resource);
  if (resource < 0) return OTHER_RESOURCE;
  const { conditions, effect, expression } = policy;
  if (expression !== undefined) return judgeExpression(expression, effect, question);
  let unjudged = -1;
  for (let i = 0; i < conditions.length; i++) {
    const held = holds(conditions[i], question);
    if (held === false) return { effect: 'undefined', rule: `conditions[${i}]` };
    if (held === undefined && unjudged < 0) unjudged = i;
  }
  if (unjudged >= 0) {
    const fault = faultOf(conditions[unjudged], question);
    return { effect: effect === 'deny' ? 'deny' : 'undefined', rule: `conditions[${unjudged}]`, fault };
  }
  if (conditions.length > 0) return { effect, rule: conditions.length > 1 ? 'conditions' : 'conditions[0]' };
  return { effect, rule: `actions[${action}]/resources[${resource}]` };
}

function judgeExpression(expression: Expression, effect: 'allow' | 'deny', question: Question): Verdict {
  const rule = 'expression';
  try {
    return { effect: expression.judge(question) ? effect : 'undefined', rule };
  } catch (error) {
    return { effect: effect === 'deny' ? 'deny' : 'undefined', rule, fault: (error as Error).message };
  }
}

function finding(policy: Policy, verdict: Verdict, question: Question): Finding {
  const { effect, rule } = verdict;
  return { effect, policy: policy.id, rule, why: sentence(policy, verdict, question) };
}

function sentence(policy: Policy, { effect, rule, fault }: Verdict, question: Question): string {
  const { id, actions, resources, conditions } = policy;
  const what = shownAsked(question);
  const verb = policy.effect === 'allow' ? 'allows' : 'denies';
  if (fault !== undefined) {
    const so = effect === 'deny' ? `so it denies ${what}` : 'so it allows nothing';
    return `${id}: ${rule} cannot be judged, ${so}: ${fault}`;
  }
  if (effect !== 'undefined') return `${id} ${verb} ${what}`;
  if (rule === 'actions') return `${id} ${verb} ${shown(actions)}, not ${shown(question.action)}`;
  if (rule === 'resources')
    return `${id} ${verb} ${shown(actions)} of ${shown(resources)}, not of ${shown(question.resource)}`;
  if (rule === 'expression') return `${id}: the expression is false`;
  const index = Number(/\d+/.exec(rule)?.[0]);
  return `${id}: ${rule} does not hold: ${shownCondition(conditions[index], question)}`;
}

function shownAsked({ action, resource }: Question): string {
  return `${shown(action)} of ${shown(resource)}`;
}

/** Which of the globs describes `text`; -1: none. */
function firstMatch(globs: readonly string[], text: string): number {
  for (let i = 0; i < globs.length; i++) if (matchesGlob(globs[i], text)) return i;
  return -1;
}

/** Whether `text` is what the glob describes. Never takes longer than the product of both lengths. */
export function matchesGlob(glob: string, text: string): boolean {
  const star = glob.indexOf('*');
  if (star < 0) return glob === text;
  if (star === glob.length - 1) return text.startsWith(glob.slice(0, star));
  const parts = glob.split('*');
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
