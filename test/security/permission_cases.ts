/**
 * The cases of the permission table: the verbs under every kind of identity and host, and those that are written out. A
 * case knows no language.
 */
import { PROCESS_OPERATIONS } from '../../runtime/security/authority.ts';
import { slug } from './permission_policies.ts';
import { type Answer, type Job, type Seen, start, type Verb, VERBS } from './permission_verbs.ts';

export interface Actor {
  readonly id: string;
  readonly meta?: { readonly [key: string]: unknown };
}

/** What is recorded of a denial, and told to the program. */
export interface Denial {
  readonly action: string;
  readonly resource: string;
  readonly policy?: string;
  readonly rule?: string;
  /** Of who asked, where that is not the agent's. */
  readonly host?: string;
  readonly actor?: Actor;
  readonly scope?: readonly string[];
}

export interface Case {
  readonly title: string;
  readonly verb: Verb;
  /** Where the agent runs; `$host` and the target are there where nothing else is said. */
  readonly on: string;
  readonly host?: string;
  /** Where the target is, if not there. */
  readonly target?: string;
  readonly actor?: Actor;
  readonly scope?: readonly string[];
  /** Undefined: it may. */
  readonly denied?: Denial;
  /** The agent's answer, where neither the verb nor the denial says it. */
  readonly answer?: Answer;
  /** The world, where neither says it. */
  readonly effect?: Partial<Seen>;
  /** Of the agent, where it is not what the case gives it: its host's. */
  readonly identity?: Pick<Denial, 'actor' | 'scope'>;
}

const ANN: Actor = { id: 'ann', meta: { age: 30, role: 'clerk' } };
const sort = (scope: readonly string[]): string[] => [...scope].sort();

/** Every verb under the same few identities. */
function generated(): Case[] {
  return Object.entries(VERBS).flatMap(([title, verb]) => [
    ...open(title, verb),
    ...strict(title, verb),
    ...judged(title, verb),
    ...withheld(title, verb),
    ...across(title, verb),
  ]);
}

function open(title: string, verb: Verb): Case[] {
  return verb.operator ? [] : [{ title: `${title}: nobody, on a host that is not strict`, verb, on: 'p:open' }];
}

function strict(title: string, verb: Verb): Case[] {
  if (verb.job.before !== undefined) return [];
  const [action, resource] = verb.asks[0];
  return [
    {
      title: `${title}: nobody, on a strict host`,
      verb,
      on: 'p:strict',
      denied: { action, resource, rule: 'strict_mode' },
    },
    {
      title: `${title}: an actor without policies`,
      verb,
      on: 'p:strict',
      actor: ANN,
      denied: { action, resource },
    },
  ];
}

/** Exactly what is asked allows it; and each of the questions stops it. */
function judged(title: string, verb: Verb): Case[] {
  const allowed: Case = {
    title: `${title}: what is asked is allowed, and nothing else`,
    verb,
    on: 'p:strict',
    actor: ANN,
    scope: [`p:only.${slug(title)}`],
  };
  const each = verb.asks.map(([action, resource]): Case => {
    const scope = sort(['p:everything', `p:no.${action}`]);
    const first = verb.asks.find(asked => asked[0] === action)!;
    return {
      title: `${title}: all is allowed, ${action} of ${resource} is denied`,
      verb,
      on: 'p:strict',
      actor: ANN,
      scope,
      denied: { action, resource: first[1], policy: `p:no.${action}`, rule: 'actions[0]/resources[0]' },
    };
  });
  // What is asked twice is stopped the first time.
  return [allowed, ...each.filter((one, i) => each.findIndex(({ scope }) => `${scope}` === `${one.scope}`) === i)];
}

function withheld(title: string, verb: Verb): Case[] {
  return Object.entries(verb.withheld ?? {}).map(([operation, index]) => ({
    title: `${title}: the host withholds "${operation}"`,
    verb,
    on: `p:without.${operation}`,
    scope: ['p:everything'],
    denied: {
      action: verb.asks[index][0],
      resource: verb.asks[index][1],
      rule: 'capabilities.process.operations',
    },
  }));
}

