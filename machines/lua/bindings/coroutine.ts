/**
 * `coroutine`: Lua's own, and `coroutine.spawn`.
 *
 * A host function that waits inside a coroutine of the program yields to whoever resumed that coroutine. There the
 * yield must go on outwards, up to the machine, and later all the way back in, without the program noticing. The
 * transformed binary does this by itself (`vm/transform`), also where a coroutine was preempted. For the stock binary
 * `resume` and `wrap` are the host's. In both, a coroutine through which such a yield went is marked as one that runs
 * (`markRunning`): its status is "normal", and nobody else can resume or close it.
 */
import { mustBeFunction } from '../arguments.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { Path, Stage } from '../path.ts';
import type { Continuation, HostFunction } from '../vm/adapter.ts';
import { FIRST_UPVALUE, REGISTRY, Status, Type } from '../vm/layout.ts';
import { How } from '../vm/words.ts';

/** What `resume` answers for an error. Less than that means to yield (`HostFunction`). */
const FAILED = -1;

/** Lua's own functions that need no change in either binary. */
const UNCHANGED = ['close', 'create', 'isyieldable', 'running', 'status', 'yield'] as const;
/** Those that must know of waits. */
const KNOWING = ['resume', 'wrap'] as const;

export function coroutineModule(engine: Engine): HostModule {
  return {
    name: 'coroutine',
    functions: {
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
    },
    hidden: hostVersions(engine),
  };
}

/** `resume` and `wrap` for the stock binary. */
function hostVersions(engine: Engine): { [name: string]: HostFunction } {
  return {
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
    /** What `wrap` answers. */
    wrapped: L => {
      const co = engine.vm.api.lua_tothread(L, FIRST_UPVALUE);
      return finishWrapped(engine, L, co, begin(engine, L, co, 1, 'coroutine.wrapped'));
    },
  };
}

/** Members of the library that are functions of the binary; known once the machine is up. */
export function standardCoroutineFunctions(engine: Engine): ReadonlyMap<string, number> {
  const { vm } = engine;
  const standard = vm.standard.coroutine.functions;
  const members = new Map<string, number>(UNCHANGED.map(name => [name, standard.get(name)!]));
  for (const name of KNOWING) {
    members.set(name, vm.transformed ? standard.get(name)! : vm.functions[`coroutine.${name}`]);
  }
  return members;
}

export function coroutineContinuations(engine: Engine): { [name: string]: Continuation } {
  return {
    'coroutine.resume': L => {
      const co = engine.vm.api.lua_tothread(L, 1);
      engine.vm.markSuspended(co);
      return finishResume(engine, L, resume(engine, L, co, 0, 'coroutine.resume'));
    },
    'coroutine.wrapped': L => {
      const co = engine.vm.api.lua_tothread(L, FIRST_UPVALUE);
      engine.vm.markSuspended(co);
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
  const { vm } = engine;
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
  const { vm } = engine;
  const { api } = vm;
  let status = api.lua_resume(co, L, count, vm.out);
  while (status === Status.Yield && vm.how() !== How.Yielded) {
    if (api.lua_isyieldable(L) !== 0) {
      vm.markRunning(co);
      return vm.handOn(vm.continuations[continuation]);
    }
    // Who waits is told that it cannot; who was preempted goes on, but not for ever.
    if (vm.how() === How.Waits) vm.setHow(How.CannotWait);
    else {
      vm.setHow(How.Yielded);
      vm.checkPatience(L);
    }
    status = api.lua_resume(co, L, 0, vm.out);
  }
  if (status !== Status.Ok && status !== Status.Yield) {
    api.lua_xmove(co, L, 1);
    return FAILED;
  }
  const results = vm.memory.i32[vm.out >>> 2];
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
