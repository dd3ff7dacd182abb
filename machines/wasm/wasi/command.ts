import type { ImportName } from '../instance/link.ts';
import { WASI_MODULE } from './signatures.ts';

/** What the registry makes of an entry without `method:`. */
const DEFAULT_METHOD = 'main';
const START = '_start';

/** The export that a method means: `_start` where none was named, the module is a WASI command and it has no `main`. */
export function exportOf(method: string, exports: object, imports: readonly ImportName[]): string {
  if (method !== DEFAULT_METHOD || Object.hasOwn(exports, method) || !Object.hasOwn(exports, START)) return method;
  return imports.some(({ module }) => module === WASI_MODULE) ? START : method;
}