/** Into a host that lets in the processes of one other. */
function across(title: string, verb: Verb): Case[] {
  if (verb.crosses === undefined) return [];
  const [action, resource] = verb.asks[verb.crosses];
  return [
    {
      title: `${title}: into a host that lets nobody in`,
      verb,
      on: 'p:open',
      host: 'p:closed',
      denied: { action, resource, rule: 'reachable_from' },
    },
    {
      title: `${title}: into it, with every permission`,
      verb,
      on: 'p:open',
      host: 'p:closed',
      actor: ANN,
      scope: ['p:everything'],
      denied: { action, resource, rule: 'reachable_from' },
    },
    { title: `${title}: into it, from where it lets in`, verb, on: 'p:listed', host: 'p:closed' },
  ];
}

// --- written out --------------------------------------------------------------------------------------------------

const verbs = VERBS;
const sends = (scope: readonly string[], more: Partial<Case> & { readonly title: string }): Case => ({
  verb: verbs.send,
  on: 'p:strict',
  scope: sort(scope),
  ...more,
});
const notSent = (policy: string | undefined, rule: string | undefined): Denial => ({
  action: 'process.send',
  resource: '$target',
  policy,
  rule,
});

/** Conditions, globs, groups, several policies. */
const POLICIES_AT_WORK: readonly Case[] = [
  sends(['p:talks'], { title: 'one policy of a list of actions' }),
  sends(['p:reads'], { title: 'a policy about something else', denied: notSent(undefined, undefined) }),
  sends(['p:reads', 'p:talks'], { title: 'both policies of a group' }),
  sends([], { title: 'an empty scope', denied: notSent(undefined, undefined) }),
  sends([], {
    title: 'an empty scope, on a host that is not strict',
    on: 'p:open',
    denied: notSent(undefined, undefined),
  }),
  sends(['p:gone'], { title: 'a policy that is not there', denied: notSent(undefined, undefined) }),
  sends(['p:gone', 'p:talks'], { title: 'a policy that is not there beside one that allows' }),
  sends(['p:everything', 'p:quiet'], {
    title: 'any deny decides',
    denied: notSent('p:quiet', 'actions[1]/resources[0]'),
  }),
  sends(['p:everything', 'p:quiet', 'p:talks'], {
    title: 'any deny decides, against two that allow',
    denied: notSent('p:quiet', 'actions[1]/resources[0]'),
  }),
  sends(['p:everything', 'p:quiet'], { title: 'a deny of other actions', verb: verbs.terminate }),
  sends(['p:process.glob'], { title: 'a glob for the action' }),
  sends(['p:process.glob'], {
    title: 'a glob for the action that does not fit',
    verb: verbs.store,
    denied: { action: 'store.set', resource: '$key' },
  }),
  sends(['p:middle.glob'], { title: 'a glob with its star in the middle', verb: verbs.register }),
  sends(['p:middle.glob'], {
    title: 'a star stands for no other beginning',
    denied: { action: 'process.monitor', resource: '$target' },
    verb: verbs.monitor,
  }),
  sends(['p:to.strict'], { title: 'a glob for PIDs of a host' }),
  sends(['p:to.strict'], {
    title: 'a glob for PIDs of another host',
    host: 'p:open',
    denied: notSent(undefined, undefined),
  }),
  sends(['p:to.strict'], {
    title: 'a glob for PIDs is none for names',
    verb: verbs['send to a name'],
    denied: { action: 'process.send', resource: '$name' },
  }),
  sends(['p:to.names'], { title: 'a glob for names', verb: verbs['send to a name'] }),
  sends(['p:to.names'], { title: 'a glob for names is none for PIDs', denied: notSent(undefined, undefined) }),
  sends(['p:to.names'], { title: 'a glob for names, looking one up', verb: verbs['look up'] }),
  // Hosts of sender and receiver.
  sends(['p:from.strict'], { title: 'a condition on the host of the sender' }),
  sends(['p:from.strict'], {
    title: 'a condition on the host of the sender that does not hold',
    on: 'p:open',
    denied: notSent(undefined, undefined),
  }),
  sends(['p:everything', 'p:not.across'], { title: 'a deny between hosts, within one' }),
  sends(['p:everything', 'p:not.across'], {
    title: 'a deny between hosts',
    host: 'p:open',
    denied: notSent('p:not.across', 'conditions[0]'),
  }),
  sends(['p:everything', 'p:not.across'], {
    title: 'a deny between hosts, by a name',
    verb: verbs['send to a name'],
    host: 'p:open',
    denied: { action: 'process.send', resource: '$name', policy: 'p:not.across', rule: 'conditions[0]' },
  }),
  sends(['p:everything', 'p:not.across'], {
    title: 'a deny between hosts, looking a name up',
    verb: verbs['look up'],
    host: 'p:open',
    denied: { action: 'process.send', resource: '$name', policy: 'p:not.across', rule: 'conditions[0]' },
  }),
  sends(['p:everything', 'p:not.into.open'], {
    title: 'a deny of spawns into a host',
    verb: verbs.spawn,
    host: 'p:open',
    denied: { action: 'process.host', resource: 'p:open', policy: 'p:not.into.open', rule: 'conditions[0]' },
  }),
  sends(['p:everything', 'p:not.into.open'], { title: 'a deny of spawns into another host', verb: verbs.spawn }),
  sends(['p:everything', 'p:not.into.open'], {
    title: 'a deny of exec into a host',
    verb: verbs.exec,
    host: 'p:open',
    denied: { action: 'process.host', resource: 'p:open', policy: 'p:not.into.open', rule: 'conditions[0]' },
  }),
  sends(['p:everything', 'p:not.into.open'], {
    title: 'a deny of calls into a host',
    verb: verbs.call,
    host: 'p:open',
    denied: { action: 'process.host', resource: 'p:open', policy: 'p:not.into.open', rule: 'conditions[0]' },
  }),
  // The actor.
  sends(['p:adults'], { title: 'a condition on the actor', actor: ANN }),
  sends(['p:adults'], {
    title: 'a condition on the actor that does not hold',
    actor: { id: 'kid', meta: { age: 9 } },
    denied: notSent(undefined, undefined),
  }),
  sends(['p:adults'], {
    title: 'a condition on the actor where that is not said',
    actor: { id: 'ann' },
    denied: notSent(undefined, undefined),
  }),
  sends(['p:adults'], { title: 'a condition on the actor without one', denied: notSent(undefined, undefined) }),
  sends(['p:everything', 'p:no.clerks'], {
    title: 'a deny by a condition on the actor',
    actor: ANN,
    denied: notSent('p:no.clerks', 'conditions[0]'),
  }),
  sends(['p:everything', 'p:no.clerks'], {
    title: 'a deny by a condition on the actor that does not hold',
    actor: { id: 'bob', meta: { role: 'cook' } },
  }),
  sends(['p:own.keys'], {
    title: 'a resource that is compared with the actor',
    verb: verbs.store,
    actor: { id: '$key' },
  }),
  sends(['p:own.keys'], {
    title: 'a resource that is not the actor',
    verb: verbs.store,
    actor: ANN,
    denied: { action: 'store.set', resource: '$key' },
  }),
  sends(['p:grown'], { title: 'an expression on the actor', actor: ANN }),
  sends(['p:grown'], {
    title: 'an expression on the actor that is false',
    actor: { id: 'kid', meta: { age: 9 } },
    denied: notSent(undefined, undefined),
  }),
  sends(['p:grown'], {
    title: 'an expression that cannot be judged allows nothing',
    actor: { id: 'ann' },
    denied: notSent(undefined, undefined),
  }),
  sends(['p:everything', 'p:banned'], {
    title: 'a deny whose expression cannot be judged denies',
    actor: { id: 'ann' },
    denied: notSent('p:banned', 'expression'),
  }),
  sends(['p:everything', 'p:banned'], {
    title: 'a deny whose expression is false',
    actor: { id: 'ann', meta: { banned: false } },
  }),
];

