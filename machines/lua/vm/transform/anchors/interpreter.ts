/** `luaV_execute` and the hook that it calls where the flag `trap` is set: where Lua code is stopped, and where it leaves. */
import { Op } from '../../../../wasm/binary/opcodes.ts';
import type { Match } from '../pattern.ts';
import type { Program } from '../program.ts';
import { check, refusal } from '../refusal.ts';
import type { Calls } from './calls.ts';
import type { Layout, YieldFunctions } from './layout.ts';

export interface Interpreter {
  /** Local with the C stack pointer in `luaV_execute`, and what it subtracted. */
  readonly frame: number;
  readonly frameSize: number;
  /** Where `trap` is loaded from `L->hookmask`, and everywhere from `ci->u.l.trap`: the position of the load. */
  readonly hookmaskLoad: number;
  readonly trapLoads: readonly number[];
  /** OP_CALL: the `br_if` after `luaD_precall`. */
  readonly opCall: number;
  /** OP_TAILCALL: the calls of `precallC`. */
  readonly opTailcall: readonly number[];
  /** OP_TFORCALL: the call of `luaD_call`. */
  readonly opTforcall: number;
  readonly luaG_traceexec: number;
  /** All calls of `luaG_traceexec`. */
  readonly traces: readonly number[];
  /** In `luaG_traceexec`: the beginning of `luaD_throw(L, LUA_YIELD)`. */
  readonly traceThrow: number;
  /** Address of `luaP_opmodes`. */
  readonly opmodes: number;
  /** Offset of `CallInfo.top`. */
  readonly ciTop: number;
}

export function findInterpreter(
  program: Program,
  layout: Layout,
  calls: Calls,
  { luaD_throw }: YieldFunctions,
): Interpreter {
  const { hookmask, savedpc, trap } = layout;
  const code = program.code(calls.luaV_execute);
  const { size, frame } = code.start('luaV_execute', 'global_get.0 const.{size} sub tee.{frame} global_set.0').captures;
  check(code.all(`get.${frame} const.${size} add global_set.0`).length > 0, 'luaV_execute does not leave its frame');

  // startfunc: trap = L->hookmask; returning: ... pc = ci->u.l.savedpc
  const start = code.only(
    'startfunc in luaV_execute',
    `loop block get.0 load.${hookmask} set.* get.1 set.{ci} loop get.{ci} load.${savedpc} set.1`,
  );
  const { ci } = start.captures;
  const trapLoads = code.all(`get.${ci} load.${trap}`).map(match => match.end - 1);
  check(trapLoads.length > 20, `luaV_execute updates trap in only ${trapLoads.length} places`);

  const called = code.only(
    'OP_CALL',
    `get.0 get.* get.* const.24 shr_u const.1 sub call.${calls.luaD_precall} tee.1 br_if`,
  );
  check(code.callsOf(calls.luaD_precall).length === 1, 'luaV_execute calls luaD_precall more than once');
  const tails = code.times(2, 'OP_TAILCALL', `call.${calls.precallC}`);
  const iterated = code.only('OP_TFORCALL', `const.24 shr_u call.${calls.luaD_call} get.${ci} load.${trap}`);
  check(code.callsOf(calls.luaD_call).length === 1, 'luaV_execute calls luaD_call more than once');

  const luaG_traceexec = mostCalled(program, calls.luaV_execute, 'ii:i');
  return {
    frame,
    frameSize: size,
    hookmaskLoad: start.first + 3,
    trapLoads,
    opCall: called.end - 1,
    opTailcall: tails.map(match => match.first),
    opTforcall: iterated.first + 2,
    luaG_traceexec,
    traces: code.callsOf(luaG_traceexec),
    ...findTrace(program, luaG_traceexec, layout, luaD_throw),
  };
}

/** `luaV_execute` traces before every instruction, so nothing else of this type is called as often. */
function mostCalled(program: Program, caller: number, signature: string): number {
  const counts = new Map<number, number>();
  for (const { op, value } of program.module.instructions(caller)) {
    if (op === Op.Call && program.module.signature(value) === signature)
      counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const most = [...counts].sort((a, b) => b[1] - a[1])[0];
  if (most === undefined) throw refusal(`function ${caller} calls nothing of type ${signature}`);
  return most[0];
}

function findTrace(
  program: Program,
  luaG_traceexec: number,
  layout: Layout,
  luaD_throw: number,
): Pick<Interpreter, 'traceThrow' | 'opmodes' | 'ciTop'> {
  const code = program.code(luaG_traceexec);
  // if (!(mask & (LUA_MASKLINE | LUA_MASKCOUNT))) { ci->u.l.trap = 0; return 0; }
  const head: Match = code.start(
    'luaG_traceexec',
    `get.0 load.${layout.ci} set.{ci} get.0 load.${layout.hookmask} tee.* const.12 and eqz
     if get.{ci} const.0 store.${layout.trap} const.0 return end`,
  );
  const { ci } = head.captures;
  code.only('pc++ in luaG_traceexec', `get.${ci} get.1 const.4 add tee.1 store.${layout.savedpc}`);
  // if (!isIT(*(ci->u.l.savedpc - 1))) L->top = ci->top;
  const { opmodes, ciTop } = code.only(
    'isIT in luaG_traceexec',
    `tee.{i} const.16711680 and eqz if get.{i} const.127 and const.{opmodes} add load8_u.0 const.32 and br_if.1 end
     get.0 get.${ci} load.{ciTop} store.${layout.top}`,
  ).captures;
  const thrown = code.only('the yield of luaG_traceexec', `get.0 const.1 call.${luaD_throw} unreachable`);
  return { traceThrow: thrown.first, opmodes, ciTop };
}
