/** Where `lua_State`, `CallInfo` and `lua_longjmp` keep what is needed: read off small exported functions. */
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';

/** Byte offsets. */
export interface Layout {
  /** `lua_State`. */
  readonly status: number;
  readonly top: number;
  readonly ci: number;
  /** Depth of C calls; the upper half counts the calls that cannot be yielded across. */
  readonly nCcalls: number;
  readonly hookmask: number;
  /** `CallInfo`. */
  readonly callstatus: number;
  readonly trap: number;
  /** Of Lua functions; the same place as `continuation`. */
  readonly savedpc: number;
  /** Of C functions: what runs when it is resumed, and its argument. */
  readonly continuation: number;
  readonly context: number;
  /** How many values the coroutine yields. */
  readonly nyield: number;
}

/** `CIST_C`: the bit of `callstatus` that marks C functions. */
const IS_C = 2;

/** In `nCcalls`, from here on the coroutine is not yieldable. */
export const NOT_YIELDABLE = 0x10000;

/** What `findLayout` sees in `lua_yieldk` beside offsets. */
export interface YieldFunctions {
  readonly luaD_throw: number;
  readonly luaG_runerror: number;
}

export function findLayout(program: Program): { readonly layout: Layout; readonly functions: YieldFunctions } {
  const { image } = program.module;
  const { status } = program.exported('lua_status').only('lua_status', 'get.0 load8_u.{status} end').captures;
  const { nCcalls } = program
    .exported('lua_isyieldable')
    .only('lua_isyieldable', `get.0 load.{nCcalls} const.${NOT_YIELDABLE} lt_u end`).captures;
  const { hookmask } = program
    .exported('lua_gethookmask')
    .only('lua_gethookmask', 'get.0 load.{hookmask} end').captures;
  const { top, ci } = program
    .exported('lua_gettop')
    .only('lua_gettop', 'get.0 load.{top} get.0 load.{ci} load.0 sub const.16 sub const.4 shr_s end').captures;
  // settraps: for (; ci != NULL; ci = ci->previous) if (isLua(ci)) ci->u.l.trap = 1;
  const { callstatus, trap } = program
    .exported('lua_sethook')
    .only(
      'settraps in lua_sethook',
      `get.0 load8_u.{callstatus} const.${IS_C} and eqz if get.0 const.1 store.{trap} end get.0 load.* tee.0 br_if.0`,
    ).captures;

  const yieldk = program.exported('lua_yieldk');
  const body = yieldk.only(
    'lua_yieldk',
    `get.0 const.1 store8.${status} get.4 get.1 store.{nyield}
     get.4 load8_u.${callstatus} const.${IS_C} and eqz br_if.1
     get.4 get.3 store.{continuation} get.3 if get.4 get.2 store.{context} end
     get.0 const.1 call.{throw} unreachable`,
  ).captures;
  const across = image.addressOf('attempt to yield across a C-call boundary');
  const outside = image.addressOf('attempt to yield from outside a coroutine');
  const first = yieldk.only(
    'the first error of lua_yieldk',
    `get.0 const.${across} const.0 call.{runerror} unreachable`,
  );
  const { runerror } = first.captures;
  yieldk.only('the second error of lua_yieldk', `get.0 const.${outside} const.0 call.${runerror} unreachable`);
  program.expect(body.throw, 'ii:', 'luaD_throw');

  check(new Set([status, nCcalls, hookmask, top, ci]).size === 5, 'fields of lua_State coincide');
  return {
    layout: {
      status,
      top,
      ci,
      nCcalls,
      hookmask,
      callstatus,
      trap,
      savedpc: body.continuation,
      continuation: body.continuation,
      context: body.context,
      nyield: body.nyield,
    },
    functions: { luaD_throw: body.throw, luaG_runerror: runerror },
  };
}