const held = (job: Job): Verb => ({ job, has: 'held', asks: [], ok: true });
const outOfReach = (action: string): Denial => ({ action, resource: '$name', rule: 'reachable_from' });
const taken: Answer = { error: { kind: 'ALREADY_EXISTS', details: { name: '$name' } } };

/** Who holds a name that is out of reach is not told. */
const NAMES: readonly Case[] = [
  {
    title: 'a name that somebody holds',
    verb: held({ op: 'register', name: '$name' }),
    on: 'p:open',
    answer: { error: { kind: 'ALREADY_EXISTS', details: { name: '$name', pid: '$target' } } },
  },
  {
    title: 'a name that somebody out of reach holds',
    verb: held({ op: 'register', name: '$name' }),
    on: 'p:open',
    target: 'p:closed',
    answer: taken,
  },
  {
    title: 'a name whose holder one may not send to',
    verb: held({ op: 'register', name: '$name' }),
    on: 'p:strict',
    scope: ['p:only.register'],
    answer: taken,
  },
  ...['signal', 'monitor', 'link', 'wait for'].map(
    (how): Case => ({
      title: `${how} the holder of a name that is out of reach`,
      verb: verbs[`${how} the holder of a name`],
      on: 'p:open',
      target: 'p:closed',
      denied: outOfReach('process.send'),
      answer: taken,
    }),
  ),
  {
    title: 'look up: the host withholds "lookup"',
    verb: verbs['look up'],
    on: 'p:without.lookup',
    scope: ['p:everything'],
    denied: {
      action: 'process.registry.lookup',
      resource: '$name',
      rule: 'capabilities.process.operations',
    },
    answer: {
      error: {
        kind: 'PERMISSION_DENIED',
        details: {
          action: 'process.registry.lookup',
          resource: '$name',
          host: 'p:without.lookup',
          rule: 'capabilities.process.operations',
        },
      },
    },
  },
];

