/**
 * A program for processes that travel, and two places to travel to: run as a worker thread or with a file's name as
 * argument, this file restores the image it is given and goes on with it.
 */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { restoreSlot } from '../../machines/lua/vm/slots/image.ts';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { Machine } from './slots_machine.ts';

export const LIMIT = 16 << 20;

/** Answers a text that depends on everything it did, on the order of keys, the garbage collector and chance. */
export const TRAVELLER = `
  local size = math.random(3000)
  local out = {}
  local function say(...)
    local t = table.pack(...)
    for i = 1, t.n do t[i] = tostring(t[i]) end
    out[#out + 1] = table.concat(t, ' ')
  end
  local kept, count = {}, 0
  local function step(by) count = count + by return count end
  local object = setmetatable({v = size}, {
    __index = function(_, key) local s = 0 for i = 1, 9 do s = s + i * key end return s end,
    __add = function(a, b) return a.v + b end,
  })
  local function inner(n)
    return coroutine.wrap(function(a)
      for i = 1, n do
        for j = 1, 40 do a = a + j % 3 end
        a = a + coroutine.yield(a * i)
      end
      return 'done' .. a
    end)
  end
  local outer = coroutine.create(function(a)
    local next = inner(4)
    for i = 1, 4 do
      local ok, v = pcall(next, a)
      a = a + coroutine.yield(v)
    end
    return a
  end)
  local words = ('k1=v1,k2=v2,k3=v3,k4=v4'):gmatch('(%w+)=(%w+)')
  for round = 1, 4 do
    local closing <close> = setmetatable({}, {__close = function() step(1) end})
    say(pcall(function()
      for i = 1, 40 do kept[#kept + 1] = {i = i, s = ('%d:%s'):format(i, ('ab'):rep(i % 9))} step(i) end
      if round % 3 == 0 then error('e' .. round, 0) end
      return #kept
    end))
    say(coroutine.resume(outer, round)) say(words()) say(math.random(1000), math.random())
    local t = {} for i = 1, 90 do t[i] = (i * 7919 + size) % 101 end
    table.sort(t, function(a, b) return a > b end)
    say(t[1], t[45], t[90], object[round], object + 1)
    say((('hello world '):rep(5):gsub('%w+', function(w) return #w .. w:sub(1, 1) end)))
    local big = {} for i = 1, size do big[i] = i * round end
    for k = 1, 30 do big['k' .. k] = k end
    kept[#kept] = big
    say(collectgarbage('count'))
  end
  for k in pairs(_G) do say(k) end
  coroutine.yield('a rest')
  say(#kept, count, coroutine.status(outer))
  return table.concat(out, '\\n')`;

export interface Journey {
  readonly table: SharedArrayBuffer;
  readonly owner: number;
  readonly image: Uint8Array;
}

if (workerData !== null) {
  const { table, owner, image } = workerData as Journey;
  const machine = new Machine(new RegionClaims(new RegionTable(table), owner));
  const slot = machine.inject(image);
  const { text } = machine.run(slot, 300);
  const regions: number[] = [];
  for (let region = 1; region < 64; region++) if (machine.slots.owns(region)) regions.push(region);
  machine.slots.drop(slot);
  parentPort!.postMessage({ text, regions, live: machine.slots.livePages });
} else if (process.argv[2] !== undefined && import.meta.filename === process.argv[1]) {
  const machine = new Machine();
  const slot = restoreSlot(machine.slots, readFileSync(process.argv[2]));
  process.stdout.write(machine.run(slot, 300).text);
}
