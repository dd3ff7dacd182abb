/**
 * What an agent of the permission table is told to do, everything that policies are asked before it is done, and what is
 * then true of the world.
 *
 * In texts of jobs and of what is expected `$target` stands for the PID of the process that the case is about, `$name` for
 * a name of the case's own, `$key` for a text that occurs nowhere else, `$host` for the host that is acted on, `$agent`
 * for the agent's PID, `$run` and `$function` for the agent's entries in its language.
 */
/** A job of an agent: `agents/`. */
export interface Job {
  readonly op: string;
  /** Done first; must succeed. */
  readonly before?: readonly Job[];
  /** What the agent logs when it has done it; it stays then until it has seen the events that the case expects. */
  readonly says?: string;
  readonly [param: string]: unknown;
}

export interface Answer {
  readonly ok?: unknown;
  readonly error?: { readonly kind: string; readonly details?: object };
}

/** What can be seen from outside when the agent has done its job. */
export interface Seen {
  /** Topics of the messages that the target got. */
  readonly mail: readonly string[];
  /** Kinds of its process events. */
  readonly events: readonly string[];
  readonly alive: boolean;
  /** Who holds `$name`: `$target`, `$agent`, `$child` or nobody. */
  readonly holder: string | undefined;
  /** Processes that are there besides the agent and the target. */
  readonly children: number;
  /** Whether an entry that says so in the log has run. */
  readonly ran: boolean;
  /** Under `$key` in the store, and in the file of that name. */
  readonly stored: unknown;
  readonly written: string | undefined;
}

type Ask = readonly [action: string, resource: string];

export interface Verb {
  readonly job: Job;
  /** In this order. */
  readonly asks: readonly Ask[];
  /** `held`: the target holds `$name`. `stored`: there is a value under `$key`, and a file of that name. */
  readonly has?: 'target' | 'held' | 'stored';
  /** Needs capabilities that only hosts that list them grant. */
  readonly operator?: true;
  /** What of `process` a host can withhold, and which of the asks that refuses. */
  readonly withheld?: { readonly [operation: string]: number };
  /** It acts on another host: the ask that is refused where that host lets nobody in. */
  readonly crosses?: number;
  /** Who may not is told that there is nothing: because of the host, or whatever the reason. */
  readonly hides?: { readonly when: 'across' | 'always'; readonly answer: Answer };
  /** What becomes of the world. */
  readonly effect?: Partial<Seen>;
  readonly ok: unknown;
  /** Process events of the agent; `pid.cancel` comes from the runner, after it has ended the target. */
  readonly agentEvents?: { readonly done: readonly string[]; readonly refused: readonly string[] };
}

const stay = { says: '$key did' } as const;
const CANCELED = ['pid.cancel'];
/** A start of a process, on the host that the case is about. */
export const start = (how: string, id: string, more: object = {}): Job => ({
  op: 'start',
  how,
  id,
  host: '$host',
  ...more,
});
/** The same by a builder: there is more to say. */
const built = (how: string, id: string, more: object): Job => start(how, id, { built: true, ...more });
const onTarget = (op: string, to: string, more: object = {}): Job => ({ op, to, ...more });
const hosted = (action: string, id: string, ...more: Ask[]): Ask[] => [
  [action, id],
  ['process.host', '$host'],
  ...more,
];
const spawned = { children: 1 };
const both = ['pid.exit', 'pid.link.down'];
const notFound = { when: 'across', answer: { error: { kind: 'NOT_FOUND', details: { name: '$name' } } } } as const;
const hello = { topic: 'hello', payload: 1 };

