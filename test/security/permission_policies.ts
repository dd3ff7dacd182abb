/** The policies of the permission table: some for each verb, and some for what is written out. */
import { VERBS } from './permission_verbs.ts';

export interface Policy {
  readonly name: string;
  readonly actions: readonly string[] | string;
  readonly resources?: readonly string[] | string;
  readonly effect?: 'deny';
  readonly conditions?: readonly object[];
  readonly expression?: string;
  readonly groups?: readonly string[];
}

const ACTIONS = [...new Set(Object.values(VERBS).flatMap(({ asks }) => asks.map(([action]) => action)))].sort();
/** A title as part of an id. */
export const slug = (title: string): string => title.replaceAll(' ', '_');
/** The actions of what an agent does before its job. */
const BEFORE: { readonly [op: string]: string } = {
  monitor: 'process.monitor',
  link: 'process.link',
  register: 'process.registry.register',
};

const onlyPolicies = Object.entries(VERBS).map(
  ([title, { asks, job }]): Policy => ({
    name: `only.${slug(title)}`,
    actions: [...new Set([...asks.map(([action]) => action), ...(job.before ?? []).map(({ op }) => BEFORE[op])])],
  }),
);

export const POLICIES: readonly Policy[] = [
  ...onlyPolicies,
  ...ACTIONS.map((action): Policy => ({ name: `no.${action}`, actions: [action], effect: 'deny' })),
  { name: 'everything', actions: '*' },
  { name: 'quiet', actions: ['process.cancel', 'process.send'], effect: 'deny' },
  { name: 'talks', actions: ['process.cancel', 'process.send'], groups: ['staff'] },
  { name: 'reads', actions: ['store.get', 'store.list', 'registry.get'], groups: ['staff'] },
  { name: 'starts', actions: ['process.exec', 'process.spawn', 'process.host'] },
  { name: 'process.glob', actions: ['process.*'] },
  { name: 'middle.glob', actions: ['process.*.register'] },
  { name: 'to.strict', actions: ['process.send'], resources: ['{p:strict|*}'] },
  { name: 'to.names', actions: ['process.send'], resources: ['name-*'] },
  {
    name: 'from.strict',
    actions: ['process.send'],
    conditions: [{ field: 'meta.sender_host', operator: 'eq', value: 'p:strict' }],
  },
  {
    name: 'not.across',
    actions: ['process.*'],
    effect: 'deny',
    conditions: [{ field: 'meta.host', operator: 'ne', value_from: 'meta.sender_host' }],
  },
  {
    name: 'not.into.open',
    actions: ['process.host'],
    effect: 'deny',
    conditions: [{ field: 'meta.host', operator: 'eq', value: 'p:open' }],
  },
  {
    name: 'adults',
    actions: ['process.send'],
    conditions: [{ field: 'actor.meta.age', operator: 'gte', value: 18 }],
  },
  {
    name: 'no.clerks',
    actions: ['process.send'],
    effect: 'deny',
    conditions: [{ field: 'actor.meta.role', operator: 'eq', value: 'clerk' }],
  },
  {
    name: 'own.keys',
    actions: ['store.*'],
    conditions: [{ field: 'resource', operator: 'eq', value_from: 'actor.id' }],
  },
  { name: 'grown', actions: ['process.send'], expression: 'actor.meta.age >= 18' },
  { name: 'banned', actions: ['process.send'], effect: 'deny', expression: 'actor.meta.banned' },
];
