import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { contextOfActor, contextOfScope, type IdentifiedRequest, scopeOf } from '../../../runtime/security/identity.ts';
import type { Guest } from './guest.ts';
import type { RequestActor } from './spawn_request.ts';

const noSecurity = new TroupeError(
  'actor and scope of a spawn request need the capability "security": add it to `imports:` of the entry and, if the ' +
    'host lists its `capabilities:`, there too',
  { kind: 'PERMISSION_DENIED', retryable: false },
);

/**
 * For whom a child acts and under which policies, as a spawn request says it. The error where the entry may not say so
 * (PERMISSION_DENIED), or where a policy is not there (NOT_FOUND).
 */
export function identityOf(
  guest: Guest,
  security: BoundCapability | undefined,
  actor: RequestActor | undefined,
  scope: readonly string[] | undefined,
): IdentifiedRequest['identity'] | TroupeError {
  if (security === undefined) return noSecurity;
  const identity = actor === undefined ? {} : contextOfActor({ id: actor.id, meta: actor.meta ?? {} });
  if (scope === undefined) return identity;
  const policies: string[] = [];
  for (const id of scope) {
    const policy = guest.operate(security.operations.policy, [id]);
    if (policy instanceof TroupeError) return policy;
    policies.push((policy as { readonly [key: string]: Payload }).id as string);
  }
  return { ...identity, ...contextOfScope(scopeOf(policies)) };
}
