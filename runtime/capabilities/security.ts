/**
 * `security`: on whose behalf a process runs, and what its policies say. The rules themselves are in
 * `runtime/security/`; a scope is the list of its policies' ids.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { copyPayload } from '../payload/copy.ts';
import type { Entry } from '../registry/entry.ts';
import { didYouMean } from '../registry/suggest.ts';
import type { Verdict } from '../security/authority.ts';
import { decide, type Policy } from '../security/decision.ts';
import { actorIn, scopeIn } from '../security/identity.ts';
import { groupMembers, policiesOf } from '../security/policies.ts';
import { type CallContext, type CapabilityDefinition, operation } from './capability.ts';
import { fullId } from './full_id.ts';
import { type Arguments, object, optional, record, text, texts } from './parameters.ts';

const settings = z.strictObject({});

const QUESTION = [text('action'), text('resource'), optional(record('meta'), {})] as const;
const ACTOR = optional(object('actor', text('id'), optional(record('meta'), {})));

const NO_ENTRIES: ReadonlyMap<string, Entry> = new Map();

export const securityCapability: CapabilityDefinition<z.infer<typeof settings>> = {
  name: 'security',
  summary: 'Actors, scopes and what policies say',
  settings,
  grantedByDefault: true,
  operations: {
    actor: {
      summary: 'On whose behalf the process runs: {id, meta}; nothing where nobody was named',
      args: [],
      mode: 'sync',
      run: context => copyPayload(actorIn(context.values ?? {}) ?? null),
    },
    scope: {
      summary: 'Ids of the policies that the process runs under; nothing where there is no scope',
      args: [],
      mode: 'sync',
      run: context => copyPayload(scopeIn(context.values ?? {}) ?? null),
    },
    can: operation({
      summary: 'Whether the process may do an action to a resource',
      args: QUESTION,
      mode: 'sync',
      run: (context, _settings, question) => ask(context, question).allowed,
    }),
    explain: operation({
      summary: 'The same with the reason: {allowed, effect, policy, rule, why}',
      args: QUESTION,
      mode: 'sync',
      run: (context, _settings, question) => {
        const { allowed, effect, policy, rule, why } = ask(context, question);
        return { allowed, effect, policy, rule, why };
      },
    }),
    evaluate: operation({
      summary: 'What policies (a list of ids) say of an actor ({id, meta}): allow, deny or undefined',
      args: [texts('policies'), ACTOR, ...QUESTION],
      mode: 'sync',
      run: (context, _settings, [policies, actor, action, resource, meta]) => {
        const scope = policies.map(id => policyOf(context, id));
        return decide(scope, { actor, action, resource, meta }).effect;
      },
    }),
    policy: operation({
      summary: 'A policy by id: {id, effect, actions, resources}; NOT_FOUND',
      args: [text('id')],
      action: 'security.policy.get',
      guards: (context, _settings, [id]) => [{ action: 'security.policy.get', resource: fullId(id, context.id) }],
      mode: 'sync',
      run: (context, _settings, [wanted]) => {
        const { id, effect, actions, resources } = policyOf(context, wanted);
        return { id, effect, actions: [...actions], resources: [...resources] };
      },
    }),
    named_scope: operation({
      summary: 'Ids of the policies of a group; NOT_FOUND where there are none',
      args: [text('group')],
      action: 'security.policy_group.get',
      mode: 'sync',
      run: (context, _settings, [group]) => {
        const members = groupMembers(entriesOf(context), group);
        if (members.length === 0) {
          throw notFound(`security.named_scope: no policy belongs to the group "${group}"; see "groups:" of policies`);
        }
        return members;
      },
    }),
  },
};

/** As it would be judged if the process did it; a question leaves no record. */
function ask(context: CallContext, [action, resource, meta]: Arguments<typeof QUESTION>): Verdict {
  return context.judge(action, resource, meta);
}

/** An id without a namespace is of the caller's own. */
function policyOf(context: CallContext, id: string): Policy {
  const full = fullId(id, context.id);
  const policies = policiesOf(entriesOf(context));
  const policy = policies.get(full);
  if (policy !== undefined) return policy;
  throw notFound(`there is no policy "${full}"${didYouMean(full, policies.keys())}`);
}

function entriesOf(context: CallContext): ReadonlyMap<string, Entry> {
  return context.entries ?? NO_ENTRIES;
}

function notFound(text: string): TroupeError {
  return new TroupeError(text, { kind: 'NOT_FOUND', retryable: false });
}
