/**
 * The functions of ldo.c, by which Lua calls, yields and resumes, and the places in them that a returning yield passes.
 */
import type { FunctionCode } from '../function_code.ts';
import type { Program } from '../program.ts';
import { check } from '../refusal.ts';
import type { Layout } from './layout.ts';

/** Bit of `callstatus` that begins a fresh `luaV_execute` (`CIST_FRESH`). */
const FRESH = 4;

export interface Calls {
  readonly luaD_rawrunprotected: number;
  readonly resume: number;
  readonly unroll: number;
  readonly luaD_precall: number;
  /** `precallC`: calls a C function and moves its results. */
  readonly precallC: number;
  readonly luaD_call: number;
  /** In `lua_callk`: the beginning of the call that cannot be yielded across. */
  readonly atomicCall: number;
  readonly luaD_poscall: number;
  /** Puts the `__call` metamethod of what was called in its place; called again until that is a function. */
  readonly luaD_tryfuncTM: number;
  readonly luaV_execute: number;
  /** The two calls of `luaD_rawrunprotected` in `lua_resume`. */
  readonly resumeCalls: readonly number[];
  /** In `precallC`: the call of the C function. */
  readonly callOfC: number;
  /** In `resume`: the last `luaD_poscall`, before which the continuation ran, and the beginning of the last `unroll`. */
  readonly resumePoscall: number;
  readonly resumeUnroll: number;
  /** In `unroll`: the `luaD_poscall` after a continuation, and the call of `luaV_execute`. */
  readonly unrollPoscall: number;
  readonly unrollExecute: number;
  /** In `lua_pcallk`: `luaD_call` of the kind that can be yielded across, the local with its C frame, and that one's size. */
  readonly pcallCall: number;
  readonly pcallFrame: number;
  readonly pcallFrameSize: number;
}

export function findCalls(program: Program, layout: Layout): Calls {
  const { callstatus, savedpc, continuation, context } = layout;
  const found = findResume(program);
  const resume = program.code(found.resume);
  const unroll = found.unroll;

  // ccall(L, firstArg - 1, LUA_MULTRET, 0), inlined: what runs when the coroutine starts
  const { precall, execute } = resume.only(
    'the start of a coroutine in resume',
    `get.0 get.1 const.-1 call.{precall} tee.1 eqz br_if.1
     get.1 const.${FRESH} store16.${callstatus} get.0 get.1 call.{execute} return`,
  ).captures;
  const going = resume.only(
    'the continuation of a coroutine in resume',
    `get.0 get.2 call.${execute} br.1 end
     get.0 get.2 get.2 load.${continuation} tee.1
     if get.0 const.1 get.2 load.${context} get.1 call_indirect.* else get.3 end call.{poscall} end
     get.0 get.0 call.${unroll} end`,
  );
  const { poscall } = going.captures;

  const { precallC } = program
    .code(precall)
    .only('precallC in luaD_precall', 'get.0 get.1 get.2 get.4 load.0 call.{precallC} drop const.0 set.3').captures;
  program.expect(precallC, 'iiii:i', 'precallC');
  const ending = program
    .code(precallC)
    .only('the end of precallC', `get.0 get.4 get.0 get.3 call_indirect.* tee.0 call.${poscall} get.0 end`);

  const pcallk = program.exported('lua_pcallk');
  const { frame, size } = pcallk.start('lua_pcallk', 'global_get.0 const.{size} sub tee.{frame} global_set.0').captures;
  // prepare call (call is already protected): ... luaD_call(L, c.func, nresults); ci->callstatus &= ~CIST_YPCALL;
  const yieldable = pcallk.only(
    'the yieldable call of lua_pcallk',
    `or const.16 or store16.${callstatus} get.0 get.3 get.2 call.{call}
     get.1 get.1 load16_u.${callstatus} const.65519 and store16.${callstatus}`,
  );
  const { call } = yieldable.captures;
  checkCall(program.code(call), program, layout, { precall, execute });
  program.exported('lua_callk').only('lua_callk', `get.0 get.1 get.2 call.${call} br.1`);

  const unrolling = program.code(unroll);
  const continued = unrolling.only(
    'finishCcall in unroll',
    `get.0 get.1 get.0 get.4 get.1 load.${context} get.1 load.${continuation} call_indirect.* call.${poscall}`,
  );
  const executed = unrolling.only(
    'the Lua frames of unroll',
    `get.0 get.1 call.${execute} end get.0 load.${layout.ci} tee.1 get.* ne br_if.0`,
  );
  unrolling.times(2, 'unroll', `call.${poscall}`);
  check(savedpc === continuation, 'savedpc and continuation are no union');

  return {
    ...found,
    luaD_precall: precall,
    precallC,
    luaD_call: call,
    atomicCall: findAtomicCall(program, call),
    luaD_poscall: poscall,
    luaD_tryfuncTM: findTryFunction(program, precall, execute),
    luaV_execute: execute,
    callOfC: ending.first + 4,
    resumePoscall: going.end - 6,
    resumeUnroll: going.end - 4,
    unrollPoscall: continued.end - 1,
    unrollExecute: executed.first + 2,
    pcallCall: yieldable.first + 7,
    pcallFrame: frame,
    pcallFrameSize: size,
  };
}

