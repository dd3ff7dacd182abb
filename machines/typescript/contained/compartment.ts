/** Where contained programs are evaluated: a compartment each, over the intrinsics that are locked down. */
import { type Evaluated, HOST_MODULE, type HostModules } from '../factory.ts';
import type { Provision } from '../provision.ts';
import { furnish } from './globals.ts';
import { type Compartment, lockDown } from './lockdown.ts';

/** With the globals of the language, and `more`. Throws UNAVAILABLE where this thread cannot contain programs. */
export function newCompartment(more: object = {}): Compartment {
  const { Compartment, harden } = lockDown();
  const compartment = new Compartment({ globals: {}, __options__: true });
  const global = compartment.globalThis;
  furnish(global);
  Object.assign(global, more);
  // Before the first text is evaluated: names of what cannot change any more are looked up ten times as fast.
  harden(global);
  return compartment;
}

/**
 * Evaluate the text of a factory. Each call of the result evaluates the module anew, with state of its own. `file` is how
 * stacks name it. Throws UNAVAILABLE where this thread cannot contain programs.
 */
export function compileContained(text: string, file: string, provision: Provision): () => Evaluated {
  const { harden } = lockDown();
  harden(provision.classes);
  for (const module of provision.modules.values()) harden(module);
  const factory = newCompartment().evaluate(`(function (${HOST_MODULE}) {${text}})\n//# sourceURL=${file}`) as (
    modules: HostModules,
  ) => Evaluated;
  const provide = harden((name: string): object => {
    const module = provision.modules.get(name);
    // Programs can call it with any name.
    if (module === undefined) throw new TypeError(`there is no module ${JSON.stringify(name)}`);
    return module;
  });
  return () => factory(provide);
}
