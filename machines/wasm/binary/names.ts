import type { Module } from './module.ts';
import { Reader } from './reader.ts';

const FUNCTION_NAMES = 1;

/**
 * Names of functions by index, for messages: from the custom section `name`, else the export's name, else the import's
 * `module.name`. A damaged custom section is no error: what cannot be read has no name.
 */
export class FunctionNames {
  readonly #module: Module;
  #names: Map<number, string> | undefined;

  constructor(module: Module) {
    this.#module = module;
  }

  get(index: number): string | undefined {
    this.#names ??= collect(this.#module);
    return this.#names.get(index);
  }
}

function collect(module: Module): Map<number, string> {
  const names = new Map<number, string>();
  for (const entry of module.imports) {
    if (entry.kind === 'function') names.set(entry.index, `${entry.module}.${entry.name}`);
  }
  for (const entry of module.exports) {
    if (entry.kind === 'function') names.set(entry.index, entry.name);
  }
  for (const section of module.sections) {
    if (section.id !== 0) continue;
    try {
      const reader = new Reader(module.bytes, section.start, section.end);
      if (reader.name() === 'name') readNames(reader, names);
    } catch {
      // Custom sections do not make a module invalid.
    }
  }
  return names;
}

function readNames(reader: Reader, names: Map<number, string>): void {
  while (reader.more) {
    const kind = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (kind === FUNCTION_NAMES) {
      for (let n = reader.count(); n > 0; n--) {
        const index = reader.unsigned();
        names.set(index, reader.name());
      }
    }
    reader.at = end;
  }
}