/** Both kinds of calls in Lua code try `__call`, the metamethod of this number (`TM_CALL`). */
const TM_CALL = 23;

function findTryFunction(program: Program, precall: number, execute: number): number {
  const fromExecute = program.callees(execute);
  const users = new Set(program.usersOfConstant(TM_CALL));
  const found = [...program.callees(precall)].filter(
    fn => fromExecute.has(fn) && users.has(fn) && program.module.signature(fn) === 'ii:i',
  );
  check(found.length === 1, `${found.length} functions could be luaD_tryfuncTM`);
  return found[0];
}

type Resume = Pick<Calls, 'luaD_rawrunprotected' | 'resume' | 'unroll' | 'resumeCalls'>;

/** `lua_resume` runs `resume` and, after an error that something recovers from, `unroll`, both protected. */
function findResume(program: Program): Resume {
  const code = program.exported('lua_resume');
  const first = code.only(
    'luaD_rawrunprotected(L, resume, &nargs)',
    'get.0 const.{slot} get.5 const.12 add call.{raw} tee.1',
  );
  const second = code.only('luaD_rawrunprotected(L, unroll, &status)', 'get.0 const.{slot} const.0 call.{raw} tee.1');
  const { raw } = first.captures;
  check(second.captures.raw === raw, 'lua_resume protects its two calls by different functions');
  program.expect(raw, 'iii:i', 'luaD_rawrunprotected');
  return {
    luaD_rawrunprotected: raw,
    resume: program.slot(first.captures.slot, 'ii:', 'resume'),
    unroll: program.slot(second.captures.slot, 'ii:', 'unroll'),
    resumeCalls: [first.end - 2, second.end - 2],
  };
}

/** `luaD_call` must count one C call for its duration, and nothing else: that is how C frames are recognised later. */
function checkCall(
  code: FunctionCode,
  program: Program,
  { nCcalls, callstatus }: Layout,
  { precall, execute }: { precall: number; execute: number },
): void {
  program.expect(code.index, 'iii:', 'luaD_call');
  code.only('the beginning of luaD_call', `get.0 get.0 load.${nCcalls} const.1 add tee.3 store.${nCcalls}`);
  code.only(
    'the end of luaD_call',
    `get.0 get.1 get.2 call.${precall} tee.1 if get.1 const.${FRESH} store16.${callstatus} get.0 get.1 call.${execute} end
     get.0 get.0 load.${nCcalls} const.1 sub store.${nCcalls} end`,
  );
}

/** `lua_callk` calls nothing else with these three arguments: `luaD_callnoyield`. */
function findAtomicCall(program: Program, luaD_call: number): number {
  const code = program.exported('lua_callk');
  const calls = code.all('get.0 get.1 get.2 call.{callee}').filter(match => match.captures.callee !== luaD_call);
  check(calls.length === 1, `lua_callk has ${calls.length} calls that cannot be yielded across`);
  program.expect(calls[0].captures.callee, 'iii:', 'luaD_callnoyield');
  return calls[0].first;
}
