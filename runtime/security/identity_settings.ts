/** `security:` of services and hosts: for whom their processes act, and under which policies (semantics section 7). */
import type { Payload } from '../payload/payload.ts';
import type { Entry } from '../registry/entry.ts';
import { contextOfActor, contextOfScope, scopeOf } from './identity.ts';
import { groupMembers } from './policies.ts';

export interface IdentitySettings {
  readonly actor?: { readonly id: string; readonly meta: { readonly [key: string]: unknown } };
  readonly groups: readonly string[];
  readonly policies: readonly string[];
}

/** What to lay over a context; undefined where nothing is said. An actor alone may do nothing: no policy allows it. */
export function identityOf(
  entries: ReadonlyMap<string, Entry>,
  settings: IdentitySettings | undefined,
): { readonly [key: string]: Payload } | undefined {
  if (settings === undefined) return undefined;
  const { actor, groups, policies } = settings;
  const scope = [...policies, ...groups.flatMap(group => groupMembers(entries, group))];
  if (actor === undefined && scope.length === 0) return undefined;
  const identity =
    actor === undefined ? {} : contextOfActor({ id: actor.id, meta: actor.meta as { [key: string]: Payload } });
  return { ...identity, ...contextOfScope(scopeOf(scope)) };
}