const question = (job: Job, ok: unknown): Verb => ({ job, ok, asks: [] });
const can = (action: string, resource: string, ok: boolean, meta?: object): Verb =>
  question({ op: 'can', action, resource, meta }, ok);

/** What a program is told when it asks: nothing of it is recorded. */
const QUESTIONS: readonly Case[] = [
  { title: 'can: nobody, on a strict host', verb: can('read', 'doc', false), on: 'p:strict' },
  { title: 'can: nobody, elsewhere', verb: can('read', 'doc', true), on: 'p:open' },
  { title: 'can: an actor alone', verb: can('read', 'doc', false), on: 'p:open', actor: ANN },
  { title: 'can: allowed', verb: can('store.get', 'x', true), on: 'p:open', scope: ['p:reads'] },
  { title: 'can: not allowed', verb: can('store.set', 'x', false), on: 'p:open', scope: ['p:reads'] },
  {
    title: 'can: what the host withholds',
    verb: { ...can('process.send', '$target', false), has: 'target' },
    on: 'p:without.send',
    scope: ['p:everything'],
  },
  {
    title: 'can: what is out of reach',
    verb: { ...can('process.send', '$target', false), has: 'target' },
    on: 'p:open',
    host: 'p:closed',
    scope: ['p:everything'],
  },
  {
    title: 'can: a name that is out of reach',
    verb: { ...can('process.send', '$name', false), has: 'held' },
    on: 'p:open',
    host: 'p:closed',
  },
  {
    title: 'can: into a host that is out of reach',
    verb: can('process.host', 'p:closed', false),
    on: 'p:open',
  },
  {
    title: 'can: by the hosts of sender and receiver',
    verb: { ...can('process.send', '$target', false), has: 'target' },
    on: 'p:strict',
    host: 'p:open',
    scope: sort(['p:everything', 'p:not.across']),
  },
  {
    title: 'can: a host that the resource has for itself is none of the runtime',
    verb: can('doc.read', 'doc', true, { host: 'p:closed' }),
    on: 'p:open',
  },
  {
    title: 'explain: which policy, which rule, why',
    verb: question(
      { op: 'explain', action: 'process.send', resource: 'x' },
      {
        allowed: false,
        effect: 'deny',
        policy: 'p:quiet',
        rule: 'actions[1]/resources[0]',
        why: 'p:quiet denies "process.send" of "x"',
      },
    ),
    on: 'p:open',
    scope: sort(['p:everything', 'p:quiet']),
  },
  {
    title: 'explain: what the host withholds',
    verb: question(
      { op: 'explain', action: 'process.link', resource: 'x' },
      {
        allowed: false,
        effect: 'deny',
        rule: 'capabilities.process.operations',
        why: `p:without.link grants its processes ${PROCESS_OPERATIONS.filter(one => one !== 'link').join(', ')} of "process", not link`,
      },
    ),
    on: 'p:without.link',
    scope: ['p:everything'],
  },
];

