/** A program's module in a worker: compiled once a worker and host. `prepare_module.ts` is what comes before. */
import { TroupeError } from '../../runtime/errors.ts';
import type { ImportTable } from '../../runtime/machine.ts';
import type { Entry } from '../../runtime/registry/entry.ts';
import type { TrustedOnly } from './asynchronous.ts';
import { compileContained } from './contained/compartment.ts';
import { lockDown } from './contained/lockdown.ts';
import type { Evaluated } from './factory.ts';
import { freezeShared } from './freeze.ts';
import type { TrustedImport } from './import_guard.ts';
import { Mapper } from './source_map.ts';
import { Stacks } from './stack.ts';
import { compileTrusted } from './trusted.ts';
import { NodeModules } from './node_modules.ts';
import type { Provision } from './provision.ts';

/** The part of an artifact that is a module; structured-cloneable. */
export interface ModuleData {
  /** Body of the factory. */
  readonly text: string;
  readonly map: string;
  /** Evaluated once for all processes, because it has no state. */
  readonly stateless: boolean;
  /** What a host that is not trusted refuses it for. */
  readonly trustedOnly: readonly TrustedOnly[];
  /** What it imports of Node. */
  readonly nodeImports: readonly TrustedImport[];
  /** Whether it has an `import()` of a name that is only known at run time. */
  readonly dynamicImports: boolean;
  /** Folder of the deployment. */
  readonly root: string;
}

/** The export that a method stands for. */
export function exportFor(method: string): string {
  return method === 'main' ? 'default' : method;
}

/** A module in a worker, for one host. */
export class LoadedModule {
  readonly stacks: Stacks;
  /** Whether it sees the language alone, and not Node: its host is not trusted. */
  readonly contained: boolean;
  readonly #name: string;
  readonly #entry: string;
  readonly #expected: string;
  readonly #factory: () => Evaluated;
  readonly #stateless: boolean;
  readonly #movable: boolean;
  #shared: Evaluated['exports'] | undefined = undefined;

  constructor(entry: Entry, data: ModuleData, imports: ImportTable, provision: Provision, expected: string) {
    this.#name = entry.source!.name;
    this.#entry = entry.id;
    this.#expected = expected;
    this.contained = !imports.trusted;
    this.#stateless = data.stateless;
    this.#movable = data.stateless && this.contained;
    const file = `troupe:${entry.id}`;
    this.stacks = new Stacks(file, this.#name, new Mapper(data.map));
    if (this.contained) refuseContained(entry, data, imports);
    try {
      this.#factory = this.contained
        ? compileContained(data.text, file, provision)
        : compileTrusted(data.text, file, provision, new NodeModules(entry, data, imports));
    } catch (thrown) {
      throw this.stacks.errorOf(thrown);
    }
  }

  /** Whether the exports are the same for every process. */
  get stateless(): boolean {
    return this.#stateless;
  }

  /** Whether all that a process of it is can be in the hands of the runtime; ordinary Node code has more. */
  get movable(): boolean {
    return this.#movable;
  }

  /** The exports, for one process; throws what the module throws. */
  evaluate(): Evaluated['exports'] {
    if (this.#shared !== undefined) return this.#shared;
    const { exports, shared } = this.#factory();
    if (!this.#stateless) return exports;
    this.freeze(shared);
    this.#shared = Object.freeze(exports);
    return exports;
  }

  /** Freeze what all processes of it share. */
  freeze(shared: unknown): void {
    if (this.contained) lockDown().harden(shared);
    else freezeShared(shared);
  }

  /** The error for an export that is not what it should be. */
  refuse(method: string): TroupeError {
    return new TroupeError(
      `${this.#name}: the export "${exportFor(method)}" (method "${method}" of ${this.#entry}) is missing or not ${this.#expected}`,
      { kind: 'INVALID', retryable: false, place: this.#name },
    );
  }
}

/** The same artifact serves trusted and other hosts: what only the former may do is refused on the latter. */
function refuseContained(entry: Entry, data: ModuleData, imports: ImportTable): void {
  const first = data.trustedOnly[0];
  if (first === undefined) return;
  throw new TroupeError(
    `${first.place}: ${first.what}, which only hosts with \`trusted: true\` allow, and ${imports.host} is none: ${first.instead}, or run ${entry.id} on another host`,
    { kind: 'PERMISSION_DENIED', retryable: false, place: first.place },
  );
}
