/** `security.policy` and `security.policy.expr` (semantics section 8). */
import { z } from 'zod';
import { faultOfExpression } from '../../security/expression.ts';
import { faultOfPattern } from '../../security/pattern.ts';
import { always, distinct, text } from '../schema.ts';
import type { Scope } from '../scope.ts';
import { entryShape } from './common.ts';

export const OPERATORS = [
  'eq',
  'ne',
  'lt',
  'gt',
  'lte',
  'gte',
  'in',
  'nin',
  'exists',
  'nexists',
  'contains',
  'ncontains',
  'matches',
  'nmatches',
] as const;

export type Operator = (typeof OPERATORS)[number];

const FIELD = /^(action|resource|actor\.id|(actor\.)?meta\.[^.]+(\.[^.]+)*)$/;

/** Globs: `*` stands for any text. One glob need not be written as a list. */
function globs() {
  const glob = text();
  return z.union([glob.transform(one => [one]), distinct(glob).check(z.minLength(1))], {
    error: ({ input }) =>
      typeof input === 'string' || Array.isArray(input) ? undefined : 'expected a text or a list of texts',
  });
}

function ruleShape() {
  return { actions: globs(), resources: globs(), effect: z.enum(['allow', 'deny']) };
}

const groups = () => distinct(text()).default([]);

export function securityPolicy(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'security.policy'),
    policy: z.strictObject({ ...ruleShape(), conditions: z.array(condition()).default([]) }),
    groups: groups(),
  });
}

export function securityPolicyExpr(scope: Scope) {
  return z.strictObject({
    ...entryShape(scope, 'security.policy.expr'),
    policy: always(z.strictObject({ ...ruleShape(), expression: text() }), ({ expression }, report) => {
      const fault = expression ? faultOfExpression(expression) : undefined;
      if (fault !== undefined) report(['expression'], fault.message, { offset: fault.offset });
    }),
    groups: groups(),
  });
}

function field() {
  return z.string().regex(FIELD, {
    error: ({ input }) =>
      `"${input}" is no field; the fields are action, resource, actor.id, actor.meta.<key> and meta.<key>`,
  });
}

/** All of a policy's conditions must hold. `value_from` names the field to compare with. */
function condition() {
  const fields = z.strictObject({
    field: field(),
    operator: z.enum(OPERATORS),
    value: z.unknown().optional(),
    value_from: field().optional(),
  });
  return always(fields, (condition, report) => {
    const { operator, value } = condition;
    if (operator === undefined) return;
    const written = (['value', 'value_from'] as const).filter(key => key in condition);
    if (operator === 'exists' || operator === 'nexists') {
      for (const key of written)
        report([key], `the operator ${operator} compares with nothing; remove this key`, { at: 'key' });
    } else if (written.length === 0) {
      report([], `the operator ${operator} compares with something; add "value: ..." or "value_from: <field>"`);
    } else if (written.length === 2) {
      report(['value_from'], 'keep one of value and value_from', { at: 'key' });
    } else if ((operator === 'in' || operator === 'nin') && 'value' in condition && !Array.isArray(value)) {
      report(['value'], `the operator ${operator} expects a list of values`);
    } else if ((operator === 'matches' || operator === 'nmatches') && 'value' in condition) {
      const fault = faultOfPattern(value);
      if (fault !== undefined) report(['value'], `the operator ${operator} expects a regular expression${fault}`);
    }
  });
}
