/**
 * The Lua state of one process: how much it takes, how it goes away. Everything else asks for no more than this, so that
 * states can come from the general heap (here, with the stock binary) or be copies of a template (`slots/`).
 */
import { TroupeError } from '../../../runtime/errors.ts';
import { STATE_STACK, STATE_TO_CLOSE, Status } from './layout.ts';
import type { LuaVm } from './vm.ts';

export interface LuaState {
  /** The main coroutine, in which the process' main path runs. */
  readonly L: number;
  /** Bytes that Lua holds for it now. */
  readonly used: number;
  /** Frees everything. Runs no code of the program: neither finalizers nor variables that wait to be closed. */
  close(): void;
}

const NO_LIMIT = -1;

class HeapState implements LuaState {
  readonly L: number;
  readonly #vm: LuaVm;
  /** Two words: bytes in use, bytes allowed. */
  readonly #account: number;

  constructor(vm: LuaVm, L: number, account: number) {
    this.L = L;
    this.#vm = vm;
    this.#account = account;
  }

  get used(): number {
    return this.#vm.memory.i32[this.#account >>> 2] >>> 0;
  }

  close(): void {
    const { api, memory } = this.#vm;
    const { L } = this;
    memory.i32[(L + STATE_TO_CLOSE) >>> 2] = memory.i32[(L + STATE_STACK) >>> 2];
    memory.i32[(this.#account >>> 2) + 1] = NO_LIMIT;
    api.lua_close(L);
    api.free(this.#account);
  }
}

/**
 * A new state of at most `limit` bytes, filled by the host function at `open`. Throws UNAVAILABLE where there is no
 * room; nothing is left behind then.
 */
export function openState(vm: LuaVm, open: number, limit: number): LuaState {
  const { api, memory } = vm;
  const account = api.malloc(8);
  if (account === 0) throw noRoom();
  memory.i32[account >>> 2] = 0;
  memory.i32[(account >>> 2) + 1] = limit;
  const L = api.lua_newstate(vm.allocator, account);
  if (L === 0) {
    api.free(account);
    throw noRoom();
  }
  const state = new HeapState(vm, L, account);
  if (!vm.transformed) vm.burnFuel(L);
  if (vm.protect(L, open) !== Status.Ok) {
    state.close();
    throw noRoom();
  }
  return state;
}

export function noRoom(): TroupeError {
  return new TroupeError('no memory left for another Lua process in this worker', {
    kind: 'UNAVAILABLE',
    retryable: true,
  });
}
