/**
 * The import functions of ABI version 1, as data: what a module may import, with which type, and whether the call can
 * wait. `README.md` beside this folder says what each does. Linking, checking and the transform all read this table.
 */
import { WASI_CALLS, WASI_MODULE } from '../wasi/signatures.ts';
import type { CallSignature, ValueType } from './signature.ts';

const I1 = ['i32'] as const;

/** `count` i32 parameters and an i32 result. */
function words(count: number, blocks = false): CallSignature {
  return { params: new Array<ValueType>(count).fill('i32'), results: I1, blocks };
}

function call(params: readonly ValueType[], results: readonly ValueType[], blocks = false): CallSignature {
  return { params, results, blocks };
}

/** `troupe:process`: there for every program. */
export const PROCESS_CALLS = {
  // Own identity and results: (out, capacity) -> length.
  pid: words(2),
  id: words(2),
  args: words(2),
  context: words(2),
  take_result: words(2),
  last_error: words(2),

  // Messages out: dest, topic, payload.
  send: words(6),
  send_list: words(6),

  // Children: id, host, args, out.
  spawn: words(8),
  spawn_monitored: words(8),
  spawn_linked: words(8),
  spawn_linked_monitored: words(8),
  spawn_with: words(4),

  // Other processes.
  monitor: words(2),
  unmonitor: words(2),
  link: words(2),
  unlink: words(2),
  cancel: words(4),
  terminate: words(2),
  register: words(4),
  lookup: words(4),
  unregister: words(2),
  set_options: words(2),
  get_options: words(0),

  // Messages in.
  listen: words(2),
  unlisten: words(2),
  try_receive: words(2),
  try_select: words(3),
  receive: words(2, true),
  receive_timeout: call(['f64', 'i32', 'i32'], I1, true),
  receive_on: call(['i32', 'i32', 'f64', 'i32', 'i32'], I1, true),
  select: call(['i32', 'f64', 'i32', 'i32'], I1, true),

  // Results of other programs.
  exec: words(8, true),
  exec_with: words(4, true),
  call: words(6, true),

  // Commands whose answers come as records.
  start_timer: call(['i32', 'f64'], I1),
  start_exec: words(3),
  start_call: words(5),
  abandon: call(['i32'], []),

  // The end.
  exit: call(['i32', 'i32'], []),
  fail: call(['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], []),
  fail_with: call(['i32', 'i32'], []),
  upgrade: words(4),
} as const satisfies Record<string, CallSignature>;

/** `troupe:time`: needs the capability `time`. Its other operations are bound like those of any capability. */
export const TIME_CALLS = {
  now: call([], ['i64']),
  unix: call([], ['f64']),
  sleep: call(['f64'], I1, true),
} as const satisfies Record<string, CallSignature>;

/** `troupe:log`: needs the capability `logger`. Text, then fields as a MessagePack map (length 0: none). */
export const LOG_CALLS = {
  debug: words(4),
  info: words(4),
  warn: words(4),
  error: words(4),
} as const satisfies Record<string, CallSignature>;

/** What AssemblyScript's own library imports from `env`. */
export const ENV_CALLS = {
  abort: call(['i32', 'i32', 'i32', 'i32'], []),
  seed: call([], ['f64']),
} as const satisfies Record<string, CallSignature>;

/** Any operation of a capability, `troupe:<capability>` `<operation>`: args, out. Which ones wait is known at link time. */
export const OPERATION_CALL: CallSignature = words(4, true);

/** `troupe:<capability>` `start_<operation>`: tag, args. The answer comes as a record. */
export const START_OPERATION_CALL: CallSignature = words(3);

const PREFIX = 'troupe:';
const START = 'start_';
/** Operations whose own names begin so, by capability: without a second one in front they wait like any other. */
export const NAMED_START: { readonly [capability: string]: readonly string[] } = { supervisor: ['start_child'] };

/** What one import asks for. */
export type ImportTarget =
  | {
      readonly room: 'process' | 'time' | 'log' | 'env' | 'wasi';
      readonly capability: string | undefined;
      readonly name: string;
    }
  | { readonly room: 'operation'; readonly capability: string; readonly name: string; readonly starts: boolean };

/** Where an import leads and the type it must have; undefined for a module or a name that is not part of the ABI. */
export function resolveImport(
  module: string,
  name: string,
): { readonly target: ImportTarget; readonly signature: CallSignature } | undefined {
  if (module === 'env')
    return own(ENV_CALLS, { room: 'env', capability: name === 'seed' ? 'random' : undefined, name });
  // Each function sees for itself what was granted: libc imports more than a program uses.
  if (module === WASI_MODULE) return own(WASI_CALLS, { room: 'wasi', capability: undefined, name });
  if (!module.startsWith(PREFIX)) return undefined;
  const capability = module.slice(PREFIX.length);
  if (capability === 'process') return own(PROCESS_CALLS, { room: 'process', capability: undefined, name });
  if (capability === 'log') return own(LOG_CALLS, { room: 'log', capability: 'logger', name });
  if (capability === 'time') {
    const native = own(TIME_CALLS, { room: 'time', capability: 'time', name });
    if (native !== undefined) return native;
  }
  const starts = name.startsWith(START) && !NAMED_START[capability]?.includes(name);
  return {
    target: { room: 'operation', capability, name: starts ? name.slice(START.length) : name, starts },
    signature: starts ? START_OPERATION_CALL : OPERATION_CALL,
  };
}

function own(table: { readonly [name: string]: CallSignature }, target: ImportTarget) {
  return Object.hasOwn(table, target.name) ? { target, signature: table[target.name] } : undefined;
}

/** Whether a module that imports this must be made suspendable. */
export function canBlock(module: string, name: string): boolean {
  return resolveImport(module, name)?.signature.blocks ?? false;
}
