/**
 * XState for contained programs: one copy of its files a thread, evaluated in a compartment of its own, where it finds
 * no timer, no console and no promise either, and frozen, because all those programs share it.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { newCompartment } from '../../typescript/contained/compartment.ts';
import { lockDown } from '../../typescript/contained/lockdown.ts';
import { letInstancesOverride } from '../../typescript/contained/override.ts';
import { commandLogic } from './command_logic.ts';
import { denied, forPrograms, type Library } from './library.ts';

type Exports = { [name: string]: unknown };

let made: object | undefined;

/** The module `xstate` of contained programs, frozen. Throws UNAVAILABLE where this thread cannot contain programs. */
export function containedXState(): object {
  if (made !== undefined) return made;
  const library = evaluateLibrary();
  for (const exported of Object.values(library)) {
    // XState gives its objects methods of their own, bound to them, under the names of those of their classes.
    const prototype: object | undefined = typeof exported === 'function' ? exported.prototype : undefined;
    if (prototype !== undefined) letInstancesOverride(prototype, methodsOf(prototype));
  }
  const noPromises = denied(
    'promises are for hosts with `trusted: true`: what an actor answers comes to its parent as an event',
  );
  const module = forPrograms(library as unknown as Library, {
    fromPromise: commandLogic,
    toPromise: noPromises,
    waitFor: noPromises,
  });
  made = lockDown().harden(module);
  return made;
}

/** Evaluates the files of the package that the runtime itself uses, which are CommonJS and need nothing else. */
function evaluateLibrary(): Exports {
  const compartment = newCompartment({
    // Where XState cannot tell anybody of an error but by throwing it later: its program has made it now.
    setTimeout: (throwLater: () => void) => throwLater(),
  });
  const loaded = new Map<string, Exports>();
  const load = (file: string): Exports => {
    const before = loaded.get(file);
    if (before !== undefined) return before;
    const exports: Exports = {};
    loaded.set(file, exports);
    const factory = compartment.evaluate(
      `(function (exports, require) {${readFileSync(file, 'utf8')}\n})\n//# sourceURL=${NAME}`,
    ) as (exports: Exports, require: (name: string) => Exports) => void;
    const require = createRequire(file);
    factory(exports, name => load(require.resolve(name)));
    return exports;
  };
  return load(createRequire(import.meta.url).resolve('xstate'));
}

/** How stacks name it: not as a program. */
const NAME = 'xstate';

function methodsOf(prototype: object): PropertyKey[] {
  return Reflect.ownKeys(prototype).filter(
    key => key !== 'constructor' && typeof Reflect.getOwnPropertyDescriptor(prototype, key)!.value === 'function',
  );
}
