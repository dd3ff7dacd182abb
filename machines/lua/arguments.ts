/** Arguments of host functions: read from the stack's memory; the wrong type raises, as Lua's own functions do. */
import { parseDuration } from '../../runtime/duration.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { didYouMean } from '../../runtime/registry/suggest.ts';
import { nanosecondsArgument } from './bindings/moments.ts';
import type { Engine } from './engine.ts';
import { STATE_TOP, Tag, TYPE_MASK, Type, VALUE_TAG } from './vm/layout.ts';

/** The `Type` of an argument; None beyond the last. */
export function typeOf(engine: Engine, L: number, index: number): number {
  const { vm } = engine;
  if (index > vm.count(L)) return Type.None;
  return vm.memory.u8[(vm.argument(L, index) + VALUE_TAG) >>> 0] & TYPE_MASK;
}

/** A string, as text. */
export function textArgument(engine: Engine, L: number, index: number): string {
  const { vm } = engine;
  const { i32, u8 } = vm.memory;
  const at = vm.argument(L, index);
  if (at < i32[(L + STATE_TOP) >>> 2]) {
    const tag = u8[(at + VALUE_TAG) >>> 0];
    if (tag === Tag.ShortString || tag === Tag.LongString) return vm.text.readText(i32[at >>> 2], tag);
  }
  return vm.badType(L, index, 'string');
}

/** A string, or undefined for nil and nothing. */
export function optionalText(engine: Engine, L: number, index: number): string | undefined {
  return typeOf(engine, L, index) <= Type.Nil ? undefined : textArgument(engine, L, index);
}

export function optionalNumber(engine: Engine, L: number, index: number): number | undefined {
  const type = typeOf(engine, L, index);
  if (type <= Type.Nil) return undefined;
  if (type !== Type.Number) return engine.vm.badType(L, index, 'number');
  return engine.vm.api.lua_tonumberx(L, index, 0);
}

export function mustBeTable(engine: Engine, L: number, index: number): void {
  if (typeOf(engine, L, index) !== Type.Table) engine.vm.badType(L, index, 'table');
}

export function mustBeFunction(engine: Engine, L: number, index: number): void {
  if (typeOf(engine, L, index) !== Type.Function) engine.vm.badType(L, index, 'function');
}

/**
 * A duration in milliseconds, more than 0: a number is nanoseconds, a text is in Go's style, a duration object is
 * itself. The error (INVALID) is for the caller to return.
 */
export function durationArgument(engine: Engine, L: number, index: number): number | TroupeError {
  const type = typeOf(engine, L, index);
  let milliseconds: number | undefined;
  if (type === Type.Number) milliseconds = engine.vm.api.lua_tonumberx(L, index, 0) / 1e6;
  else if (type === Type.String) {
    const text = textArgument(engine, L, index);
    milliseconds = parseDuration(text);
    if (milliseconds === undefined) {
      return invalid(`"${text}" is not a duration; write it like "5ms", "1.5s" or "1h30m"`);
    }
  } else milliseconds = Number(nanosecondsArgument(engine, L, index)) / 1e6;
  if (!(milliseconds > 0 && milliseconds < Number.POSITIVE_INFINITY)) {
    return invalid('a duration must be longer than zero');
  }
  return milliseconds;
}

/** Arguments `first` and later as payloads, or why one of them cannot be sent. `name` is for the path in messages. */
export function payloadArguments(engine: Engine, L: number, first: number, name: string): Payload[] | TroupeError {
  const { vm, reader } = engine;
  const count = vm.count(L) - first + 1;
  const list: Payload[] = [];
  try {
    for (let i = 0; i < count; i++) {
      list.push(reader.read(vm.argument(L, first + i), count === 1 ? name : `${name}[${i + 1}]`, i > 0));
    }
  } catch (refused) {
    // Reading calls nothing in Lua, so what was thrown can only be a refusal.
    return refused as TroupeError;
  }
  return list;
}

/** One argument as a payload; nil for one that is not there. */
export function payloadArgument(engine: Engine, L: number, index: number, name: string): Payload | TroupeError {
  if (index > engine.vm.count(L)) return null;
  try {
    return engine.reader.read(engine.vm.argument(L, index), name);
  } catch (refused) {
    return refused as TroupeError;
  }
}

/** A table of options that are true or false; others than these are refused. */
export function switches<Name extends string>(
  engine: Engine,
  L: number,
  index: number,
  names: readonly Name[],
): { [name in Name]?: boolean } {
  mustBeTable(engine, L, index);
  const given = payloadArgument(engine, L, index, 'options');
  if (given instanceof TroupeError) return engine.vm.badArgument(L, index, given.message);
  for (const [key, value] of Object.entries(given as { [key: string]: Payload })) {
    if (!(names as readonly string[]).includes(key)) {
      const more = didYouMean(key, names, `; there is ${names.join(' and ')}`);
      engine.vm.badArgument(L, index, `unknown option "${key}"${more}`);
    }
    if (typeof value !== 'boolean') engine.vm.badArgument(L, index, `option ${key} must be true or false`);
  }
  return given as { [name in Name]?: boolean };
}

export function invalid(message: string): TroupeError {
  return new TroupeError(message, { kind: 'INVALID', retryable: false });
}
