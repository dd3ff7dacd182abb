/** An error that no path caught, as the error with which the process ends: message, kind, place and Lua traceback. */
import { TroupeError } from '../../runtime/errors.ts';
import { formatSize } from '../../runtime/size.ts';
import type { Engine } from './engine.ts';
import type { LuaProgram } from './program.ts';
import { traceback } from './traceback.ts';
import { Kind } from './values/kinds.ts';
import { Status, Tag, TYPE_MASK, TYPE_NAMES, Type, VALUE_TAG } from './vm/layout.ts';

/** `chunk:line: ` as Lua puts it in front of messages. */
const PLACE = /^([^\n]*?):(\d+): /;

/** `L` has failed with `status`; the error value is on top of its stack. */
export function describeFailure(engine: Engine, program: LuaProgram, L: number, status: number): TroupeError {
  const { vm, reader } = engine;
  const { text: stack, chunk, line } = traceback(vm, L);
  const at = chunk === undefined ? undefined : `${program.chunkPath(chunk) ?? chunk}:${line}`;
  if (status === Status.MemoryError) {
    const allowed = formatSize(program.memoryLimit);
    return new TroupeError(
      `not enough memory: the process may use ${allowed}; keep less, or raise "limits.memory" of its host`,
      {
        kind: 'UNAVAILABLE',
        place: at,
        stack,
      },
    );
  }
  const value = vm.top(L);
  const tag = vm.memory.u8[(value + VALUE_TAG) >>> 0];
  if ((tag & TYPE_MASK) === Type.String) {
    const message = vm.text.readText(vm.memory.i32[value >>> 2], tag);
    const found = PLACE.exec(message);
    // A message may begin in this way by chance (`host:80: refused`): only names of chunks are places.
    const path = found === null ? undefined : program.chunkPath(found[1]);
    if (path === undefined) return new TroupeError(message, { place: at, stack });
    return new TroupeError(message.slice(found![0].length), { place: `${path}:${found![2]}`, stack });
  }
  if (tag === Tag.Userdata && vm.memory.i32[reader.data(value) >>> 2] === Kind.Error) {
    const error = readError(engine, value);
    const own = error.stack?.includes('\n') ? error.stack : stack;
    return new TroupeError(error.message, {
      kind: error.kind,
      retryable: error.retryable,
      details: error.details,
      stack: own,
      place: error.place ?? at,
    });
  }
  return new TroupeError(`a ${TYPE_NAMES[tag & TYPE_MASK]} was raised; raise a text or errors.new{...}`, {
    place: at,
    stack,
  });
}

/** The error object at `value`; one whose details cannot be sent goes without them. */
function readError(engine: Engine, value: number): TroupeError {
  try {
    return engine.reader.read(value, 'error') as TroupeError;
  } catch (refused) {
    return refused as TroupeError;
  }
}
