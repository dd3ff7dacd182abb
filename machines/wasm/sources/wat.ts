import { TroupeError } from '../../../runtime/errors.ts';
import type { Entry } from '../../../runtime/machine.ts';
import { optionalPackage } from './optional_package.ts';

const FEATURES = {
  mutable_globals: true,
  sat_float_to_int: true,
  sign_extension: true,
  simd: true,
  multi_value: true,
  bulk_memory: true,
  reference_types: true,
};

/** `file:line:column: error: text`, as wabt writes it, followed by lines that show the place. */
const PROBLEM = /^.*?:(\d+):(\d+): error: (.*)$/gm;

let loaded: ReturnType<typeof import('wabt')> | undefined;

/** Making an instance takes longer than translating a small module with it. */
async function wabtFor(entry: Entry): Promise<Awaited<NonNullable<typeof loaded>>> {
  const { default: wabt } = await optionalPackage('wabt', entry, () => import('wabt'));
  return (loaded ??= wabt());
}

/** Translate the WebAssembly text format, names included. Throws INVALID with the place in the text. */
export async function compileWat(entry: Entry): Promise<Uint8Array> {
  const source = entry.source!;
  const tools = await wabtFor(entry);
  const text = new TextDecoder().decode(source.bytes);
  let module: ReturnType<typeof tools.parseWat> | undefined;
  try {
    module = tools.parseWat('module.wat', text, FEATURES);
    module.resolveNames();
    module.validate();
    return new Uint8Array(module.toBinary({ write_debug_names: true }).buffer);
  } catch (thrown) {
    throw problems(source.name, thrown instanceof Error ? thrown.message : String(thrown));
  } finally {
    module?.destroy();
  }
}

/** The text of a module, with the names that it has. */
export async function showWat(entry: Entry, bytes: Uint8Array): Promise<string> {
  const module = (await wabtFor(entry)).readWasm(bytes, { ...FEATURES, readDebugNames: true });
  try {
    module.applyNames();
    return module.toText({ foldExprs: true, inlineExport: false });
  } finally {
    module.destroy();
  }
}

function problems(name: string, report: string): TroupeError | AggregateError {
  const found = [...report.matchAll(PROBLEM)].map(([, line, column, text]) => {
    const place = `${name}:${line}:${column}`;
    return new TroupeError(`${place}: ${text}`, { kind: 'INVALID', retryable: false, place });
  });
  if (found.length === 1) return found[0];
  // What failed otherwise may have left the translator in any state.
  if (found.length === 0) loaded = undefined;
  if (found.length > 1) return new AggregateError(found, found.map(one => one.message).join('\n'));
  return new TroupeError(`${name}: ${report}`, { kind: 'INVALID', retryable: false, place: name });
}
