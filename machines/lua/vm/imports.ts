/**
 * What the Lua binary asks of its host: exceptions by unwinding, memory growth, the time for its first random seed, and
 * a C library's system calls, of which a sandboxed program can reach none: all of them refuse.
 */
import { systemClock } from '../../../runtime/clock.ts';
import type { LuaApi } from './api.ts';

/** Lua's memory can grow to this and no further: the binary's own declared maximum, 2 GiB. */
const MAX_PAGES = 32_768;
const PAGE = 65_536;
/** Growing is slow where much is mapped, so grow by at least a quarter each time. */
const GROWTH = 1.25;

/** `ENOSYS` of the binary's C library. */
const NOT_SUPPORTED = -63;
const WASI_BAD_FILE = 8;

export interface LuaHost {
  /** Known after instantiation; no import is called before. */
  api: LuaApi;
  /** After the memory has grown, all views of it are stale. */
  refresh(): void;
  /** The page heap of the slots wants `-negated` further regions, next to each other: the lowest of them, or 0. */
  grant?(negated: number): number;
}

/** Thrown where Lua gave up: an error outside of any protected call. The state must be closed. */
export class LuaPanic extends Error {
  constructor() {
    super('Lua ended in an unprotected error');
  }
}

export function luaImports(host: LuaHost): WebAssembly.Imports {
  const refuse = () => NOT_SUPPORTED;
  const functions: ((a: number, b: number) => void)[] = [];

  return {
    env: {
      /**
       * Lua's longjmp. What is thrown must be a number: `invoke_vii` tells Lua's own unwinding from a host's exception
       * by it, and no host function may swallow it.
       */
      _emscripten_throw_longjmp: () => {
        throw Number.POSITIVE_INFINITY;
      },
      invoke_vii: (slot: number, a: number, b: number) => {
        const { api } = host;
        const sp = api.stackSave();
        try {
          (functions[slot] ??= api.__indirect_function_table.get(slot) as (a: number, b: number) => void)(a, b);
        } catch (thrown) {
          api.stackRestore(sp);
          if (typeof thrown !== 'number') throw thrown;
          api.setThrew(1, 0);
        }
      },
      emscripten_resize_heap: (bytes: number) => {
        if (bytes < 0 && host.grant !== undefined) return host.grant(bytes);
        const wanted = bytes >>> 0;
        const { memory } = host.api;
        const current = memory.buffer.byteLength;
        if (wanted > MAX_PAGES * PAGE) return 0;
        const target = Math.min(Math.max(wanted, current * GROWTH), MAX_PAGES * PAGE);
        try {
          memory.grow(Math.ceil((target - current) / PAGE));
        } catch {
          return 0;
        }
        host.refresh();
        return 1;
      },
      abort: () => {
        throw new LuaPanic();
      },
      exit: () => {
        throw new LuaPanic();
      },
      emscripten_date_now: () => systemClock.unix(),
      _emscripten_get_now_is_monotonic: () => 1,
      strftime: () => 0,
      system: () => -1,
      _mktime_js: () => 0,
      _localtime_js: () => 0,
      _gmtime_js: () => 0,
      _tzset_js: () => 0,
      __syscall_openat: refuse,
      __syscall_fcntl64: refuse,
      __syscall_ioctl: refuse,
      __syscall_dup3: refuse,
      __syscall_unlinkat: refuse,
      __syscall_rmdir: refuse,
      __syscall_renameat: refuse,
      __syscall_readlinkat: refuse,
    },
    wasi_snapshot_preview1: {
      fd_write: () => WASI_BAD_FILE,
      fd_read: () => WASI_BAD_FILE,
      fd_close: () => 0,
      fd_seek: () => WASI_BAD_FILE,
      environ_get: () => 0,
      environ_sizes_get: (count: number, bytes: number) => {
        const words = new Uint32Array(host.api.memory.buffer);
        words[count >>> 2] = 0;
        words[bytes >>> 2] = 0;
        return 0;
      },
    },
  };
}
