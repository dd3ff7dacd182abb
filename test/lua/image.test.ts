/** Processes as images: they go on as if nothing had happened, wherever they stood. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { engineOfThread } from '../../machines/lua/engine.ts';
import { membershipOf, shareRegions } from '../../machines/lua/regions_of_thread.ts';
import { injectSlot } from '../../machines/lua/vm/slots/image.ts';
import { RegionClaims } from '../../machines/lua/vm/slots/region_claims.ts';
import { RegionTable } from '../../machines/lua/vm/slots/regions.ts';
import { TroupeError } from '../../runtime/errors.ts';
import type { Image, Payload } from '../../runtime/machine.ts';
import { BareProcess } from '../bare_process.ts';
import { loadProgram } from './load_program.ts';
import { Machine } from './slots_machine.ts';

const test = suite('lua images');

/** Everything that a process can be in the middle of. */
const WANDERER = `return function(rounds)
  local inbox, me, out = process.inbox(), process.pid(), {}
  local function P(...) local t = table.pack(...) for i = 1, t.n do t[i] = tostring(t[i]) end out[#out + 1] = table.concat(t, " ") end
  local mt = {__index = function(t, k) local s = 0 for i = 1, 7 do s = s + i * k end return s end, __add = function(a, b) return a.v + b end}
  local o = setmetatable({v = rounds}, mt)
  local function inner(n)
    return coroutine.wrap(function(a)
      for i = 1, n do
        a = a + coroutine.yield(a * i)
        process.send(me, "n", i)
        a = a + inbox:receive():payload():data()
      end
      return "done" .. a
    end)
  end
  local mid = coroutine.create(function(a)
    local w = inner(4)
    for i = 1, 4 do local ok, v = pcall(w, a) a = a + coroutine.yield(v) end
    return a
  end)
  local words = ("k1=v1,k2=v2,k3=v3,k4=v4,k5=v5,k6=v6"):gmatch("(%w+)=(%w+)")
  local ch = channel.new(3)
  coroutine.spawn(function() for i = 1, rounds do ch:send({round = i, list = {i, i + 1}}) end ch:close() end)
  local big = {}
  for round = 1, rounds do
    local guard <close> = setmetatable({}, {__close = function() P("closed", round) end})
    P(pcall(function()
      for i = 1, 30 do big[#big + 1] = {i = i, s = ("%d:%s"):format(i, ("ab"):rep(i % 9))} end
      if round % 3 == 0 then error("e" .. round, 0) end
      return #big
    end))
    P(coroutine.resume(mid, round))
    P(words())
    local t = {} for i = 1, 120 do t[i] = (i * 7919 + round) % 101 end
    table.sort(t, function(a, b) return a > b end)
    P(t[1], t[60], t[120], o[round], o + 1)
    P((("hello world"):rep(5):gsub("%w+", function(w) return #w .. w:sub(1, 1) end)))
    local h = {} for i = 1, 2000 do h[i] = i * round end
    local s = 0 for i = 1, 2000, 17 do s = s + h[i] end
    P(s, ch:receive().round)
    P(math.random(1000), utf8.char(228, 8364, 128512), string.rep("x", 50, "-"):len())
  end
  local names = {} for k in pairs(_G) do names[#names + 1] = tostring(k) end
  table.sort(names)
  P(table.concat(names, ","), coroutine.status(mid), collectgarbage("count") > 0)
  return table.concat(out, "\\n")
end`;

function transformed(): boolean {
  if (engineOfThread().vm.slots !== undefined) return true;
  console.log("skip: wasmoon's own binary has no images");
  return false;
}

test('moved after every step, a process ends as it would have anyway', () => {
  if (!transformed()) return;
  const expected = BareProcess.begin(loadProgram(WANDERER), 6).run();
  assert.is(expected.error, undefined);
  for (const cpuSlice of [1, 0.02, 0.002]) {
    const program = loadProgram(WANDERER, { cpuSlice });
    let moves = 0;
    const moving = BareProcess.begin(program, 6).run(process => {
      process.enter(process.leave());
      moves++;
    });
    assert.is(moving.value, expected.value);
    assert.ok(moves >= (cpuSlice === 1 ? 1 : 20), `${moves} moves`);
    moving.machine.close();
  }
  expected.machine.close();
});

test('a process that waits can be put away and costs its image only', () => {
  if (!transformed()) return;
  const program = loadProgram(`return function()
    local inbox, sum = process.inbox(), 0
    while true do
      local n = inbox:receive():payload():data()
      if n == 0 then return sum end
      sum = sum + n
    end
  end`);
  const process = BareProcess.begin(program).run();
  process.send('add', 20);
  process.run();
  const image = process.leave();
  assert.ok(image.bytes.length < 20 * 1024, `${image.bytes.length} bytes`);
  process.enter(image);
  process.send('add', 22);
  process.send('end', 0);
  assert.is(process.run().value, 42);
  process.machine.close();
});

test('timers, channels and topics of an image go on', () => {
  if (!transformed()) return;
  const source = `return function()
    local ch, topic, seen = channel.new(1), process.listen("t"), {}
    coroutine.spawn(function() ch:send("a") ch:send("b") ch:send("c") end)
    coroutine.spawn(function() while true do seen[#seen + 1] = topic:receive() end end)
    for i = 1, 3 do
      local got = channel.select{ch:case_receive(), process.events():case_receive()}
      seen[#seen + 1] = got.value
      process.send(process.pid(), "t", i)
      coroutine.yield()
    end
    return seen
  end`;
  const expected = BareProcess.begin(loadProgram(source)).run();
  const moved = BareProcess.begin(loadProgram(source, { cpuSlice: 0.0002 })).run(process => {
    process.enter(process.leave());
  });
  assert.equal(moved.value, expected.value);
  expected.machine.close();
  moved.machine.close();
});