const who = { op: 'who' } as const;
/** An agent runs an agent. */
const through = (how: 'exec' | 'spawn', job: Job, more: object = {}): Job =>
  start(how, '$run', { host: '$host', args: [job], ...more });
const called = (job: Job, more: object = {}): Job => start('call', '$function', { args: [job], ...more });
const sending = verbs.send.job;
const quiet = sort(['p:everything', 'p:quiet']);
const denial = { action: 'process.send', resource: '$target' } as const;
const refusedBy = (policy: string, rule: string, host: string) => ({
  error: { kind: 'PERMISSION_DENIED', details: { ...denial, host, policy, rule } },
});
const quietly = refusedBy('p:quiet', 'actions[1]/resources[0]', 'p:strict');
const byQuiet: Denial = { ...denial, policy: 'p:quiet', rule: 'actions[1]/resources[0]' };
const inner = (job: Job, ok: unknown): Verb => ({ job, asks: [], ok, has: 'target' });

/** Actor and scope go on to what a process starts. */
const INHERITED: readonly Case[] = [
  {
    title: 'inherited through exec: what is allowed',
    verb: inner(through('exec', sending), { ok: true }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
    effect: { mail: ['hello'] },
  },
  {
    title: 'inherited through exec: what is denied',
    verb: inner(through('exec', sending), quietly),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: byQuiet,
    answer: { ok: quietly },
  },
  {
    title: 'inherited through exec: who acts',
    verb: inner(through('exec', who), { ok: { actor: ANN, scope: ['p:everything'] } }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
  },
  {
    title: 'inherited through exec, into a host that is not strict',
    verb: inner(through('exec', sending), quietly),
    on: 'p:strict',
    host: 'p:open',
    actor: ANN,
    scope: quiet,
    denied: { ...byQuiet, host: 'p:open' },
    answer: { ok: refusedBy('p:quiet', 'actions[1]/resources[0]', 'p:open') },
  },
  {
    title: 'inherited through spawn: what is allowed',
    verb: inner(through('spawn', sending), '$child'),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
    effect: { mail: ['hello'] },
  },
  {
    title: 'inherited through spawn: what is denied',
    verb: inner(through('spawn', sending), '$child'),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: byQuiet,
    answer: { ok: '$child' },
  },
  {
    title: 'inherited through a call: what is allowed',
    verb: inner(called(sending), { ok: true }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
    effect: { mail: ['hello'] },
  },
  {
    title: 'inherited through a call: what is denied',
    verb: inner(called(sending), quietly),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: { ...byQuiet, host: 'p:open' },
    answer: { ok: refusedBy('p:quiet', 'actions[1]/resources[0]', 'p:open') },
  },
  {
    title: 'inherited through two levels: exec and exec',
    verb: inner(through('exec', through('exec', sending)), { ok: quietly }),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: byQuiet,
    answer: { ok: { ok: quietly } },
  },
  {
    title: 'inherited through two levels: call and exec',
    verb: inner(called(through('exec', who)), { ok: { ok: { actor: ANN, scope: ['p:everything'] } } }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
  },
  {
    title: 'inherited through two levels: spawn and call',
    verb: inner(through('spawn', called(sending)), '$child'),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: { ...byQuiet, host: 'p:open' },
    answer: { ok: '$child' },
  },
  {
    title: 'an upgrade keeps it',
    verb: inner({ op: 'upgrade', id: '$run', args: [sending] }, quietly),
    on: 'p:strict',
    actor: ANN,
    scope: quiet,
    denied: byQuiet,
    answer: quietly,
  },
  {
    title: 'another actor is laid over it, the policies stay',
    verb: inner(through('exec', who, { built: true, actor: { id: 'bob', meta: { age: 9 } } }), {
      ok: { actor: { id: 'bob', meta: { age: 9 } }, scope: ['p:everything'] },
    }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
  },
  {
    title: 'other policies are laid over it, the actor stays',
    verb: inner(through('exec', who, { built: true, scope: ['p:talks'] }), { ok: { actor: ANN, scope: ['p:talks'] } }),
    on: 'p:strict',
    actor: ANN,
    scope: ['p:everything'],
  },
  {
    title: 'what is laid over it holds for the child, whoever started it',
    verb: inner(
      through('exec', sending, { built: true, actor: { id: 'kid', meta: { age: 9 } }, scope: ['p:adults'] }),
      {},
    ),
    on: 'p:open',
    denied: { ...denial, actor: { id: 'kid', meta: { age: 9 } }, scope: ['p:adults'] },
    answer: { ok: { error: { kind: 'PERMISSION_DENIED', details: { ...denial, host: 'p:open' } } } },
  },
  {
    title: 'who has none gives none, into a host that is not strict',
    verb: inner(through('exec', who), { ok: {} }),
    on: 'p:open',
  },
  {
    title: 'who has none gives none, into a strict host',
    verb: inner(through('exec', sending), {}),
    on: 'p:open',
    host: 'p:strict',
    denied: { ...denial, rule: 'strict_mode', host: 'p:strict' },
    answer: {
      ok: { error: { kind: 'PERMISSION_DENIED', details: { ...denial, host: 'p:strict', rule: 'strict_mode' } } },
    },
  },
];

const KEEPER: Actor = { id: 'keeper', meta: { age: 50 } };
const kept = { actor: KEEPER, scope: sort(['p:reads', 'p:talks', 'p:starts']) };

/** `lifecycle.security` of a host: for who comes without an identity. */
const HOSTS_WITH_IDENTITY: readonly Case[] = [
  { title: 'a host gives an identity: who', verb: question(who, kept), on: 'p:kept' },
  { title: 'a host gives an identity: allowed', verb: verbs.send, on: 'p:kept', identity: kept },
  {
    title: 'a host gives an identity: not allowed',
    verb: verbs.terminate,
    on: 'p:kept',
    identity: kept,
    denied: { action: 'process.terminate', resource: '$target' },
  },
  {
    title: 'a host gives no identity to who has one',
    verb: question(who, { actor: ANN }),
    on: 'p:kept',
    actor: ANN,
  },
  {
    title: 'a host gives no policies to an actor',
    verb: verbs.send,
    on: 'p:kept',
    actor: ANN,
    denied: { action: 'process.send', resource: '$target' },
  },
  {
    title: 'a host gives no actor to a scope',
    verb: question(who, { scope: ['p:reads'] }),
    on: 'p:kept',
    scope: ['p:reads'],
  },
  {
    title: 'the identity of a host goes on to other hosts',
    verb: inner(through('exec', who), { ok: kept }),
    on: 'p:kept',
    host: 'p:open',
    identity: kept,
  },
  {
    title: 'a host gives an identity to a child from elsewhere',
    verb: inner(through('exec', sending), { ok: true }),
    on: 'p:open',
    host: 'p:kept',
    effect: { mail: ['hello'] },
  },
];

export const CASES: readonly Case[] = [
  ...generated(),
  ...POLICIES_AT_WORK,
  ...NAMES,
  ...QUESTIONS,
  ...INHERITED,
  ...HOSTS_WITH_IDENTITY,
];

/** With `security.strict_mode` in the settings: the same everywhere. */
export function settingsCases(strictMode: boolean): readonly Case[] {
  const tried = ['send', 'send to a name', 'link', 'spawn', 'call', 'upgrade', 'store', 'look up'];
  return ['p:open', 'p:strict', 'p:kept'].flatMap(on =>
    tried.map((title): Case => {
      const verb = verbs[title];
      const [action, resource] = verb.asks[0];
      const shown = `${title}: nobody, on ${on}`;
      if (on === 'p:kept') return { title: shown, verb, on, scope: ['p:everything'] };
      return strictMode
        ? { title: shown, verb, on, denied: { action, resource, rule: 'strict_mode' } }
        : { title: shown, verb, on };
    }),
  );
}
