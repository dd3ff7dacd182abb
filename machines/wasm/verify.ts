/** Whether a module is one that can run as an entry: its imports, its exports and its signatures, before anything runs. */
import { closest } from 'fastest-levenshtein';
import { TroupeError, toTroupeError } from '../../runtime/errors.ts';
import type { Entry } from '../../runtime/machine.ts';
import { showPlace } from '../../runtime/registry/entry.ts';
import { LOG_CALLS, PROCESS_CALLS, resolveImport, TIME_CALLS } from './abi/calls.ts';
import { showSignature } from './abi/signature.ts';
import { ABI_VERSION } from './abi/codes.ts';
import { moduleAbi } from './abi/version.ts';
import type { FunctionSignature, ImportDescription, ModuleDescription } from './binary/inspect.ts';
import type { Module } from './binary/module.ts';
import { type CallPlan, type ModuleExports, planOf } from './functions/call_plan.ts';
import type { WitFunction } from './functions/wit_type.ts';
import { HANDLER_EXPORTS } from './instance/handlers.ts';
import { exportOf } from './wasi/command.ts';
import { WASI_CALLS, WASI_MODULE } from './wasi/signatures.ts';

const NUMBERS: ReadonlySet<string> = new Set(['i32', 'i64', 'f32', 'f64']);
const RECORD: FunctionSignature = { params: ['i32', 'i32'], results: [] };
/** Names that an error lists. */
const MOST_SHOWN = 8;
const NOTHING: FunctionSignature = { params: [], results: [] };

/** Exports whose type the host relies on. */
const FIXED_EXPORTS: { readonly [name: string]: readonly FunctionSignature[] } = {
  on_start: [RECORD, NOTHING],
  on_message: [RECORD],
  on_event: [RECORD],
  on_answer: [RECORD],
  troupe_alloc: [{ params: ['i32'], results: ['i32'] }],
  cabi_realloc: [{ params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] }],
  _initialize: [NOTHING],
};

export interface Verified {
  readonly imports: readonly { readonly module: string; readonly name: string }[];
  readonly exports: { readonly [name: string]: FunctionSignature };
  /** Values of `wit` signatures that are no numbers are AssemblyScript objects. */
  readonly assemblyscript: boolean;
}

/**
 * Check a module against the ABI and against its entry. Throws an AggregateError of all that is wrong, each INVALID with
 * the place of the entry's source.
 */
export function verifyModule(
  entry: Entry,
  decoded: Module,
  module: ModuleDescription,
  wit: readonly WitFunction[],
): Verified {
  const problems = new Problems(entry);
  const exports = functionExports(module);
  checkVersion(decoded, problems);
  for (const wanted of module.imports) checkImport(entry, wanted, problems);
  checkMemory(module, problems);
  checkFixedExports(exports, problems);
  const assemblyscript = Object.hasOwn(exports, '__new') && Object.hasOwn(exports, '__pin');
  if (wit.length > 0) checkWit(entry, module, exports, wit, assemblyscript, problems);
  else checkMethod(entry, exports, module.imports, problems);
  problems.throwAny();
  return { imports: module.imports.map(({ module: from, name }) => ({ module: from, name })), exports, assemblyscript };
}

/** No method and no handlers. Also what a spawn with an unknown method fails with. */
export function methodMissing(id: string, method: string, exports: object, place: string): TroupeError {
  const names = Object.keys(exports).filter(name => !name.startsWith('__'));
  const some = names.slice(0, MOST_SHOWN).map(name => `"${name}"`);
  if (names.length > MOST_SHOWN) some.push(`${names.length - MOST_SHOWN} more`);
  const shown = names.length === 0 ? 'no functions' : some.join(', ');
  return new TroupeError(
    `${id} has no export "${method}" and no handlers (${HANDLER_EXPORTS.join(', ')}); it exports ${shown}. ` +
      'Export it, or name another one with `method:`',
    { kind: 'INVALID', retryable: false, place },
  );
}

