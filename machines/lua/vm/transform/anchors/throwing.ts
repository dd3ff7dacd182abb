/** How errors unwind: `luaD_throw` marks the innermost `lua_longjmp` of the coroutine and jumps to it. */
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';
import type { Calls } from './calls.ts';
import type { Layout, YieldFunctions } from './layout.ts';

export interface Throwing {
  /** Offset of `lua_State.errorJmp`. */
  readonly errorJmp: number;
  /** Offsets in `lua_longjmp`: the jump buffer, the status of the error. The previous one is at 0. */
  readonly buffer: number;
  readonly errorStatus: number;
  /** Size of the frame in which `luaD_rawrunprotected` keeps its `lua_longjmp`. */
  readonly frameSize: number;
  /** In `luaD_throw`: the call of `longjmp`, whose arguments are the address of the buffer and 1. */
  readonly longjmp: number;
}

export function findThrowing(program: Program, layout: Layout, calls: Calls, functions: YieldFunctions): Throwing {
  const thrower = program.code(functions.luaD_throw);
  const { errorJmp } = thrower.only('L->errorJmp in luaD_throw', 'get.0 load.{errorJmp} tee.2 eqz if').captures;
  // L->errorJmp->status = errcode; longjmp(L->errorJmp->b, 1);
  const jump = thrower.only(
    'the end of luaD_throw',
    'get.2 get.1 store.{status} get.2 const.{buffer} add const.1 call.{longjmp} unreachable',
  );
  const { status, buffer, longjmp } = jump.captures;
  // luaD_rawrunprotected hands on jumps that are meant for somebody further out; what replaces it does so by itself.
  const jumpers = program.callers(longjmp).filter(fn => fn !== calls.luaD_rawrunprotected);
  check(jumpers.join() === String(functions.luaD_throw), 'not only luaD_throw jumps');

  const raw = program.code(calls.luaD_rawrunprotected);
  const { size, frame } = raw.all('global_get.0 const.{size} sub tee.{frame} global_set.0')[0]?.captures ?? {};
  check(size !== undefined, 'luaD_rawrunprotected has no frame of its own');
  const { own } = raw.only(
    'L->errorJmp = &lj in luaD_rawrunprotected',
    `get.0 get.${frame} const.{own} add store.${errorJmp}`,
  ).captures;
  raw.only('lj.status in luaD_rawrunprotected', `get.${frame} load.${own + status}`);
  raw.only('oldnCcalls in luaD_rawrunprotected', `get.0 load.${layout.nCcalls} set`);
  const invoke = program.module.imported('env', 'invoke_vii');
  check(
    program.callers(invoke).join() === String(calls.luaD_rawrunprotected),
    'not only luaD_rawrunprotected protects',
  );
  check(own + status + 4 <= size, 'the frame of luaD_rawrunprotected is too small');
  return { errorJmp, buffer, errorStatus: status, frameSize: size, longjmp: jump.first + 7 };
}
