/**
 * `errors` and error objects (semantics section 5). An error object does where a string is expected: it converts with
 * `tostring` and `..`, has the methods of strings beside its own, and the string library takes it (`vm/adapter.ts`).
 */
import { ERROR_KINDS, type ErrorDetails, isErrorKind, TroupeError } from '../../../runtime/errors.ts';
import { mustBeTable, payloadArgument, textArgument, typeOf } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { traceback } from '../traceback.ts';
import { ERROR_RETRYABLE, ErrorValue, Kind, Retry } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { Tag, Type, VALUE_TAG } from '../vm/layout.ts';

export function errorsModule(engine: Engine): HostModule {
  const { isError, read } = errorAccess(engine);
  return {
    name: 'errors',
    constants: Object.fromEntries(ERROR_KINDS.map(kind => [kind, kind])),
    functions: {
      new: L => {
        const error =
          typeOf(engine, L, 1) === Type.Table
            ? fromTable(engine, L)
            : new TroupeError(textArgument(engine, L, 1), { stack: traceback(engine.vm, L, 1).text });
        engine.writer.pushError(L, error);
        return 1;
      },
      wrap: L => {
        const { vm, writer } = engine;
        if (typeOf(engine, L, 1) <= Type.Nil) {
          vm.api.lua_pushnil(L);
          return 1;
        }
        const message = textArgument(engine, L, 2);
        const cause = isError(L, 1) ? read(L, 1) : new TroupeError(textArgument(engine, L, 1));
        const stack = cause.stack?.includes('\n') ? cause.stack : traceback(vm, L, 1).text;
        writer.pushError(
          L,
          new TroupeError(`${message}: ${cause.message}`, {
            kind: cause.kind,
            retryable: cause.retryable,
            details: cause.details,
            stack,
          }),
        );
        return 1;
      },
      is: L => {
        const kind = textArgument(engine, L, 2);
        engine.vm.api.lua_pushboolean(L, isError(L, 1) && read(L, 1).kind === kind ? 1 : 0);
        return 1;
      },
      call_stack: L => {
        const { vm } = engine;
        if (isError(L, 1)) vm.api.lua_getiuservalue(L, 1, ErrorValue.Stack);
        else vm.text.push(L, traceback(vm, L, 1).text);
        return 1;
      },
    },
  };
}

export function errorClass(engine: Engine): ObjectClass {
  const { isError, pushMessage } = errorAccess(engine);
  const value = (index: number) => (L: number) => {
    engine.objects.argument(L, 1, Kind.Error);
    engine.vm.api.lua_getiuservalue(L, 1, index);
    return 1;
  };
  const methods: { [name: string]: HostFunction } = {
    message: value(ErrorValue.Message),
    kind: value(ErrorValue.Kind),
    details: value(ErrorValue.Details),
    stack: value(ErrorValue.Stack),
    retryable: L => {
      const retry = engine.vm.memory.i32[(engine.objects.argument(L, 1, Kind.Error) + ERROR_RETRYABLE) >>> 2];
      if (retry === Retry.Unknown) engine.vm.api.lua_pushnil(L);
      else engine.vm.api.lua_pushboolean(L, retry === Retry.Yes ? 1 : 0);
      return 1;
    },
  };
  return {
    kind: Kind.Error,
    methods: { name: 'error methods', functions: methods },
    metamethods: {
      __index: L => {
        const { api, text, functions } = engine.vm;
        const name = typeOf(engine, L, 2) === Type.String ? textArgument(engine, L, 2) : '';
        if (Object.hasOwn(methods, name)) api.lua_pushcclosure(L, functions[`error methods.${name}`], 0);
        else {
          text.push(L, '');
          api.lua_getfield(L, -1, text.keyName(name) || text.name(''));
        }
        return 1;
      },
      __tostring: L => {
        pushMessage(L, 1);
        return 1;
      },
      __len: L => {
        pushMessage(L, 1);
        const at = engine.vm.top(L);
        engine.vm.adapter.pushInteger(L, textLength(engine, at));
        return 1;
      },
      __concat: L => {
        for (let index = 1; index <= 2; index++) {
          if (isError(L, index)) pushMessage(L, index);
          else {
            const type = typeOf(engine, L, index);
            if (type !== Type.String && type !== Type.Number) {
              engine.vm.raise(L, 'attempt to concatenate an error with what is neither text nor number');
            }
            engine.vm.api.lua_pushvalue(L, index);
          }
        }
        engine.vm.api.lua_concat(L, 2);
        return 1;
      },
    },
  };
}

