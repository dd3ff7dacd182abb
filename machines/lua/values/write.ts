/**
 * Payloads as Lua values, through Lua's own functions: they may raise "not enough memory", so this runs only inside
 * host functions, never beside them.
 *
 * Arrays and objects become tables, text and bytes become strings, null and undefined become nil (an absent field),
 * errors become error objects. An empty object gets a metatable that marks it, so that it is an object again when it
 * is sent on. Unsigned integers beyond 2^63 become floats: Lua has no others.
 */
import { TroupeError } from '../../../runtime/errors.ts';
import type { Payload } from '../../../runtime/machine.ts';
import { binaryOf } from '../../../runtime/payload/payload.ts';
import type { LuaVm } from '../vm/vm.ts';
import { ERROR_RETRYABLE, ErrorValue, Kind, Retry } from './kinds.ts';

/** What every host function may push without asking, less what a level of nesting takes. */
const LEVELS_PER_CHECK = 4;
const SLOTS_PER_CHECK = 20;

/** Makes the objects that need a metatable of the running state. */
export interface ObjectMaker {
  /** Push a new object of this kind; answers its memory. */
  pushObject(L: number, kind: Kind): number;
  /** Push the metatable that marks an empty table as an object. */
  pushObjectMark(L: number): void;
}

export class PayloadWriter {
  readonly #vm: LuaVm;
  readonly #objects: ObjectMaker;

  constructor(vm: LuaVm, objects: ObjectMaker) {
    this.#vm = vm;
    this.#objects = objects;
  }

  /** Push `value`. */
  push(L: number, value: Payload, depth = 0): void {
    const { api, text } = this.#vm;
    switch (typeof value) {
      case 'string':
        text.push(L, value);
        return;
      case 'number':
        this.pushNumber(L, value);
        return;
      case 'boolean':
        this.#vm.pushBoolean(L, value);
        return;
      case 'bigint':
        if (value === BigInt.asIntN(64, value)) api.lua_pushinteger(L, value);
        else api.lua_pushnumber(L, Number(value));
        return;
      case 'object':
        if (value !== null) {
          this.#pushObject(L, value, depth);
          return;
        }
        break;
      default:
    }
    this.#vm.pushNil(L);
  }

  /** Whole numbers become integers, except -0. */
  pushNumber(L: number, value: number): void {
    if (isWhole(value)) {
      this.#vm.pushInteger(L, value);
    } else this.#vm.pushNumber(L, value);
  }

  #pushObject(
    L: number,
    value: Exclude<Payload, null | undefined | boolean | number | bigint | string>,
    depth: number,
  ) {
    const binary = binaryOf(value);
    if (binary !== undefined) {
      this.#vm.text.pushBytes(L, binary);
      return;
    }
    const { api } = this.#vm;
    if (depth % LEVELS_PER_CHECK === 0 && api.lua_checkstack(L, SLOTS_PER_CHECK) === 0) {
      this.#vm.raise(L, 'stack overflow: the value is nested too deep');
    }
    if (Array.isArray(value)) this.#pushArray(L, value, depth);
    else if (value instanceof TroupeError) this.pushError(L, value, depth);
    else this.#pushRecord(L, value as { readonly [key: string]: Payload }, depth);
  }

  #pushArray(L: number, list: readonly Payload[], depth: number): void {
    const { api, adapter } = this.#vm;
    api.lua_createtable(L, list.length, 0);
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (item === null || item === undefined) continue;
      this.push(L, item, depth + 1);
      adapter.rawSetInteger(L, -2, i + 1);
    }
  }

  #pushRecord(L: number, record: { readonly [key: string]: Payload }, depth: number): void {
    const { api, text } = this.#vm;
    const keys = Object.keys(record);
    let present = 0;
    api.lua_createtable(L, 0, keys.length);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const item = record[key];
      if (item === null || item === undefined) continue;
      present++;
      const name = text.keyName(key);
      if (name === 0) {
        text.push(L, key);
        this.push(L, item, depth + 1);
        api.lua_rawset(L, -3);
      } else if (!this.#pushField(L, name, item)) {
        this.push(L, item, depth + 1);
        api.lua_setfield(L, -2, name);
      }
    }
    if (present === 0) {
      this.#objects.pushObjectMark(L);
      api.lua_setmetatable(L, -2);
    }
  }

  /** Set a field of the table on top, in one call into the binary; false where the value or the binary is none for it. */
  #pushField(L: number, name: number, item: Payload): boolean {
    const { api, text, memory } = this.#vm;
    if (api.object_integer_field === undefined) return false;
    switch (typeof item) {
      case 'number':
        if (isWhole(item)) api.object_integer_field(L, name, item);
        else api.object_number_field!(L, name, item);
        return true;
      case 'boolean':
        api.object_boolean_field!(L, name, item ? 1 : 0);
        return true;
      case 'string':
        if (!text.place(item, 0)) return false;
        api.object_text_field!(L, name, memory.scratch, item.length);
        return true;
      default:
        return false;
    }
  }

  /** Push an error object. */
  pushError(L: number, error: TroupeError, depth = 0): void {
    const { api, text, memory } = this.#vm;
    const data = this.#objects.pushObject(L, Kind.Error);
    memory.i32[(data + ERROR_RETRYABLE) >>> 2] =
      error.retryable === undefined ? Retry.Unknown : error.retryable ? Retry.Yes : Retry.No;
    text.push(L, error.message);
    api.lua_setiuservalue(L, -2, ErrorValue.Message);
    text.push(L, error.kind);
    api.lua_setiuservalue(L, -2, ErrorValue.Kind);
    if (error.details !== undefined) {
      this.push(L, error.details as Payload, depth + 1);
      api.lua_setiuservalue(L, -2, ErrorValue.Details);
    }
    // Without frames there is nothing but the message in it.
    if (error.stack?.includes('\n')) {
      text.push(L, error.stack);
      api.lua_setiuservalue(L, -2, ErrorValue.Stack);
    }
  }
}

/** Whether the number is a Lua integer: -0 is none. */
function isWhole(value: number): boolean {
  return Number.isSafeInteger(value) && !(value === 0 && Object.is(value, -0));
}
