import { TroupeError } from '../../../runtime/errors.ts';
import type { BoundCapability } from '../../../runtime/capabilities/capability.ts';
import type { Entry, ImportTable } from '../../../runtime/machine.ts';
import { showPlace } from '../../../runtime/registry/entry.ts';
import { type ImportTarget, resolveImport } from '../abi/calls.ts';
import { wasiCalls } from '../wasi/wasi_calls.ts';
import { envCalls, logCalls, operationCall, startOperationCall, timeCalls } from './capability_calls.ts';
import type { HostCall, HostCalls, Running } from './guest.ts';
import { processCalls } from './process_calls.ts';

/** One function that a module imports. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/**
 * The import object of a program: exactly the functions that its module asks for, over what the host grants. All
 * instances share it. Throws PERMISSION_DENIED or INVALID that names the import.
 */
export function linkModule(
  entry: Entry,
  wanted: readonly ImportName[],
  imports: ImportTable,
  running: Running,
): WebAssembly.Imports {
  const rooms = new Rooms(entry, imports, running);
  const linked: WebAssembly.Imports = {};
  for (const { module, name } of wanted) {
    if (linked[module] === undefined) linked[module] = {};
    linked[module][name] = rooms.call(resolveImport(module, name)!.target, `${module} ${name}`);
  }
  return linked;
}

/** The functions of each import module, made when the first of them is asked for. */
class Rooms {
  readonly #entry: Entry;
  readonly #imports: ImportTable;
  readonly #running: Running;
  readonly #made = new Map<string, HostCalls>();

  constructor(entry: Entry, imports: ImportTable, running: Running) {
    this.#entry = entry;
    this.#imports = imports;
    this.#running = running;
  }

  call(target: ImportTarget, shown: string): HostCall {
    if (target.room === 'operation') {
      const { operations } = this.#granted(target.capability, shown);
      const operation = Object.hasOwn(operations, target.name) ? operations[target.name] : undefined;
      if (operation === undefined) throw this.#unknownOperation(target.capability, shown, Object.keys(operations));
      return target.starts ? startOperationCall(this.#running, operation) : operationCall(this.#running, operation);
    }
    let calls = this.#made.get(target.room);
    if (calls === undefined) {
      calls = this.#make(target, shown);
      this.#made.set(target.room, calls);
    }
    return calls[target.name] ?? this.#refused(target.capability ?? target.room, shown);
  }

  #make(target: Exclude<ImportTarget, { room: 'operation' }>, shown: string): HostCalls {
    switch (target.room) {
      case 'process':
        return processCalls(this.#running, this.#imports.get('security'));
      case 'time':
        return timeCalls(this.#running, this.#granted('time', shown));
      case 'log':
        return logCalls(this.#running, this.#granted('logger', shown));
      case 'wasi':
        return wasiCalls(this.#running, this.#imports);
      default:
        return envCalls(this.#running, this.#imports.get('random'));
    }
  }

  #granted(capability: string, shown: string): BoundCapability {
    return this.#imports.get(capability) ?? this.#refused(capability, shown);
  }

  #refused(capability: string, shown: string): never {
    throw new TroupeError(
      `${this.#entry.id} imports ${shown}, but has no capability "${capability}" on ${this.#imports.host}: add it to ` +
        '`imports:` of the entry and, if the host lists its `capabilities:`, there too',
      { kind: 'PERMISSION_DENIED', retryable: false, place: this.#place },
    );
  }

  #unknownOperation(capability: string, shown: string, known: readonly string[]): TroupeError {
    return new TroupeError(
      `${this.#entry.id} imports ${shown}, but "${capability}" has no such operation; it has ${known.join(', ')} ` +
        '(each also as start_...)',
      { kind: 'INVALID', retryable: false, place: this.#place },
    );
  }

  get #place(): string {
    return showPlace(this.#entry.source?.place ?? this.#entry.place);
  }
}
