/**
 * `security`: actors, scopes and policies as objects (semantics section 8). What is decided is decided by the
 * capability; an object holds an actor's id and meta, a policy's id, or the ids of a scope's policies.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { scopeOf } from '../../../runtime/security/identity.ts';
import { invalid, payloadArgument, textArgument, typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import { Type } from '../vm/layout.ts';
import { isKind } from './object_kind.ts';
import { callOperation, pushOperation } from './operation.ts';
import { packedArgument, pushPacked } from './packed.ts';

type Record = { readonly [key: string]: Payload };

export function securityModule(engine: Engine): HostModule {
  /** Push what an operation answers as an object of this kind; nothing stays nil. */
  const pushAnswered = (L: number, kind: Kind, answer: Payload | TroupeError): number => {
    if (answer instanceof TroupeError) return pushFailure(engine, L, answer);
    if (answer !== null && answer !== undefined) return pushPacked(engine, L, kind, answer);
    engine.vm.api.lua_pushnil(L);
    return 1;
  };
  return {
    name: 'security',
    functions: {
      actor: L => pushAnswered(L, Kind.Actor, callOperation(engine, 'security', 'actor', [])),
      scope: L => pushAnswered(L, Kind.Scope, callOperation(engine, 'security', 'scope', [])),
      new_actor: L => {
        const id = textArgument(engine, L, 1);
        if (id === '') engine.vm.badArgument(L, 1, 'id must not be empty');
        const meta = recordArgument(engine, L, 2, 'meta');
        return meta instanceof TroupeError
          ? pushFailure(engine, L, meta)
          : pushPacked(engine, L, Kind.Actor, { id, meta });
      },
      new_scope: L => pushPacked(engine, L, Kind.Scope, [...scopeOf(policyList(engine, L))]),
      policy: L => {
        const found = callOperation(engine, 'security', 'policy', [textArgument(engine, L, 1)]);
        if (found instanceof TroupeError) return pushFailure(engine, L, found);
        return pushPacked(engine, L, Kind.Policy, (found as Record).id);
      },
      named_scope: L => {
        const found = callOperation(engine, 'security', 'named_scope', [textArgument(engine, L, 1)]);
        return pushAnswered(L, Kind.Scope, found);
      },
    },
  };
}

export function securityClasses(engine: Engine): ObjectClass[] {
  const policies = (L: number) => packedArgument(engine, L, 1, Kind.Scope) as string[];
  const pushText = (L: number, text: string): number => {
    engine.vm.text.push(L, text);
    return 1;
  };
  return [
    {
      kind: Kind.Actor,
      methods: {
        name: 'actor methods',
        functions: {
          id: L => pushText(L, (packedArgument(engine, L, 1, Kind.Actor) as Record).id as string),
          meta: L => {
            engine.writer.push(L, (packedArgument(engine, L, 1, Kind.Actor) as Record).meta);
            return 1;
          },
        },
      },
    },
    {
      kind: Kind.Scope,
      methods: {
        name: 'scope methods',
        functions: {
          with: L => {
            const added = packedArgument(engine, L, 2, Kind.Policy) as string;
            return pushPacked(engine, L, Kind.Scope, [...scopeOf([...policies(L), added])]);
          },
          without: L => {
            const removed = policyId(engine, L, 2);
            return pushPacked(
              engine,
              L,
              Kind.Scope,
              policies(L).filter(id => id !== removed),
            );
          },
          contains: L => {
            engine.vm.api.lua_pushboolean(L, policies(L).includes(policyId(engine, L, 2)) ? 1 : 0);
            return 1;
          },
          policies: L => pushPolicies(engine, L, policies(L)),
          evaluate: L => evaluate(engine, L, policies(L)),
        },
      },
    },
    {
      kind: Kind.Policy,
      methods: {
        name: 'policy methods',
        functions: {
          id: L => pushText(L, packedArgument(engine, L, 1, Kind.Policy) as string),
          evaluate: L => evaluate(engine, L, [packedArgument(engine, L, 1, Kind.Policy) as string]),
        },
      },
    },
  ];
}

/** `(actor, action, resource, meta)` from the second argument on: "allow", "deny" or "undefined". */
function evaluate(engine: Engine, L: number, policies: readonly string[]): number {
  const nobody = typeOf(engine, L, 2) <= Type.Nil;
  const actor = nobody ? null : packedArgument(engine, L, 2, Kind.Actor);
  const action = textArgument(engine, L, 3);
  const resource = textArgument(engine, L, 4);
  const meta = recordArgument(engine, L, 5, 'meta');
  if (meta instanceof TroupeError) return pushFailure(engine, L, meta);
  return pushOperation(engine, L, 'security', 'evaluate', [[...policies], actor, action, resource, meta]);
}

/** A policy object, or its id. */
function policyId(engine: Engine, L: number, index: number): string {
  if (isKind(engine, L, index, Kind.Policy)) return packedArgument(engine, L, index, Kind.Policy) as string;
  return textArgument(engine, L, index);
}

/** Ids of the policy objects in the table that is the first argument; none where there is no argument. */
function policyList(engine: Engine, L: number): string[] {
  const { vm } = engine;
  const type = typeOf(engine, L, 1);
  if (type <= Type.Nil) return [];
  if (type !== Type.Table) return vm.badType(L, 1, 'table of policies');
  const ids: string[] = [];
  vm.api.lua_settop(L, 1);
  while (vm.adapter.rawGetInteger(L, 1, ids.length + 1) !== Type.Nil) {
    if (!isKind(engine, L, 2, Kind.Policy)) {
      vm.badArgument(L, 1, `item ${ids.length + 1} is not a policy; security.policy(id) gives one`);
    }
    ids.push(packedArgument(engine, L, 2, Kind.Policy) as string);
    vm.api.lua_settop(L, 1);
  }
  return ids;
}

function pushPolicies(engine: Engine, L: number, ids: readonly string[]): number {
  const { vm } = engine;
  vm.api.lua_createtable(L, ids.length, 0);
  for (let i = 0; i < ids.length; i++) {
    pushPacked(engine, L, Kind.Policy, ids[i]);
    vm.adapter.rawSetInteger(L, -2, i + 1);
  }
  return 1;
}

/** A table with names as keys, empty for nil and nothing. */
function recordArgument(engine: Engine, L: number, index: number, name: string): Record | TroupeError {
  if (typeOf(engine, L, index) > Type.Nil && typeOf(engine, L, index) !== Type.Table) {
    return engine.vm.badType(L, index, 'table');
  }
  const value = payloadArgument(engine, L, index, name);
  if (value instanceof TroupeError) return value;
  if (!Array.isArray(value)) return (value ?? {}) as Record;
  return value.length === 0 ? {} : invalid(`${name} must be a table with names as keys`);
}
