/**
 * `coroutine`: Lua's own, made to live with host functions that wait, and `coroutine.spawn`.
 *
 * A host function that waits inside a coroutine of the program yields to whoever resumed that coroutine. So `resume`
 * and `wrap` are the host's: where the coroutine yielded because it waits, they yield on, up to the machine, and resume
 * it again when they are resumed themselves. The program notices nothing.
 */
import { mustBeFunction } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { Path, Stage } from '../path.ts';
import type { Continuation, HostFunction } from '../vm/adapter.ts';
import { FIRST_UPVALUE, REGISTRY, Status, Type } from '../vm/layout.ts';

/** What `resume` answers for an error. Less than that means to yield (`HostFunction`). */
const FAILED = -1;

/** Lua's own functions that need no change. */
const UNCHANGED = ['create', 'isyieldable', 'running', 'yield'] as const;

export function coroutineModule(engine: Engine): HostModule {
  const functions: { [name: string]: HostFunction } = {
    resume: L => {
      const co = coroutineArgument(engine, L);
      return finishResume(engine, L, begin(engine, L, co, 2, 'coroutine.resume'));
    },
    wrap: L => {
      mustBeFunction(engine, L, 1);
      const { api, functions: places } = engine.vm;
      const co = api.lua_newthread(L);
      api.lua_pushvalue(L, 1);
      api.lua_xmove(L, co, 1);
      api.lua_pushcclosure(L, places['coroutine.wrapped'], 1);
      return 1;
    },
    close: L => {
      const co = coroutineArgument(engine, L);
      if (engine.process.holds(co) && co !== L) engine.vm.raise(L, 'cannot close a coroutine that waits');
      return engine.standard('coroutine', 'close')(L);
    },
    status: L => {
      const co = coroutineArgument(engine, L);
      if (!engine.process.holds(co) || co === L) return engine.standard('coroutine', 'status')(L);
      engine.vm.text.push(L, 'normal');
      return 1;
    },
    spawn: L => {
      mustBeFunction(engine, L, 1);
      const { process, vm } = engine;
      const { api } = vm;
      const count = vm.count(L);
      const thread = api.lua_newthread(L);
      if (api.lua_checkstack(thread, count) === 0) vm.raise(L, 'too many arguments');
      api.lua_rawsetp(L, REGISTRY, thread);
      api.lua_xmove(L, thread, count);
      process.start(new Path(thread, Stage.Body, count - 1));
      return 0;
    },
  };
  return {
    name: 'coroutine',
    functions,
    hidden: {
      /** What `wrap` answers. */
      wrapped: L => {
        const co = engine.vm.api.lua_tothread(L, FIRST_UPVALUE);
        return finishWrapped(engine, L, co, begin(engine, L, co, 1, 'coroutine.wrapped'));
      },
    },
  };
}

/** Lua's own members of the library; known once the machine is up. */
export function unchangedCoroutineFunctions(engine: Engine): ReadonlyMap<string, number> {
  const { functions } = engine.vm.standard.coroutine;
  return new Map(UNCHANGED.map(name => [name, functions.get(name)!]));
}

export function coroutineContinuations(engine: Engine): { [name: string]: Continuation } {
  return {
    'coroutine.resume': L => {
      const co = engine.vm.api.lua_tothread(L, 1);
      engine.process.setWaiting(co, false);
      return finishResume(engine, L, resume(engine, L, co, 0, 'coroutine.resume'));
    },
    'coroutine.wrapped': L => {
      const co = engine.vm.api.lua_tothread(L, FIRST_UPVALUE);
      engine.process.setWaiting(co, false);
      return finishWrapped(engine, L, co, resume(engine, L, co, 0, 'coroutine.wrapped'));
    },
  };
}

function coroutineArgument(engine: Engine, L: number): number {
  const co = engine.vm.count(L) === 0 ? 0 : engine.vm.api.lua_tothread(L, 1);
  return co === 0 ? engine.vm.badType(L, 1, 'coroutine') : co;
}

/** Run `co` with the arguments from index `first` on. Answers as `resume` does. */
function begin(engine: Engine, L: number, co: number, first: number, continuation: string): number {
  const { vm, process } = engine;
  if (process.holds(co)) {
    vm.text.push(L, co === L ? 'cannot resume non-suspended coroutine' : 'cannot resume a coroutine that waits');
    return FAILED;
  }
  const count = vm.count(L) - first + 1;
  if (vm.api.lua_checkstack(co, count) === 0) {
    vm.text.push(L, 'too many arguments to resume');
    return FAILED;
  }
  vm.api.lua_xmove(L, co, count);
  return resume(engine, L, co, count, continuation);
}

/**
 * Run `co`, which has `count` values for it on its stack. Answers how many results lie on the stack of `L`, or FAILED with
 * the error there; where the coroutine waits, what a host function answers to yield: `continuation` comes here again.
 */
function resume(engine: Engine, L: number, co: number, count: number, continuation: string): number {
  const { vm, process } = engine;
  const { api } = vm;
  let status = api.lua_resume(co, L, count, vm.out);
  while (status === Status.Yield && process.suspending) {
    if (api.lua_isyieldable(L) !== 0) {
      process.setWaiting(co, true);
      return vm.yield(vm.continuations[continuation]);
    }
    process.cannotWait();
    status = api.lua_resume(co, L, 0, vm.out);
  }
  if (status !== Status.Ok && status !== Status.Yield) {
    api.lua_xmove(co, L, 1);
    return FAILED;
  }
  const results = vm.memory.u32[vm.out >>> 2];
  if (api.lua_checkstack(L, results + 1) === 0) {
    api.lua_settop(co, -results - 1);
    vm.text.push(L, 'too many results to resume');
    return FAILED;
  }
  api.lua_xmove(co, L, results);
  return results;
}

function finishResume(engine: Engine, L: number, results: number): number {
  if (results < FAILED) return results;
  const { api } = engine.vm;
  const count = results === FAILED ? 1 : results;
  api.lua_pushboolean(L, results === FAILED ? 0 : 1);
  api.lua_rotate(L, -(count + 1), 1);
  return count + 1;
}

/** An error of the coroutine goes on to the caller with the caller's place in front, as in Lua. */
function finishWrapped(engine: Engine, L: number, co: number, results: number): number {
  if (results !== FAILED) return results;
  const { api } = engine.vm;
  let status = api.lua_status(co);
  if (status !== Status.Ok && status !== Status.Yield) {
    // Closes its variables that wait for it; the error may be another one then.
    status = api.lua_resetthread(co, L);
    api.lua_xmove(co, L, 1);
  }
  if (status !== Status.MemoryError && api.lua_type(L, -1) === Type.String) {
    api.luaL_where(L, 1);
    api.lua_rotate(L, -2, 1);
    api.lua_concat(L, 2);
  }
  return api.lua_error(L);
}
