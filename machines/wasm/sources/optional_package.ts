import { TroupeError } from '../../../runtime/errors.ts';
import type { Entry } from '../../../runtime/machine.ts';
import { showPlace } from '../../../runtime/registry/entry.ts';

/** Codes of Node's errors: of `import` and of `require`. */
const MISSING: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

/**
 * A compiler that is only needed for some entries and so is no dependency. `load` imports it; where it is not installed,
 * the error says for which entry it is wanted and how to get it.
 */
export async function optionalPackage<T>(name: string, entry: Entry, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    throw asMissing(name, entry, thrown);
  }
}

/** What finding or importing a package threw, in the words of a user where it is not installed. */
export function asMissing(name: string, entry: Entry, thrown: unknown): unknown {
  if (!MISSING.has((thrown as { code?: unknown }).code)) return thrown;
  return new TroupeError(
    `${entry.id} is compiled by the package "${name}", which is not installed; run: npm install ${name}`,
    { kind: 'INVALID', retryable: false, place: showPlace(entry.source?.place ?? entry.place) },
  );
}
