/**
 * What a process would be told if it did something, and why: the verdict of the call itself, with the part that each
 * policy of its scope has in it. Nothing is done, and nothing is recorded.
 */
import { remedyOf } from '../catalogue.ts';
import { wouldBe } from '../lifecycle/guard.ts';
import { holderOf } from '../lifecycle/naming.ts';
import { hostOfPid, looksLikePid } from '../pid.ts';
import type { Process } from '../scheduler/process.ts';
import type { Meta, Verdict } from '../security/authority.ts';
import { type Effect, explainAll, type Policy, type Question } from '../security/decision.ts';
import { actorIn, scopeIn } from '../security/identity.ts';
import { policiesOf } from '../security/policies.ts';
import { abridged, type Plain } from './abridged.ts';

export interface Explanation extends Verdict {
  /** On which the process runs. */
  readonly host: string;
  readonly actor: Plain | undefined;
  readonly scope: readonly string[] | undefined;
  /** What to change so that it is allowed; undefined: it is. */
  readonly remedy: string | undefined;
  /** What was asked of the policies, besides action and resource. */
  readonly meta: Plain;
  /** Every policy of the scope, in its order, whether or not it was needed. */
  readonly considered: readonly Considered[];
}

export interface Considered {
  readonly policy: string;
  readonly effect: Effect;
  /** The part of it that decided, or that kept it from saying anything. */
  readonly rule: string | undefined;
  readonly said: string;
}

/** `meta`: what the call would say of the resource. Hosts are found out where the resource tells them. */
export function explain(process: Process, action: string, resource: string, meta: Meta): Explanation {
  const { context, linked } = process;
  const asked = { ...hostsOf(process, action, resource), ...meta };
  const verdict = wouldBe(process, action, resource, asked);
  const actor = actorIn(context);
  const scope = scopeIn(context);
  const known = policiesOf(linked.scheduler.deployed.entries);
  const question: Question = { actor, action, resource, meta: asked };
  return {
    ...verdict,
    remedy: verdict.allowed ? undefined : remedyOf(verdict, linked.host.id),
    host: linked.host.id,
    actor: actor === undefined ? undefined : abridged({ ...actor }),
    scope,
    meta: abridged(asked),
    considered: (scope ?? []).map(id => consider(id, known.get(id), question)),
  };
}

/** What calls that act on a process or a host say of both sides. */
function hostsOf({ linked }: Process, action: string, resource: string): Meta {
  const host = action === 'process.host' ? resource : hostOfTarget(linked.scheduler, action, resource);
  return host === undefined ? {} : { host, sender_host: linked.host.id };
}

function hostOfTarget(scheduler: Process['linked']['scheduler'], action: string, resource: string): string | undefined {
  if (looksLikePid(resource)) return hostOfPid(resource);
  const holder = action.startsWith('process.') ? holderOf(scheduler, resource) : undefined;
  return holder === undefined ? undefined : hostOfPid(holder);
}

function consider(id: string, policy: Policy | undefined, question: Question): Considered {
  if (policy === undefined)
    return { policy: id, effect: 'undefined', rule: undefined, said: 'there is no such policy' };
  const [{ effect, rule, why }] = explainAll([policy], question);
  return { policy: id, effect, rule, said: why };
}