export const VERBS: { readonly [name: string]: Verb } = {
  send: {
    job: onTarget('send', '$target', hello),
    asks: [['process.send', '$target']],
    has: 'target',
    withheld: { send: 0 },
    crosses: 0,
    effect: { mail: ['hello'] },
    ok: true,
  },
  'send to a name': {
    job: onTarget('send', '$name', hello),
    asks: [['process.send', '$name']],
    has: 'held',
    withheld: { send: 0 },
    crosses: 0,
    hides: notFound,
    effect: { mail: ['hello'] },
    ok: true,
  },
  cancel: {
    job: onTarget('cancel', '$target', { reason: 'enough' }),
    asks: [['process.cancel', '$target']],
    has: 'target',
    withheld: { cancel: 0 },
    crosses: 0,
    effect: { events: ['pid.cancel'] },
    ok: true,
  },
  'cancel a name': {
    job: onTarget('cancel', '$name', { reason: 'enough' }),
    asks: [['process.cancel', '$name']],
    has: 'held',
    crosses: 0,
    hides: notFound,
    effect: { events: ['pid.cancel'] },
    ok: true,
  },
  terminate: {
    job: onTarget('terminate', '$target'),
    asks: [['process.terminate', '$target']],
    has: 'target',
    withheld: { terminate: 0 },
    crosses: 0,
    effect: { alive: false },
    ok: true,
  },
  'terminate a name': {
    job: onTarget('terminate', '$name'),
    asks: [['process.terminate', '$name']],
    has: 'held',
    crosses: 0,
    hides: notFound,
    effect: { alive: false, holder: undefined },
    ok: true,
  },
  monitor: {
    job: onTarget('monitor', '$target', stay),
    asks: [['process.monitor', '$target']],
    has: 'target',
    withheld: { monitor: 0 },
    crosses: 0,
    agentEvents: { done: ['pid.exit'], refused: CANCELED },
    ok: true,
  },
  'monitor a name': {
    job: onTarget('monitor', '$name', stay),
    asks: [['process.monitor', '$name']],
    has: 'held',
    crosses: 0,
    hides: notFound,
    agentEvents: { done: ['pid.exit'], refused: CANCELED },
    ok: true,
  },
  unmonitor: {
    job: onTarget('unmonitor', '$target', { ...stay, before: [onTarget('monitor', '$target')] }),
    asks: [['process.unmonitor', '$target']],
    has: 'target',
    withheld: { unmonitor: 0 },
    agentEvents: { done: CANCELED, refused: ['pid.exit'] },
    ok: true,
  },
  'unmonitor whom nobody monitors': {
    job: onTarget('unmonitor', '$target'),
    asks: [['process.unmonitor', '$target']],
    has: 'target',
    crosses: 0,
    ok: true,
  },
  link: {
    job: onTarget('link', '$target', stay),
    asks: [['process.link', '$target']],
    has: 'target',
    withheld: { link: 0 },
    crosses: 0,
    agentEvents: { done: ['pid.link.down'], refused: CANCELED },
    ok: true,
  },
  'link a name': {
    job: onTarget('link', '$name', stay),
    asks: [['process.link', '$name']],
    has: 'held',
    crosses: 0,
    hides: notFound,
    agentEvents: { done: ['pid.link.down'], refused: CANCELED },
    ok: true,
  },
  unlink: {
    job: onTarget('unlink', '$target', { ...stay, before: [onTarget('link', '$target')] }),
    asks: [['process.unlink', '$target']],
    has: 'target',
    withheld: { unlink: 0 },
    agentEvents: { done: CANCELED, refused: ['pid.link.down'] },
    ok: true,
  },
  'unlink whom nobody links': {
    job: onTarget('unlink', '$target'),
    asks: [['process.unlink', '$target']],
    has: 'target',
    crosses: 0,
    ok: true,
  },
  register: {
    job: { op: 'register', name: '$name', ...stay },
    asks: [['process.registry.register', '$name']],
    withheld: { register: 0 },
    agentEvents: { done: CANCELED, refused: CANCELED },
    effect: { holder: '$agent' },
    ok: true,
  },
  'register somebody else': {
    job: { op: 'register', name: '$name', to: '$target' },
    asks: [
      ['process.registry.register', '$name'],
      ['process.registry.foreign', '$target'],
    ],
    has: 'target',
    crosses: 1,
    effect: { holder: '$target' },
    ok: true,
  },
  unregister: {
    job: { op: 'unregister', name: '$name', before: [{ op: 'register', name: '$name' }], ...stay },
    asks: [['process.registry.unregister', '$name']],
    withheld: { unregister: 0 },
    agentEvents: { done: CANCELED, refused: CANCELED },
    effect: { holder: undefined },
    ok: true,
  },
  'unregister somebody else': {
    job: { op: 'unregister', name: '$name' },
    asks: [
      ['process.registry.unregister', '$name'],
      ['process.registry.foreign', '$name'],
    ],
    has: 'held',
    crosses: 1,
    hides: { when: 'across', answer: { ok: false } },
    effect: { holder: undefined },
    ok: true,
  },
  'look up': {
    job: { op: 'lookup', name: '$name' },
    asks: [['process.send', '$name']],
    has: 'held',
    crosses: 0,
    hides: { when: 'always', answer: { ok: null } },
    ok: '$target',
  },
  spawn: {
    job: start('spawn', 'p:idle'),
    asks: hosted('process.spawn', 'p:idle'),
    withheld: { spawn: 0 },
    crosses: 0,
    effect: spawned,
    ok: '$child',
  },
  'spawn monitored': {
    job: start('spawn_monitored', 'p:fails', { args: ['$key'], ...stay }),
    asks: hosted('process.spawn', 'p:fails', ['process.spawn.monitored', 'p:fails']),
    crosses: 0,
    agentEvents: { done: ['pid.exit'], refused: CANCELED },
    effect: { ran: true },
    ok: '$child',
  },
  'spawn linked': {
    job: start('spawn_linked', 'p:fails', { args: ['$key'], ...stay }),
    asks: hosted('process.spawn', 'p:fails', ['process.spawn.linked', 'p:fails']),
    crosses: 0,
    agentEvents: { done: ['pid.link.down'], refused: CANCELED },
    effect: { ran: true },
    ok: '$child',
  },
  'spawn linked and monitored': {
    job: start('spawn_linked_monitored', 'p:fails', { args: ['$key'], ...stay }),
    asks: hosted(
      'process.spawn',
      'p:fails',
      ['process.spawn.monitored', 'p:fails'],
      ['process.spawn.linked', 'p:fails'],
    ),
    crosses: 0,
    agentEvents: { done: both, refused: CANCELED },
    effect: { ran: true },
    ok: '$child',
  },
  'spawn with a name': {
    job: built('spawn', 'p:idle', { name: '$name', messages: [['hello', 1]] }),
    asks: hosted('process.spawn', 'p:idle', ['process.registry.register', '$name']),
    withheld: { register: 2 },
    crosses: 0,
    effect: { ...spawned, holder: '$child' },
    ok: '$child',
  },
  'signal the holder of a name': {
    job: built('spawn', 'p:idle', { name: '$name', messages: [['hello', 1]] }),
    asks: hosted('process.spawn', 'p:idle', ['process.registry.register', '$name'], ['process.send', '$name']),
    has: 'held',
    withheld: { send: 3 },
    effect: { mail: ['hello'] },
    ok: '$target',
  },
  'monitor the holder of a name': {
    job: built('spawn_monitored', 'p:idle', { name: '$name', messages: [['hello', 1]], ...stay }),
    asks: hosted(
      'process.spawn',
      'p:idle',
      ['process.spawn.monitored', 'p:idle'],
      ['process.registry.register', '$name'],
      ['process.send', '$name'],
      ['process.monitor', '$name'],
    ),
    has: 'held',
    withheld: { monitor: 5 },
    agentEvents: { done: ['pid.exit'], refused: CANCELED },
    effect: { mail: ['hello'] },
    ok: '$target',
  },
  'link the holder of a name': {
    job: built('spawn_linked', 'p:idle', { name: '$name', messages: [['hello', 1]], ...stay }),
    asks: hosted(
      'process.spawn',
      'p:idle',
      ['process.spawn.linked', 'p:idle'],
      ['process.registry.register', '$name'],
      ['process.send', '$name'],
      ['process.link', '$name'],
    ),
    has: 'held',
    withheld: { link: 5 },
    agentEvents: { done: ['pid.link.down'], refused: CANCELED },
    effect: { mail: ['hello'] },
    ok: '$target',
  },
  'wait for the holder of a name': {
    job: built('exec', 'p:idle', { name: '$name', messages: [['end', 1]] }),
    asks: hosted(
      'process.exec',
      'p:idle',
      ['process.registry.register', '$name'],
      ['process.send', '$name'],
      ['process.monitor', '$name'],
      ['process.cancel', '$name'],
      ['process.terminate', '$name'],
    ),
    has: 'held',
    withheld: { cancel: 5, terminate: 6 },
    effect: { alive: false, holder: undefined },
    ok: 'ended',
  },
  'spawn with context': {
    job: built('spawn', 'p:idle', { context: { color: 'blue' } }),
    asks: hosted('process.spawn', 'p:idle', ['process.context', 'p:idle']),
    withheld: { context: 2 },
    crosses: 0,
    effect: spawned,
    ok: '$child',
  },
  'exec with context': {
    job: built('exec', 'p:colored', { context: { color: 'blue' } }),
    asks: hosted('process.exec', 'p:colored', ['process.context', 'p:colored']),
    withheld: { context: 2 },
    crosses: 0,
    ok: 'blue',
  },
  'exec for an actor': {
    job: built('exec', 'p:asked', { args: ['actor'], actor: { id: 'bob', meta: { age: 9 } } }),
    asks: hosted('process.exec', 'p:asked', ['process.security', 'bob']),
    withheld: { security: 2 },
    crosses: 0,
    ok: 'bob',
  },
  'spawn for an actor': {
    job: built('spawn', 'p:idle', { actor: { id: 'bob' } }),
    asks: hosted('process.spawn', 'p:idle', ['process.security', 'bob']),
    effect: spawned,
    ok: '$child',
  },
  'exec under policies': {
    job: built('exec', 'p:asked', { args: ['scope'], scope: ['p:quiet', 'p:everything'] }),
    asks: [
      ['security.policy.get', 'p:quiet'],
      ['security.policy.get', 'p:everything'],
      ...hosted('process.exec', 'p:asked', ['process.security', 'p:everything'], ['process.security', 'p:quiet']),
    ],
    ok: 'p:everything p:quiet',
  },
  'exec under no policies': {
    job: built('exec', 'p:asked', { args: ['scope'], scope: [] }),
    asks: hosted('process.exec', 'p:asked', ['process.security', 'none']),
    withheld: { security: 2 },
    ok: '',
  },
  exec: {
    job: start('exec', 'p:traced', { args: ['$key'] }),
    asks: hosted('process.exec', 'p:traced'),
    withheld: { exec: 0 },
    crosses: 0,
    effect: { ran: true },
    ok: 'traced',
  },
  'exec of a function': {
    job: start('exec', 'p:counted', { args: ['$key'] }),
    asks: hosted('process.exec', 'p:counted'),
    withheld: { exec: 0 },
    crosses: 0,
    effect: { ran: true },
    ok: 'traced',
  },
  call: {
    job: start('call', '$host.function', { args: ['$key'] }),
    asks: hosted('funcs.call', '$host.function'),
    withheld: { call: 0 },
    crosses: 0,
    effect: { ran: true },
    ok: 'traced',
  },
  'call with context': {
    job: built('call', '$host.function', { args: ['$key'], context: { color: 'blue' } }),
    asks: hosted('funcs.call', '$host.function', ['process.context', '$host.function']),
    withheld: { call: 0, context: 2 },
    crosses: 0,
    effect: { ran: true },
    ok: 'traced',
  },
  'call of what is no function': {
    job: start('call', '$host.process', { args: ['$key'] }),
    asks: hosted('process.exec', '$host.process'),
    withheld: { exec: 0 },
    crosses: 0,
    effect: { ran: true },
    ok: 'traced',
  },
  upgrade: {
    job: { op: 'upgrade', id: 'p:traced', args: ['$key'] },
    asks: [['process.upgrade', 'p:traced']],
    withheld: { upgrade: 0 },
    effect: { ran: true },
    ok: 'traced',
  },
  'get what is stored': {
    job: { op: 'store_get', key: '$key' },
    asks: [['store.get', '$key']],
    has: 'stored',
    ok: 'old',
  },
  store: {
    job: { op: 'store_set', key: '$key', value: 'new' },
    asks: [['store.set', '$key']],
    effect: { stored: 'new' },
    ok: true,
  },
  'delete what is stored': {
    job: { op: 'store_delete', key: '$key' },
    asks: [['store.delete', '$key']],
    has: 'stored',
    effect: { stored: undefined },
    ok: true,
  },
  'list what is stored': {
    job: { op: 'store_list', key: '$key' },
    asks: [['store.list', '$key']],
    has: 'stored',
    ok: ['$key'],
  },
  'read an entry': {
    job: { op: 'registry_get', id: 'p:idle' },
    asks: [['registry.get', 'p:idle']],
    ok: 'p:idle',
  },
  'read a policy': {
    job: { op: 'policy', id: 'p:quiet' },
    asks: [['security.policy.get', 'p:quiet']],
    ok: 'p:quiet',
  },
  'read a group': {
    job: { op: 'group', group: 'staff' },
    asks: [['security.policy_group.get', 'staff']],
    ok: ['p:reads', 'p:talks'],
  },
  'read a file': {
    job: { op: 'read', path: '$key' },
    asks: [['fs.read', '$key']],
    has: 'stored',
    operator: true,
    ok: 'old',
  },
  'write a file': {
    job: { op: 'write', path: '$key', text: 'new' },
    asks: [['fs.write', '$key']],
    operator: true,
    effect: { written: 'new' },
    ok: true,
  },
  'read the environment': {
    job: { op: 'env', name: 'PERMITTED' },
    asks: [['env.get', 'PERMITTED']],
    operator: true,
    ok: 'yes',
  },
};

/** Operations of `process`, each withheld by a host of its own. */
export const WITHHELD = [
  ...new Set([...Object.values(VERBS).flatMap(verb => Object.keys(verb.withheld ?? {})), 'lookup']),
].sort();
