/**
 * What a process may do to others: what its host is for, which hosts it reaches, and what its policies say, judged in
 * this order in one place for every language (semantics section 8).
 *
 *     const verdict = authority.judge('process.send', '{app:b|0x00002}', 'app:b', { host: 'app:b', sender_host: 'app:a' });
 *     // { allowed: false, effect: 'deny', policy: 'app:quiet', rule: 'conditions[0]', why: '...' }
 *
 * Identity and policies of a process never change, so one authority serves all processes of a host that act for the
 * same actor under the same scope, and remembers what it has decided.
 */
import type { Payload } from '../payload/payload.ts';
import { type Decision, decide, dependsOnMeta, type Policy } from './decision.ts';
import type { Actor, Scope } from './identity.ts';

export type Meta = { readonly [key: string]: Payload };

export interface Verdict extends Decision {
  readonly allowed: boolean;
}

/** What a host says about all of its processes. */
export interface Border {
  readonly id: string;
  /** Whether a process with neither actor nor scope is denied what policies guard. */
  readonly strict: boolean;
  /** What of the process model its processes may use, first words of actions after `process.`; undefined: all. */
  readonly operations: ReadonlySet<string> | undefined;
  /** Hosts that its processes do not reach: those whose `reachable_from` names others. */
  readonly unreachable: ReadonlySet<string>;
}

/** Forms of a start that asks for nothing besides. */
export const Launch = { SPAWN: 1, EXEC: 2, CALL: 4 } as const;

/** Decisions, and receivers, that one authority remembers. */
const REMEMBERED = 4096;
/** Characters of a resource up to which what was decided is remembered: who asks may have chosen it. */
const LONGEST_REMEMBERED = 300;

const ALLOWED_WITHOUT_IDENTITY: Verdict = Object.freeze({
  allowed: true,
  effect: 'allow',
  policy: undefined,
  rule: undefined,
  why: 'there is neither actor nor scope',
});

export class Authority {
  readonly border: Border;
  readonly actor: Actor | undefined;
  readonly scope: Scope | undefined;
  /** PIDs that it may send to, as far as it was asked: their hosts never change. */
  readonly receivers = new Set<string>();
  /** Entries on hosts that it may start, by the forms (bits) in which it may. */
  readonly #launches = new WeakMap<object, number>();
  readonly #policies: readonly Policy[];
  /** Whether what was decided holds for the next question of the same action, resource and host. */
  readonly #constant: boolean;
  readonly #decided = new Map<string, Verdict>();

  /** `known`: the policies of the deployment, by id. One of the scope that is not there says nothing. */
  constructor(border: Border, actor: Actor | undefined, scope: Scope | undefined, known: ReadonlyMap<string, Policy>) {
    this.border = border;
    this.actor = actor;
    this.scope = scope;
    this.#policies = (scope ?? []).map(id => known.get(id)).filter(policy => policy !== undefined);
    this.#constant = !this.#policies.some(dependsOnMeta);
  }

  /** `host`: where what it acts on is, or would be; undefined where that says nothing. */
  judge(action: string, resource: string, host: string | undefined, meta: Meta): Verdict {
    if (!this.#constant || resource.length > LONGEST_REMEMBERED || !this.#isUsual(host, meta)) {
      return this.judgeAnew(action, resource, host, meta);
    }
    const key = `${action}\n${host ?? ''}\n${resource}`;
    let verdict = this.#decided.get(key);
    if (verdict === undefined) {
      verdict = this.judgeAnew(action, resource, host, meta);
      if (this.#decided.size >= REMEMBERED) this.#decided.clear();
      this.#decided.set(key, verdict);
    }
    return verdict;
  }

  /** Whether the hosts in `meta`, which policies may read and still be constant, follow from what is remembered. */
  #isUsual(host: string | undefined, meta: Meta): boolean {
    const from = meta.sender_host;
    return (meta.host ?? host) === host && (from === undefined || from === this.border.id);
  }

  /** The same for what policies alone are asked: a program's own question, an operation of a capability. */
  judgePolicies(action: string, resource: string, meta: Meta): Verdict {
    const { actor, scope, border } = this;
    if (actor === undefined && scope === undefined) {
      if (!border.strict) return ALLOWED_WITHOUT_IDENTITY;
      const why = `there is neither actor nor scope, and ${border.id} is strict`;
      return { allowed: false, effect: 'undefined', policy: undefined, rule: 'strict_mode', why };
    }
    const decision = decide(this.#policies, { actor, action, resource, meta });
    return { ...decision, allowed: decision.effect === 'allow' };
  }

  /** From now on it may send to this PID without being asked again, unless that depends on more than where it is. */
  noteReceiver(pid: string): void {
    if (!this.#constant || pid.length > LONGEST_REMEMBERED) return;
    if (this.receivers.size >= REMEMBERED) this.receivers.clear();
    this.receivers.add(pid);
  }

  /** The verdict where the host keeps an operation of the process model from its processes. */
  withheld(operation: string | undefined): Verdict | undefined {
    const { id, operations } = this.border;
    if (operation === undefined || operations === undefined || operations.has(operation)) return undefined;
    const why = `${id} grants its processes ${[...operations].join(', ') || 'nothing'} of "process", not ${operation}`;
    return { allowed: false, effect: 'deny', policy: undefined, rule: 'capabilities.process.operations', why };
  }

  /** Whether it may start `linked` in a form (`Launch`), as far as it was asked. */
  mayLaunch(linked: object, form: number): boolean {
    return ((this.#launches.get(linked) ?? 0) & form) !== 0;
  }

  /** From now on it may start it in this form without being asked again, unless that depends on more. */
  noteLaunch(linked: object, form: number): void {
    if (this.#constant) this.#launches.set(linked, (this.#launches.get(linked) ?? 0) | form);
  }

  /**
   * The same, and nothing is remembered: for questions of programs, which choose action and meta themselves and must not
   * get what they are told taken for what they may do.
   */
  judgeAnew(action: string, resource: string, host: string | undefined, meta: Meta): Verdict {
    const { border } = this;
    const withheld = this.withheld(operationOf(action));
    if (withheld !== undefined) return withheld;
    if (host !== undefined && border.unreachable.has(host)) {
      const why = `${host} is not reachable from ${border.id}`;
      return { allowed: false, effect: 'deny', policy: undefined, rule: 'reachable_from', why };
    }
    return this.judgePolicies(action, resource, meta);
  }
}

/** What of the process model a host can name in `capabilities: {process: {operations: [...]}}`. */
export const PROCESS_OPERATIONS = [
  'spawn',
  'exec',
  'call',
  'send',
  'cancel',
  'terminate',
  'monitor',
  'unmonitor',
  'link',
  'unlink',
  'register',
  'unregister',
  'lookup',
  'upgrade',
  'context',
  'security',
] as const;

const OPERATIONS = new Set<string>(PROCESS_OPERATIONS);

/** `process.registry.register` -> `register`, `process.spawn.linked` -> `spawn`; undefined for what a host cannot name. */
function operationOf(action: string): string | undefined {
  if (action === 'funcs.call') return 'call';
  if (!action.startsWith('process.')) return undefined;
  const words = action.split('.');
  const word = words[1] === 'registry' ? words[2] : words[1];
  return OPERATIONS.has(word) ? word : undefined;
}