test('an image goes on in another worker', async () => {
  if (!transformed()) return;
  const expected = BareProcess.begin(loadProgram(WANDERER), 6).run().value;
  const shared = shareRegions();
  const program = loadProgram(WANDERER, { cpuSlice: 0.02 }, shared.data);
  const process = BareProcess.begin(program, 6);
  for (let i = 0; i < 5; i++) process.step();
  const image = process.leave();
  const worker = new Worker(fileURLToPath(new URL('./image_worker.js', import.meta.url)), {
    workerData: { source: WANDERER, image, regions: shared.data },
  });
  try {
    const value = await new Promise<Payload>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    assert.is(value, expected);
  } finally {
    await worker.terminate();
    shared.release();
  }
});

test('an image goes on in another program', () => {
  if (!transformed()) return;
  const folder = mkdtempSync(join(tmpdir(), 'troupe-image-'));
  try {
    const expected = BareProcess.begin(loadProgram(WANDERER), 6).run().value;
    const process = BareProcess.begin(loadProgram(WANDERER, { cpuSlice: 0.02 }), 6);
    for (let i = 0; i < 7; i++) process.step();
    const image = process.leave();
    writeFileSync(
      join(folder, 'image.json'),
      JSON.stringify({ source: WANDERER, program: image.program, bytes: [...image.bytes] }),
    );
    const { status, stdout, stderr } = spawnSync(
      globalThis.process.execPath,
      [fileURLToPath(new URL('./image_worker.js', import.meta.url)), join(folder, 'image.json')],
      { encoding: 'utf8' },
    );
    assert.is(stderr, '');
    assert.is(status, 0);
    assert.is(stdout, expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('an image is resumed once, or given up: then its memory is free', () => {
  if (!transformed()) return;
  const slots = engineOfThread().vm.slots!;
  const program = loadProgram(WANDERER, { cpuSlice: 0.02 });
  program.create().close();
  slots.giveBackRegions();
  const before = slots.livePages;
  const refused = (image: Image): void =>
    assert.throws(
      () => program.resume(image),
      (error: unknown) =>
        error instanceof TroupeError && error.kind === 'INVALID' && /resumed once/.test(error.message),
    );
  const begun = (): BareProcess => {
    const process = BareProcess.begin(program, 6);
    for (let i = 0; i < 10; i++) process.step();
    return process;
  };

  const resumed = begun();
  const first = resumed.leave();
  assert.ok(slots.livePages > before, 'its place is reserved');
  resumed.enter(first);
  refused(first);
  program.discard(first);
  assert.is(resumed.run().error, undefined, 'it is not disturbed');
  resumed.machine.close();

  const given = begun().leave();
  program.discard(given);
  program.discard(given);
  refused(given);
  program.discard({ ...given, bytes: given.bytes.subarray(0, 9) });
  slots.giveBackRegions();
  assert.is(slots.livePages, before);
});

test('where a process of another runtime has its address, a process can be resumed later', () => {
  if (!transformed()) return;
  // The same worker of two runtimes, by chance: it begins with the same addresses in both.
  const [one, other] = [shareRegions(), shareRegions()];
  try {
    const images = [one, other].map(shared => {
      const worker = new Machine(new RegionClaims(new RegionTable(shared.data as SharedArrayBuffer), 7));
      const slot = worker.fresh('return 1', 1 << 20);
      return worker.extract(slot);
    });
    const here = engineOfThread().vm.slots!;
    const memberships = [one, other].map(shared => membershipOf(shared.data));
    const slot = injectSlot(here, memberships[0], images[0]);
    assert.throws(
      () => injectSlot(here, memberships[1], images[1]),
      (error: unknown) => error instanceof TroupeError && error.kind === 'UNAVAILABLE' && error.retryable === true,
    );
    here.drop(slot);
    assert.is(injectSlot(here, memberships[1], images[1]), slot);
    here.drop(slot);
  } finally {
    one.release();
    other.release();
  }
});

test('an image of another program, or a damaged one, is refused', () => {
  if (!transformed()) return;
  const process = BareProcess.begin(loadProgram('return function() process.inbox():receive() end')).run();
  const other = loadProgram('return function() process.inbox():receive() return 1 end');
  const image = process.leave();
  const refused = (message: RegExp, act: () => void): void => {
    assert.throws(act, (thrown: unknown) => {
      assert.instance(thrown, TroupeError);
      assert.is((thrown as TroupeError).kind, 'INVALID');
      assert.match((thrown as TroupeError).message, message);
      return true;
    });
  };
  refused(/another version of app:main/, () => other.resume!(image));
  const program = process.program;
  refused(/cut off/, () => program.resume!({ ...image, bytes: image.bytes.subarray(0, 3) }));
  refused(/cut off/, () => program.resume!({ ...image, bytes: image.bytes.subarray(0, image.bytes.length - 100) }));
  process.enter(image);
  process.send('x', 1);
  assert.is(process.run().error, undefined);
  process.machine.close();
});

test.run();