class Problems {
  readonly entry: Entry;
  readonly place: string;
  readonly #found: TroupeError[] = [];

  constructor(entry: Entry) {
    this.entry = entry;
    this.place = showPlace(entry.source?.place ?? entry.place);
  }

  add(message: string): void {
    this.#found.push(
      new TroupeError(`${this.entry.id}: ${message}`, { kind: 'INVALID', retryable: false, place: this.place }),
    );
  }

  addError(error: TroupeError): void {
    this.#found.push(error);
  }

  throwAny(): void {
    if (this.#found.length === 1) throw this.#found[0];
    if (this.#found.length > 1) throw new AggregateError(this.#found, this.#found.map(one => one.message).join('\n'));
  }
}

function functionExports(module: ModuleDescription): { [name: string]: FunctionSignature } {
  const found: { [name: string]: FunctionSignature } = Object.create(null);
  for (const { name, type } of module.exports) if (type !== undefined) found[name] = type;
  return { ...found };
}

function checkVersion(decoded: Module, problems: Problems): void {
  const version = moduleAbi(decoded);
  if (version === ABI_VERSION) return;
  problems.add(
    version === undefined
      ? '"troupe_abi" must be an exported global of type i32 that is constant'
      : `it is made for version ${version} of the ABI, this host speaks version ${ABI_VERSION}; build it anew`,
  );
}

function checkImport(entry: Entry, wanted: ImportDescription, problems: Problems): void {
  const shown = `${wanted.module} ${wanted.name}`;
  if (wanted.kind !== 'function' || wanted.type === undefined) {
    problems.add(`it imports a ${wanted.kind}, "${shown}"; only functions can be imported, a memory must be its own`);
    return;
  }
  const found = resolveImport(wanted.module, wanted.name);
  if (found === undefined) {
    problems.add(unknownImport(wanted));
    return;
  }
  const { signature, target } = found;
  if (!sameType(signature, wanted.type)) {
    problems.add(`it imports "${shown}" as ${show(wanted.type)}, but the function is ${show(signature)}`);
  }
  const { capability } = target;
  if (capability !== undefined && !entry.wants.some(want => want.name === capability)) {
    problems.add(`it imports "${shown}", which needs the capability "${capability}"; add it to \`imports:\``);
  }
}

function unknownImport(wanted: ImportDescription): string {
  const shown = `"${wanted.module} ${wanted.name}"`;
  switch (wanted.module) {
    case 'troupe:process':
      return `it imports ${shown}, which does not exist; did you mean "${closest(wanted.name, Object.keys(PROCESS_CALLS))}"?`;
    case 'troupe:log':
      return `it imports ${shown}, which does not exist; there are ${Object.keys(LOG_CALLS).join(', ')}`;
    case 'troupe:time':
      return `it imports ${shown}, which does not exist; there are ${Object.keys(TIME_CALLS).join(', ')}`;
    case WASI_MODULE:
      return `it imports ${shown}, which does not exist; did you mean "${closest(wanted.name, Object.keys(WASI_CALLS))}"?`;
    case 'wasi_unstable':
      return `it imports ${shown}, an older WASI than "${WASI_MODULE}"; build it with a newer compiler or libc`;
    case 'env':
      return `it imports ${shown}; from "env" there are only AssemblyScript's "abort" and "seed"`;
    default:
      return `it imports ${shown}; there are only the modules "troupe:process", "troupe:time", "troupe:log", "troupe:<capability>" and "${WASI_MODULE}"`;
  }
}

function checkMemory(module: ModuleDescription, problems: Problems): void {
  if (module.memory?.shared) problems.add('it has a shared memory; build it without threads');
  if (module.exports.some(one => one.kind === 'memory' && one.name === 'memory')) return;
  const user = module.imports.find(one => one.module !== 'env' && one.type?.params.includes('i32'));
  const handler = module.exports.find(one => (HANDLER_EXPORTS as readonly string[]).includes(one.name));
  if (user === undefined && handler === undefined) return;
  const reason = user === undefined ? `"${handler!.name}" takes` : `"${user.module} ${user.name}" takes`;
  problems.add(`it exports no "memory", but ${reason} addresses in it; export the memory under that name`);
}

function checkFixedExports(exports: { readonly [name: string]: FunctionSignature }, problems: Problems): void {
  for (const [name, types] of Object.entries(FIXED_EXPORTS)) {
    if (!Object.hasOwn(exports, name) || types.some(type => sameType(type, exports[name]))) continue;
    problems.add(`its export "${name}" is ${show(exports[name])}, but must be ${types.map(show).join(' or ')}`);
  }
}

function checkMethod(
  entry: Entry,
  exports: { readonly [name: string]: FunctionSignature },
  imports: readonly ImportDescription[],
  problems: Problems,
): void {
  const method = exportOf(entry.method, exports, imports);
  if (Object.hasOwn(exports, method)) {
    const type = exports[method];
    if ([...type.params, ...type.results].every(one => NUMBERS.has(one))) return;
    problems.add(`its export "${method}" is ${show(type)}; only numbers can be passed`);
    return;
  }
  const handlers = HANDLER_EXPORTS.filter(name => Object.hasOwn(exports, name));
  if (handlers.length === 0 || !entry.kind.startsWith('process.')) {
    problems.addError(methodMissing(entry.id, method, exports, problems.place));
    return;
  }
  if (!Object.hasOwn(exports, 'troupe_alloc')) {
    problems.add(
      `its export "${handlers[0]}" takes records, for which it must also export "troupe_alloc": (i32) -> i32`,
    );
  }
}

function checkWit(
  entry: Entry,
  module: ModuleDescription,
  functions: { readonly [name: string]: FunctionSignature },
  wit: readonly WitFunction[],
  assemblyscript: boolean,
  problems: Problems,
): void {
  if (!wit.some(signature => signature.name === entry.method)) {
    const names = wit.map(signature => `"${signature.name}"`).join(', ');
    problems.add(`\`wit:\` describes ${names}, but the method is "${entry.method}"; set \`method:\` to one of them`);
  }
  const globals = new Set(module.exports.filter(one => one.kind === 'global').map(one => one.name));
  const hasMemory = module.exports.some(one => one.kind === 'memory' && one.name === 'memory');
  for (const signature of wit) {
    if (!Object.hasOwn(functions, signature.name)) {
      if (signature.name === entry.method) {
        problems.addError(methodMissing(entry.id, signature.name, functions, problems.place));
      } else {
        problems.add(`\`wit:\` describes "${signature.name}", which it does not export`);
      }
      continue;
    }
    checkSignature(signature, { functions, globals }, hasMemory, assemblyscript, problems);
  }
}

function checkSignature(
  signature: WitFunction,
  exports: ModuleExports,
  hasMemory: boolean,
  assemblyscript: boolean,
  problems: Problems,
): void {
  const { name } = signature;
  let plan: CallPlan;
  try {
    plan = planOf(signature, assemblyscript);
  } catch (thrown) {
    problems.add(`\`wit:\` of "${name}": ${toTroupeError(thrown, 'INTERNAL').message}`);
    return;
  }
  const actual = exports.functions[name];
  if (!sameType(plan.type, actual)) {
    problems.add(`its export "${name}" is ${show(actual)}, but its \`wit:\` signature needs ${show(plan.type)}`);
  }
  if (plan.usesMemory && !hasMemory) {
    problems.add(`it exports no "memory", but values of "${name}" lie in it; export the memory under that name`);
  }
  for (const problem of plan.lacks(exports)) problems.add(problem);
}

function sameType(one: Pick<FunctionSignature, 'params' | 'results'>, other: FunctionSignature): boolean {
  return one.params.join() === other.params.join() && one.results.join() === other.results.join();
}

function show(type: Pick<FunctionSignature, 'params' | 'results'>): string {
  return showSignature(type.params, type.results);
}
