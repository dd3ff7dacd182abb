import type { FunctionSignature, MemoryDescription } from './binary/inspect.ts';
import type { Form } from './form.ts';
import type { WitFunction } from './functions/wit_type.ts';
import type { ImportName } from './instance/link.ts';

/** What `prepare` makes of a WebAssembly entry; structured-cloneable. */
export interface WasmArtifact {
  /** The module as it runs on most hosts, and how it was made. */
  readonly module: WebAssembly.Module;
  readonly form: Form;
  /** The module as it was given or compiled: for names, and to make it anew for other limits. */
  readonly original: Uint8Array;
  /** Its own memory as it states it. */
  readonly memory: MemoryDescription | undefined;
  /** Where forms of the module are kept; undefined where there is no such place. */
  readonly cache: string | undefined;
  /** Functions that it imports. */
  readonly imports: readonly ImportName[];
  /** Functions that it exports. */
  readonly exports: { readonly [name: string]: FunctionSignature };
  /** Signatures of the `wit:` key. */
  readonly wit: readonly WitFunction[];
  /** Values of `wit` signatures that are no numbers are AssemblyScript objects. */
  readonly assemblyscript: boolean;
}