/** Makes the first argument the message where it is an error: in front of the functions of the string library. */
export function coerceError(engine: Engine): HostFunction {
  const { isError, pushMessage } = errorAccess(engine);
  return L => {
    if (isError(L, 1)) {
      pushMessage(L, 1);
      engine.vm.api.lua_copy(L, -1, 1);
      engine.vm.api.lua_settop(L, -2);
    }
    return 0;
  };
}

interface ErrorAccess {
  isError(L: number, index: number): boolean;
  read(L: number, index: number): TroupeError;
  pushMessage(L: number, index: number): void;
}

function errorAccess(engine: Engine): ErrorAccess {
  return {
    isError(L, index) {
      const { vm, reader } = engine;
      if (index > vm.count(L)) return false;
      const at = vm.argument(L, index);
      return (
        vm.memory.u8[(at + VALUE_TAG) >>> 0] === Tag.Userdata && vm.memory.i32[reader.data(at) >>> 2] === Kind.Error
      );
    },
    read(L, index) {
      // What is in an error object was checked when it was made.
      return engine.reader.read(engine.vm.argument(L, index), 'error') as TroupeError;
    },
    pushMessage(L, index) {
      engine.vm.api.lua_getiuservalue(L, index, ErrorValue.Message);
    },
  };
}

function textLength(engine: Engine, at: number): number {
  const { memory, text } = engine.vm;
  return text.length(memory.i32[at >>> 2], memory.u8[(at + VALUE_TAG) >>> 0]);
}

/** `{message, kind, retryable, details}`, checked. */
function fromTable(engine: Engine, L: number): TroupeError {
  const { vm } = engine;
  const { api } = vm;
  mustBeTable(engine, L, 1);
  api.lua_settop(L, 1);
  const field = (name: string) => api.lua_getfield(L, 1, vm.text.name(name));
  if (field('message') !== Type.String) vm.badArgument(L, 1, 'field "message" must be a text');
  const kindType = field('kind');
  const retryableType = field('retryable');
  const detailsType = field('details');
  const message = textArgument(engine, L, 2);
  const kind = kindType === Type.Nil ? undefined : kindType === Type.String ? textArgument(engine, L, 3) : '';
  if (kind !== undefined && !isErrorKind(kind)) {
    return vm.badArgument(L, 1, `field "kind" must be one of ${ERROR_KINDS.join(', ')}`);
  }
  if (retryableType !== Type.Nil && retryableType !== Type.Boolean) {
    vm.badArgument(L, 1, 'field "retryable" must be true, false or absent');
  }
  let details: ErrorDetails | undefined;
  if (detailsType !== Type.Nil) {
    const given = payloadArgument(engine, L, 5, 'details');
    if (given instanceof TroupeError) vm.badArgument(L, 1, given.message);
    if (typeof given !== 'object' || given === null || (Array.isArray(given) && given.length > 0)) {
      vm.badArgument(L, 1, 'field "details" must be a table with names as keys');
    }
    details = Array.isArray(given) ? undefined : (given as ErrorDetails);
  }
  return new TroupeError(message, {
    kind,
    retryable: retryableType === Type.Boolean ? api.lua_toboolean(L, 4) !== 0 : undefined,
    details,
    stack: traceback(vm, L, 1).text,
  });
}
