/**
 * `security`: on whose behalf a process runs, and what its policies say. The rules themselves are in
 * `runtime/security/`; a scope is the list of its policies' ids.
 */
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { copyPayload } from '../payload/copy.ts';
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import { didYouMean } from '../registry/suggest.ts';
import type { Verdict } from '../security/authority.ts';
import { decide, type Policy } from '../security/decision.ts';
import { type Actor, actorIn, scopeIn } from '../security/identity.ts';
import { groupMembers, policiesOf } from '../security/policies.ts';
import { invalid, recordArgument, textArgument } from './arguments.ts';
import type { CallContext, CapabilityDefinition } from './capability.ts';

const settings = z.strictObject({});

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
    can: {
      summary: 'Whether the process may do an action to a resource',
      args: ['action', 'resource', 'meta?'],
      mode: 'sync',
      run: (context, _settings, args) => ask(context, 'security.can', args).allowed,
    },
    explain: {
      summary: 'The same with the reason: {allowed, effect, policy, rule, why}',
      args: ['action', 'resource', 'meta?'],
      mode: 'sync',
      run: (context, _settings, args) => {
        const { allowed, effect, policy, rule, why } = ask(context, 'security.explain', args);
        return { allowed, effect, policy, rule, why };
      },
    },
    evaluate: {
      summary: 'What policies (a list of ids) say of an actor ({id, meta}): allow, deny or undefined',
      args: ['policies', 'actor', 'action', 'resource', 'meta?'],
      mode: 'sync',
      run: (context, _settings, [policies, actor, ...question]) => {
        const scope = policyList(context, policies);
        return decide(scope, {
          actor: actorArgument(actor),
          ...questionArguments('security.evaluate', question),
        }).effect;
      },
    },
    policy: {
      summary: 'A policy by id: {id, effect, actions, resources}; NOT_FOUND',
      args: ['id'],
      guards: (context, _settings, [id]) => [
        { action: 'security.policy.get', resource: fullId(context, textArgument(id, 'security.policy', 'id')) },
      ],
      mode: 'sync',
      run: (context, _settings, args) => {
        const { id, effect, actions, resources } = policyOf(context, textArgument(args[0], 'security.policy', 'id'));
        return { id, effect, actions: [...actions], resources: [...resources] };
      },
    },
    named_scope: {
      summary: 'Ids of the policies of a group; NOT_FOUND where there are none',
      args: ['group'],
      action: 'security.policy_group.get',
      mode: 'sync',
      run: (context, _settings, args) => {
        const group = textArgument(args[0], 'security.named_scope', 'group');
        const members = groupMembers(entriesOf(context), group);
        if (members.length === 0) {
          throw notFound(`security.named_scope: no policy belongs to the group "${group}"; see "groups:" of policies`);
        }
        return members;
      },
    },
  },
};

/** As it would be judged if the process did it; a question leaves no record. */
function ask(context: CallContext, operation: string, args: readonly Payload[]): Verdict {
  const { action, resource, meta } = questionArguments(operation, args);
  return context.judge(action, resource, meta);
}

function questionArguments(operation: string, [action, resource, meta]: readonly Payload[]) {
  return {
    action: textArgument(action, operation, 'action'),
    resource: textArgument(resource, operation, 'resource'),
    meta: recordArgument(meta, operation, 'meta'),
  };
}

function actorArgument(value: Payload): Actor | undefined {
  if (value === undefined || value === null) return undefined;
  const { id, meta } = recordArgument(value, 'security.evaluate', 'actor');
  return {
    id: textArgument(id, 'security.evaluate', 'actor.id'),
    meta: recordArgument(meta, 'security.evaluate', 'actor.meta'),
  };
}

function policyList(context: CallContext, value: Payload): Policy[] {
  if (!Array.isArray(value)) throw invalid('security.evaluate', 'policies must be a list of ids');
  return value.map(id => policyOf(context, textArgument(id, 'security.evaluate', 'policies')));
}

/** An id without a namespace is of the caller's own. */
function policyOf(context: CallContext, id: string): Policy {
  const full = fullId(context, id);
  const policies = policiesOf(entriesOf(context));
  const policy = policies.get(full);
  if (policy !== undefined) return policy;
  throw notFound(`there is no policy "${full}"${didYouMean(full, policies.keys())}`);
}

function fullId(context: CallContext, id: string): string {
  return id.includes(':') ? id : `${context.id.split(':')[0]}:${id}`;
}

function entriesOf(context: CallContext): ReadonlyMap<string, Entry> {
  return context.entries ?? NO_ENTRIES;
}

function notFound(text: string): TroupeError {
  return new TroupeError(text, { kind: 'NOT_FOUND', retryable: false });
}
