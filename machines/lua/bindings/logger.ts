/**
 * `logger` with fields and names that stay: `logger:with{...}`, `logger:named("...")`. The module does where a logger
 * is wanted, so `logger.info("x")` and `logger:info("x")` are the same.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import { LOG_LEVELS } from '../../../runtime/logger.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { isMap } from '../../../runtime/payload/payload.ts';
import { invalid, mustBeTable, payloadArgument, payloadArguments, textArgument, typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { type ObjectClass, REQUIRED } from '../objects.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { REGISTRY, Type } from '../vm/layout.ts';
import { isKind } from './object_kind.ts';
import { pushOperation } from './operation.ts';
import { packedArgument, pushPacked } from './packed.ts';

/** Fields of every record of a logger. */
type Fields = { readonly [key: string]: Payload };

const NO_FIELDS: Fields = Object.freeze({});
/** The field that shows what a logger is called. */
const NAME = 'logger';

export function loggerModule(engine: Engine): HostModule {
  return { name: 'logger', functions: methods(engine) };
}

export function loggerClass(engine: Engine): ObjectClass {
  return { kind: Kind.Logger, methods: { name: 'logger methods', functions: methods(engine) } };
}

function methods(engine: Engine): { [name: string]: HostFunction } {
  const levels = LOG_LEVELS.map((level): [string, HostFunction] => [level, L => write(engine, L, level)]);
  return {
    ...Object.fromEntries(levels),
    with: L => {
      const [index, fields] = ownFields(engine, L);
      mustBeTable(engine, L, index);
      const more = asFields(payloadArgument(engine, L, index, 'fields'));
      if (more instanceof TroupeError) return pushFailure(engine, L, more);
      return pushPacked(engine, L, Kind.Logger, { ...fields, ...more });
    },
    named: L => {
      const [index, fields] = ownFields(engine, L);
      const name = textArgument(engine, L, index);
      if (name === '') return pushFailure(engine, L, invalid('logger.named: name must not be empty'));
      const outer = fields[NAME];
      return pushPacked(engine, L, Kind.Logger, { ...fields, [NAME]: outer === undefined ? name : `${outer}.${name}` });
    },
  };
}

/** Where the arguments begin, behind the logger or the module if one is there, and the logger's fields. */
function ownFields(engine: Engine, L: number): [index: number, fields: Fields] {
  if (isKind(engine, L, 1, Kind.Logger)) return [2, packedArgument(engine, L, 1, Kind.Logger) as Fields];
  return [isModule(engine, L) ? 2 : 1, NO_FIELDS];
}

/** Whether the first argument is what `require("logger")` gave. */
function isModule(engine: Engine, L: number): boolean {
  if (typeOf(engine, L, 1) !== Type.Table) return false;
  const { api, adapter, text } = engine.vm;
  const count = engine.vm.count(L);
  adapter.rawGetInteger(L, REGISTRY, REQUIRED);
  text.push(L, 'logger');
  api.lua_rawget(L, -2);
  const same = api.lua_rawequal(L, 1, -1) !== 0;
  api.lua_settop(L, count);
  return same;
}

function write(engine: Engine, L: number, level: string): number {
  const [index, own] = ownFields(engine, L);
  const args = payloadArguments(engine, L, index, 'argument');
  if (args instanceof TroupeError || own === NO_FIELDS) return pushOperation(engine, L, 'logger', level, args);
  const given = args[1];
  const fields = given instanceof TroupeError ? { error: given } : asFields(given ?? {});
  if (fields instanceof TroupeError) return pushFailure(engine, L, fields);
  return pushOperation(engine, L, 'logger', level, [args[0], { ...own, ...fields }]);
}

/** A table with names as keys; an empty one arrives as a list. */
function asFields(value: Payload | TroupeError): Fields | TroupeError {
  if (value instanceof TroupeError) return value;
  if (Array.isArray(value))
    return value.length === 0 ? NO_FIELDS : invalid('fields must be a table with names as keys');
  return isMap(value) ? value : invalid('fields must be a table with names as keys');
}
