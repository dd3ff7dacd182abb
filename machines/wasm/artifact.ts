import type { FunctionSignature } from './binary/inspect.ts';
import type { WitFunction } from './functions/wit.ts';
import type { ImportName } from './instance/link.ts';

/** What `prepare` makes of a WebAssembly entry; structured-cloneable. */
export interface WasmArtifact {
  /** The module as it runs: made suspendable where it can wait or be preempted. */
  readonly module: WebAssembly.Module;
  /** The module as it was given or compiled: for names, and to make it anew with another memory limit. */
  readonly original: Uint8Array;
  readonly suspendable: boolean;
  /** Whether loops are counted, so that one that does not end can be stopped. */
  readonly preemptable: boolean;
  /** Its mutable globals; undefined where more than these and the memory can change, so that no instance is used twice. */
  readonly state: readonly number[] | undefined;
  /** Functions that it imports. */
  readonly imports: readonly ImportName[];
  /** Functions that it exports. */
  readonly exports: { readonly [name: string]: FunctionSignature };
  /** Signatures of the `wit:` key. */
  readonly wit: readonly WitFunction[];
  /** Text and bytes of `wit` signatures are AssemblyScript objects. */
  readonly assemblyscript: boolean;
}
