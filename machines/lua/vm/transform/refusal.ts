import { TroupeError } from '../../../../runtime/errors.ts';

/**
 * What every failed check ends in: the binary is not the one that this transform knows how to change. Kind INTERNAL;
 * `check` completes "the Lua binary cannot be transformed: ...".
 */
export function refusal(check: string): TroupeError {
  return new TroupeError(
    `the Lua binary cannot be transformed: ${check}. It was written for wasmoon 1.16.0; machines/lua/vm/transform/README.md tells how to port it`,
    { kind: 'INTERNAL', retryable: false },
  );
}

/** Throws unless `condition` holds. */
export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw refusal(what);
}
