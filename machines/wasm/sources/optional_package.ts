import { TroupeError } from '../../../runtime/errors.ts';
import type { Entry } from '../../../runtime/machine.ts';
import { showPlace } from '../../../runtime/registry/entry.ts';

/**
 * A compiler that is only needed for some entries and so is no dependency. `load` imports it; where it is not installed,
 * the error says for which entry it is wanted and how to get it.
 */
export async function optionalPackage<T>(name: string, entry: Entry, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (thrown) {
    if ((thrown as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND') throw thrown;
    throw new TroupeError(
      `${entry.id} is compiled by the package "${name}", which is not installed; run: npm install ${name}`,
      { kind: 'INVALID', retryable: false, place: showPlace(entry.source?.place ?? entry.place) },
    );
  }
}
