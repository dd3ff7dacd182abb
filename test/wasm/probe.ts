/** A module with one export for each import function of the ABI: whatever the host passes goes to the call as it is. */
import {
  LOG_CALLS,
  OPERATION_CALL,
  PROCESS_CALLS,
  START_OPERATION_CALL,
  TIME_CALLS,
} from '../../machines/wasm/abi/calls.ts';
import type { CallSignature } from '../../machines/wasm/abi/signature.ts';

interface Probed {
  readonly module: string;
  readonly name: string;
  readonly signature: CallSignature;
}

function all(module: string, calls: { readonly [name: string]: CallSignature }): Probed[] {
  return Object.entries(calls).map(([name, signature]) => ({ module, name, signature }));
}

/** Every function that a module can import, some operations among them. */
export const PROBED: readonly Probed[] = [
  ...all('troupe:process', PROCESS_CALLS),
  ...all('troupe:time', TIME_CALLS),
  ...all('troupe:log', LOG_CALLS),
  { module: 'troupe:json', name: 'encode', signature: OPERATION_CALL },
  { module: 'troupe:json', name: 'start_encode', signature: START_OPERATION_CALL },
];

/** The export that makes a call: `process_send`, `time_sleep`. */
export function exportOf(probed: Probed): string {
  return `${probed.module.slice('troupe:'.length)}_${probed.name}`;
}

/** The imports of all of them, each as a function of this name. */
export function probeImports(nameOf: (index: number) => string): string {
  return PROBED.map(({ module, name, signature }, index) => {
    return `(import "${module}" "${name}" (func ${nameOf(index)} ${types(signature)}))`;
  }).join('\n');
}

/** `data`: what the first bytes of the memory are, as WAT string contents. `more`: further fields. */
export function probeModule(data: string, more = ''): string {
  const exports = PROBED.map(probed => {
    const { signature } = probed;
    const pass = signature.params.map((_, index) => `(local.get ${index})`).join(' ');
    return `(func (export "${exportOf(probed)}") ${types(signature)} (call $${exportOf(probed)} ${pass}))`;
  });
  return `(module ${probeImports(index => `$${exportOf(PROBED[index])}`)} (memory (export "memory") 1) (data (i32.const 0) "${data}") ${exports.join('\n')}
    (func (export "main")) ${more})`;
}

function types({ params, results }: CallSignature): string {
  return `${params.map(type => `(param ${type})`).join(' ')} ${results.map(type => `(result ${type})`).join(' ')}`;
}
