import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import type { LuaProcess } from '../../machines/lua/process.ts';
import { LuaProgram } from '../../machines/lua/program.ts';
import { deployLua, run, scripts } from './deployed.ts';

const test = suite('lua memory');

const PROGRAM = `return function(n)
  local inbox, data = process.inbox(), {}
  for i = 1, 50 do data[i] = {id = i, name = "item " .. i} end
  local co = coroutine.wrap(function() while true do coroutine.yield(inbox:receive()) end end)
  coroutine.spawn(function() process.listen("never"):receive() end)
  local guard <close> = setmetatable({}, {__close = function() while true do end end})
  co()
end`;

test('spawning and ending thousands of processes needs no more memory than the first thousand', async () => {
  const { runtime } = await deployLua(scripts({ main: PROGRAM }));
  const { memory } = engineOfThread().vm;
  try {
    const sizes: number[] = [];
    for (let round = 0; round < 4; round++) {
      const pids = Array.from({ length: 500 }, () =>
        runtime.spawn({ id: 'app:main', host: 'app:host', args: [round] }),
      );
      while (runtime.live < 500) await runtime.wait(1);
      await runtime.wait(1);
      for (const pid of pids) runtime.terminate(pid);
      assert.ok(await runtime.drained(10_000));
      sizes.push(memory.u8.length);
    }
    assert.equal(sizes, [sizes[0], sizes[0], sizes[0], sizes[0]]);
  } finally {
    await runtime.stop();
  }
});

test('an idle process takes less than 16 KiB', async () => {
  const { runtime } = await deployLua(
    scripts({
      main: `return function() while true do
        local msg = process.inbox():receive()
        if msg:topic() == "stop" then return msg:payload():data() end
      end end`,
    }),
  );
  const create = LuaProgram.prototype.create;
  const made: LuaProcess[] = [];
  LuaProgram.prototype.create = function (this: LuaProgram) {
    const machine = create.call(this) as LuaProcess;
    made.push(machine);
    return machine;
  };
  try {
    for (let i = 0; i < 10; i++) runtime.spawn({ id: 'app:main', host: 'app:host' });
    await runtime.wait(1);
    assert.is(made.length, 10);
    for (const { state } of made) assert.ok(state.used > 1000 && state.used < 16 * 1024, `${state.used} bytes`);
  } finally {
    LuaProgram.prototype.create = create;
    await runtime.stop();
  }
});

test('a long conversation does not grow', async () => {
  assert.is(
    await run(`
      local me, inbox = process.pid(), process.inbox()
      local function round()
        for i = 1, 2000 do
          process.send(me, "n", {id = i, list = {1, 2, 3}})
          local m = inbox:receive()
          local co = coroutine.wrap(function() coroutine.yield(m:payload():data()) end)
          co()
        end
        collectgarbage("collect") collectgarbage("collect")
        return collectgarbage("count")
      end
      round()
      local first, last = round()
      for i = 1, 5 do last = round() end
      return last - first < 2`),
    true,
  );
});

test('timers that nobody waits for any more are forgotten', async () => {
  assert.is(
    await run(`
      local time = require("time")
      local function round()
        for i = 1, 300 do time.after("1ms") time.timer("1h"):stop() end
        time.sleep("20ms")
        collectgarbage("collect") collectgarbage("collect")
        return collectgarbage("count")
      end
      round()
      local first = round()
      round()
      return round() - first < 2`),
    true,
  );
});

test.run();
