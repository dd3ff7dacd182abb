/** 200 000 Lua processes come and go in every way there is, and leave nothing behind. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { deployLua, scripts } from '../lua/deployed.ts';

const test = suite('lua cycles');

const ROUNDS = 4;
const CYCLES = 50_000;

const CHILD = `local fates = {
  function() return 1 end,
  function() error("crash") end,
  function() return nil, errors.new{message = "refused", kind = errors.INVALID} end,
  function() process.inbox():receive() end,
  function() local t = {} while true do t[#t + 1] = ("x"):rep(1000) .. #t end end,
  function() local x = nil return x.field end,
  function() coroutine.wrap(function() local guard <close> = setmetatable({}, {__close = function() end}) error({}) end)() end,
  function() coroutine.spawn(function() process.inbox():receive() end) return "main" end,
}
return function(fate) return fates[fate]() end`;

const DRIVER = `return function(cycles)
  process.set_options{trap_links = true}
  local events, ended, kinds = process.events(), 0, {}
  local batch = 100
  for i = 1, cycles, batch do
    for k = i, i + batch - 1 do
      -- The fate that needs a megabyte comes up less often than the others.
      local fate = k % 500 == 0 and 5 or k % 7 + 1
      if fate == 5 and k % 500 ~= 0 then fate = 8 end
      local spawn = k % 3 == 0 and process.spawn_linked_monitored or process.spawn_monitored
      local pid = assert(spawn("app:child", "app:host", fate))
      if fate == 4 then assert(process.terminate(pid)) end
    end
    for _ = 1, batch do
      local event = events:receive()
      while event.kind ~= process.event.EXIT do event = events:receive() end
      ended = ended + 1
      local kind = event.result.error and event.result.error:kind() or "value"
      kinds[kind] = (kinds[kind] or 0) + 1
    end
  end
  return {ended = ended, kinds = kinds}
end`;

test(`${ROUNDS * CYCLES} processes leave the memory as it was`, async () => {
  const { runtime } = await deployLua(scripts({ child: CHILD, driver: DRIVER }, [], '{memory: 1MiB}'));
  try {
    const { slots } = engineOfThread().vm;
    const pages: number[] = [];
    const heap: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const { ended, kinds } = (await runtime.exec({ id: 'app:driver', host: 'app:host', args: [CYCLES] })) as {
        ended: number;
        kinds: { [kind: string]: number };
      };
      assert.is(ended, CYCLES);
      assert.is(kinds.UNAVAILABLE, CYCLES / 500, 'those that ran out of memory');
      assert.ok(kinds.value > 0 && kinds.UNKNOWN > 0 && kinds.INVALID > 0 && kinds.CANCELED > 0, JSON.stringify(kinds));
      await runtime.wait(5);
      assert.is(runtime.live, 0);
      globalThis.gc!();
      pages.push(slots?.livePages ?? 0);
      heap.push(process.memoryUsage().heapUsed);
    }
    assert.equal(pages, new Array(ROUNDS).fill(pages[0]));
    // The first round also pays for compiled code.
    assert.ok(heap[ROUNDS - 1] - heap[1] < 4e6, `the heap grew: ${heap.join(', ')}`);
  } finally {
    await runtime.stop();
  }
});

test.run();
