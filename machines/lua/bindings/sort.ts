/**
 * `table.sort`. Lua's own is a C function that cannot be interrupted, so a table of half a million values would hold its
 * thread for a fifth of a second. Large tables are sorted by the same algorithm written in Lua: it can be interrupted, is
 * about as fast where there is a comparison function, and half as fast where there is none.
 *
 * Source of the algorithm: `auxsort` of ltablib.c (quicksort, median of three, smaller part first). Its pivots of very
 * uneven partitions depend on the time; here they are at a fixed place, so that a run can be repeated.
 */
import { compileText } from '../compile.ts';
import type { Engine } from '../engine.ts';
import { SORTER } from '../objects.ts';
import type { Continuation, HostFunction } from '../vm/adapter.ts';
import { REGISTRY, Status, Type } from '../vm/layout.ts';

/** Lua's own sorts tables of up to so many values: a few milliseconds. */
const SHORT = 10_000;

const SOURCE = `
local function less(a, b) return a < b end
return function(t, n, lt)
  lt = lt or less
  local lows, ups, depth = {1}, {n}, 1
  while depth > 0 do
    local lo, up = lows[depth], ups[depth]
    depth = depth - 1
    while lo < up do
      local a, b = t[lo], t[up]
      if lt(b, a) then t[lo], t[up] = b, a end
      if up - lo == 1 then break end
      local p = lo + (up - lo) // 2
      a, b = t[p], t[lo]
      if lt(a, b) then t[p], t[lo] = b, a
      else
        b = t[up]
        if lt(b, a) then t[p], t[up] = b, a end
      end
      if up - lo == 2 then break end
      local pivot = t[p]
      t[p], t[up - 1] = t[up - 1], pivot
      local i, j = lo, up - 1
      while true do
        i = i + 1
        while lt(t[i], pivot) do
          if i == up - 1 then error("invalid order function for sorting", 2) end
          i = i + 1
        end
        j = j - 1
        while lt(pivot, t[j]) do
          if j < i then error("invalid order function for sorting", 2) end
          j = j - 1
        end
        if j < i then break end
        t[i], t[j] = t[j], t[i]
      end
      t[up - 1], t[i] = t[i], t[up - 1]
      depth = depth + 1
      if i - lo < up - i then
        lows[depth], ups[depth] = i + 1, up
        up = i - 1
      else
        lows[depth], ups[depth] = lo, i - 1
        lo = i + 1
      end
    end
  end
end
`;

export function sortFunction(engine: Engine): HostFunction {
  let bytecode: Uint8Array | undefined;
  return L => {
    const { vm } = engine;
    const { api, adapter } = vm;
    const count = vm.count(L);
    const size = count > 0 && api.lua_type(L, 1) === Type.Table ? Number(api.lua_rawlen(L, 1)) : 0;
    const large = size > SHORT && vm.isYieldable(L);
    // Whatever is unusual is Lua's own affair.
    if (!large || (count > 1 && api.lua_type(L, 2) !== Type.Nil && api.lua_type(L, 2) !== Type.Function)) {
      return engine.standard('table', 'sort')(L);
    }
    api.lua_settop(L, 2);
    if (adapter.rawGetInteger(L, REGISTRY, SORTER) === Type.Nil) {
      api.lua_settop(L, 2);
      bytecode ??= compileText(engine, SOURCE, '=table.sort');
      if (vm.load(L, bytecode, '=table.sort', 'b') !== Status.Ok) return api.lua_error(L);
      api.lua_callk(L, 0, 1, 0, 0);
      api.lua_pushvalue(L, -1);
      adapter.rawSetInteger(L, REGISTRY, SORTER);
    }
    api.lua_pushvalue(L, 1);
    adapter.pushInteger(L, size);
    api.lua_pushvalue(L, 2);
    api.lua_callk(L, 3, 0, 0, vm.continuations['table.sorted']);
    return 0;
  };
}

/** Where a sort that was interrupted ends. */
export const sortContinuations: { readonly [name: string]: Continuation } = { 'table.sorted': () => 0 };
