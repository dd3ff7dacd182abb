/**
 * A table of host functions as data: `process`, `string`, the methods of a channel. In Lua it begins empty; a member is
 * made when it is first asked for. So an idle process pays for what it uses, and a spawn for nothing.
 */
import type { StandardConstant } from './vm/standard.ts';
import type { HostFunction } from './vm/adapter.ts';

export interface HostModule {
  /** Unique; the global's name for those that are globals, otherwise only used here. */
  readonly name: string;
  readonly functions?: { readonly [name: string]: HostFunction };
  /** Functions that the others need, but that are no members. */
  readonly hidden?: { readonly [name: string]: HostFunction };
  /** Texts, and numbers: whole ones become integers, others floats. */
  readonly constants?: { readonly [name: string]: StandardConstant };
  /** Tables in this table, by member. */
  readonly modules?: { readonly [name: string]: HostModule };
  /** Functions of Lua's own, by member: place in the function table. */
  readonly standard?: ReadonlyMap<string, number>;
  /** Members that are made in another way: push one value. */
  readonly made?: { readonly [name: string]: (L: number) => void };
}

/** A member, ready to be pushed. */
export type Member =
  | { readonly function: number }
  | { readonly constant: StandardConstant }
  | { readonly module: LinkedModule }
  | { readonly push: (L: number) => void };

export class LinkedModule {
  /** Position in the list of all modules, the same for every process. */
  readonly index: number;
  readonly name: string;
  readonly members = new Map<string, Member>();

  constructor(index: number, name: string) {
    this.index = index;
    this.name = name;
  }
}

/** All functions of these modules and the modules in them, by `module.member`. */
export function functionsOf(modules: readonly HostModule[]): { [name: string]: HostFunction } {
  const all: { [name: string]: HostFunction } = {};
  const visit = (module: HostModule) => {
    for (const [member, fn] of Object.entries({ ...module.functions, ...module.hidden }))
      all[`${module.name}.${member}`] = fn;
    for (const inner of Object.values(module.modules ?? {})) visit(inner);
  };
  modules.forEach(visit);
  return all;
}

/** The modules with places instead of functions: `place` answers where `module.member` is. */
export function linkModules(
  modules: readonly HostModule[],
  place: (name: string) => number,
): ReadonlyMap<string, LinkedModule> {
  const linked = new Map<string, LinkedModule>();
  const link = (module: HostModule): LinkedModule => {
    const made = new LinkedModule(linked.size, module.name);
    linked.set(module.name, made);
    const { members } = made;
    for (const [name, slot] of module.standard ?? []) members.set(name, { function: slot });
    for (const name of Object.keys(module.functions ?? {})) {
      members.set(name, { function: place(`${module.name}.${name}`) });
    }
    for (const [name, constant] of Object.entries(module.constants ?? {})) members.set(name, { constant });
    for (const [name, push] of Object.entries(module.made ?? {})) members.set(name, { push });
    for (const [name, inner] of Object.entries(module.modules ?? {})) members.set(name, { module: link(inner) });
    return made;
  };
  modules.forEach(link);
  return linked;
}
