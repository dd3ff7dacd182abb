import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TroupeError } from '../../runtime/errors.ts';
import type { Payload } from '../../runtime/machine.ts';
import { deployLua, failure, run, runScripts, scripts } from './deployed.ts';

const test = suite('lua process');

test('pid and id are texts of the documented form', async () => {
  const [pid, id] = (await run('return {process.pid(), process.id()}')) as string[];
  assert.match(pid, /^\{app:host\|0x[0-9a-f]{5,}\}$/);
  assert.is(id, 'app:main');
});

test('arguments arrive in order, nil included', async () => {
  assert.equal(await run('local a, b, c = ... return {a, b == nil, c.x}', 1, null, { x: 'y' }), [1, true, 'y']);
});

test('a script may return a table of methods, and `method` chooses', async () => {
  const source = 'source: "return {main = function() return 1 end, second = function() return 2 end}"';
  const value = await runScripts(
    { main: 'return function() return {process.exec("app:a", "app:host"), (process.exec("app:b", "app:host"))} end' },
    [`{name: a, kind: process.lua, ${source}}`, `{name: b, kind: process.lua, method: second, ${source}}`],
  );
  assert.equal(value, [1, 2]);
});

test('a script that returns no method says what to do', async () => {
  const ends = async (main: string) => {
    try {
      await runScripts({ main });
    } catch (error) {
      return (error as Error).message;
    }
  };
  assert.is(
    await ends('local x = 1'),
    'app:main: the script must return its function "main", but it returned nil; ' +
      'end it with "return main" or "return { main = ... }"',
  );
  assert.is(
    await ends('function main() end'),
    'app:main: the script must return its function "main", but it returned nil; ' +
      'add "return { main = main }" as its last line',
  );
  assert.is(await ends('return {}'), 'app:main: the table that the script returns has no function "main"');
});

test('results: nothing, nil, a value, a value and an error', async () => {
  assert.is(await run('return'), undefined);
  assert.is(await run('return nil'), null);
  assert.is(await run('return 7, nil'), 7);
  const text = await failure('return nil, "went wrong"');
  assert.is(text.message, 'went wrong');
  const object = await failure('return 1, errors.new{message = "no", kind = "CONFLICT", retryable = true}');
  assert.is(object.message, 'no');
  assert.is(object.kind, 'CONFLICT');
  assert.is(object.retryable, true);
  const unsendable = await failure('return {a = {function() end}}');
  assert.is(unsendable.message, 'result.a[1]: function cannot be sent');
});

test('a raised text ends the process with message, place and traceback', async () => {
  const error = await failure('local function inner() error("boom") end\ninner()');
  assert.is(error.message, 'boom');
  assert.is(error.place, 'main.lua:2');
  assert.match(
    error.stack!,
    /^stack traceback:\n\t\[C\]: in function 'error'\n\tmain\.lua:2: in .*'inner'\n\tmain\.lua:3: in /,
  );
});

test('a mistake of the program has a place', async () => {
  const error = await failure('local t = nil\nreturn t.field');
  assert.is(error.message, "attempt to index a nil value (local 't')");
  assert.is(error.place, 'main.lua:3');
});

test('only names of chunks are taken for places; long ones are spelled out', async () => {
  const error = await failure('error("host:80: refused", 0)');
  assert.is(error.message, 'host:80: refused');
  assert.is(error.place, 'main.lua:2');
  const folder = 'a/rather/long/folder/name/that/is/much/longer/than/sixty/characters/in/total';
  const { runtime } = await deployLua({
    'app.yaml':
      'namespace: app\nentries:\n  - {name: host, kind: process.host}\n' +
      `  - {name: main, kind: process.lua, source: "file://${folder}/main.lua"}\n`,
    [`${folder}/main.lua`]: 'return function()\n  error("far away")\nend',
  });
  try {
    await runtime.exec({ id: 'app:main', host: 'app:host' });
    assert.unreachable();
  } catch (thrown) {
    assert.is((thrown as TroupeError).message, 'far away');
    assert.is((thrown as TroupeError).place, `${folder}/main.lua:2`);
  } finally {
    await runtime.stop();
  }
});

test('raised error objects keep kind and details; other values are explained', async () => {
  const error = await failure('error(errors.new{message = "m", kind = "TIMEOUT", details = {after = 5}})');
  assert.is(error.kind, 'TIMEOUT');
  assert.is(error.details!.after, 5);
  assert.is(error.place, 'main.lua:2');
  assert.is((await failure('error({})')).message, 'a table was raised; raise a text or errors.new{...}');
});

test('send: what arrives, and what is refused', async () => {
  assert.equal(
    await run(`
      local me, inbox = process.pid(), process.inbox()
      process.send(me, "none")
      process.send(me, "one", {n = 1})
      process.send(me, "two", 1, "b")
      process.send(me, "nil", nil)
      local seen = {}
      for i = 1, 4 do
        local msg = inbox:receive()
        seen[i] = {msg:topic(), msg:from() == me, msg:payload():data()}
      end
      return seen`),
    [
      ['none', true, []],
      ['one', true, { n: 1 }],
      ['two', true, [1, 'b']],
      ['nil', true],
    ],
  );
  const refused = async (call: string) =>
    (await run(`local ok, err = ${call} return {ok == nil, tostring(err), err:kind()}`)) as unknown[];
  assert.equal(await refused('process.send(process.pid(), "@x", 1)'), [
    true,
    'topic "@x" is reserved: topics that begin with "@" belong to the runtime',
    'INVALID',
  ]);
  assert.equal(await refused('process.send("{app:host|0x0ffff}", "t", 1)'), [
    true,
    'process {app:host|0x0ffff} not found',
    'NOT_FOUND',
  ]);
  assert.equal(await refused('process.send(process.pid(), "t", {items = {1, 2, {fn = print}}})'), [
    true,
    'payload.items[3].fn: function cannot be sent',
    'INVALID',
  ]);
  assert.equal(await refused('process.send(process.pid(), "t", 1, coroutine.create(print))'), [
    true,
    'payload[2]: coroutine cannot be sent',
    'INVALID',
  ]);
});

test('arguments of the wrong type raise and name the argument', async () => {
  const error = await failure('process.send(1, "t")');
  assert.is(error.message, "bad argument #1 to 'send' (dest: string expected, got number)");
  assert.is(error.place, 'main.lua:2');
  assert.is(
    (await failure('process.spawn()')).message,
    "bad argument #1 to 'spawn' (id: string expected, got no value)",
  );
  assert.is(
    (await failure('local i = process.inbox() i.receive()')).message,
    "bad argument #1 to 'receive' (self: channel expected, got no value)",
  );
});

/** Wrong calls, and how the message goes on after "bad argument #". */
const MISUSE: { readonly [call: string]: string } = {
  'channel.new(-1)': "1 to 'new' (size: the size must be a whole number from 0 to 1000000)",
  'channel.new("x")': "1 to 'new' (size: number expected, got string)",
  'channel.select{1}': "1 to 'select' (cases: item 1 is not a case; write ch:case_receive() or ch:case_send(value))",
  'channel.select()': "1 to 'select' (cases: table of cases expected, got no value)",
  'process.listen()': "1 to 'listen' (topic: string expected, got no value)",
  'process.listen("t", {massage = true})':
    '2 to \'listen\' (options: unknown option "massage"; did you mean "message"?)',
  'process.set_options{trap_links = 1}': "1 to 'set_options' (options: option trap_links must be true or false)",
  'process.set_options{trap_link = true}':
    '1 to \'set_options\' (options: unknown option "trap_link"; did you mean "trap_links"?)',
  'process.cancel({})': "1 to 'cancel' (dest: string expected, got table)",
  'process.registry.register(5)': "1 to 'register' (name: string expected, got number)",
  'coroutine.spawn(1)': "1 to 'spawn' (fn: function expected, got number)",
  'errors.new{message = 1}': '1 to \'new\' (message: field "message" must be a text)',
  'errors.is(nil)': "2 to 'is' (kind: string expected, got no value)",
  'process.send(channel.new(), "t")': "1 to 'send' (dest: string expected, got channel)",
};

for (const [call, text] of Object.entries(MISUSE)) {
  test(`misuse is INVALID and names the parameter: ${call}`, async () => {
    const caught = (await run(
      `local ok, err = pcall(function() ${call} end) return {ok, err:kind(), err:retryable(), err:message()}`,
    )) as Payload[];
    assert.equal(caught, [false, 'INVALID', false, `bad argument #${text}`]);
    assert.is((await failure(call)).kind, 'INVALID');
  });
}

test('spawn, message both ways, monitor sees the value', async () => {
  const value = await runScripts({
    main: `return function()
      local inbox, events = process.inbox(), process.events()
      local child = process.spawn_monitored("app:child", "app:host", process.pid(), "hello")
      local msg = inbox:receive()
      process.send(child, "go")
      local event = events:receive()
      return {msg:payload():data(), msg:from() == child, event.kind, event.from == child, event.result, event.at > 0}
    end`,
    child: `return function(parent, text)
      process.send(parent, "said", text)
      process.inbox():receive()
      return {done = true}
    end`,
  });
  assert.equal(value, ['hello', true, 'pid.exit', true, { value: { done: true } }, true]);
});

test('an abnormal exit carries the error object to monitor and trapped link', async () => {
  const value = await runScripts({
    main: `return function()
      process.set_options({trap_links = true})
      local events = process.events()
      local child = process.spawn_linked_monitored("app:child", "app:host")
      local first, second = events:receive(), events:receive()
      return {first.kind, second.kind, first.result.error:kind(), second.result.error:message(),
        process.event.EXIT, process.event.LINK_DOWN, process.get_options()}
    end`,
    child: 'return function() return nil, errors.new{message = "gone", kind = "UNAVAILABLE"} end',
  });
  assert.equal(value, [
    'pid.exit',
    'pid.link.down',
    'UNAVAILABLE',
    'gone',
    'pid.exit',
    'pid.link.down',
    { trap_links: true, upgradable: false },
  ]);
});

test('a failing link ends a process that does not trap it, pcall or not', async () => {
  const value = await runScripts({
    main: `return function()
      local events = process.events()
      local victim = process.spawn_monitored("app:victim", "app:host")
      local event = events:receive()
      return tostring(event.result.error)
    end`,
    victim: `return function()
      pcall(function()
        process.spawn_linked("app:bomb", "app:host")
        local guard <close> = setmetatable({}, {__close = function() while true do end end})
        process.inbox():receive()
      end)
      return "survived"
    end`,
    bomb: 'return function() error("bang") end',
  });
  assert.match(value as string, /^linked process failed: \{app:host\|0x[0-9a-f]+\}: bang$/);
});

test('errors of spawn are returned, with kind', async () => {
  assert.equal(
    await run(`
      local _, unknown = process.spawn("app:nobody", "app:host")
      local _, host = process.spawn("app:main", "app:nowhere")
      return {unknown:kind(), host:kind()}`),
    ['NOT_FOUND', 'NOT_FOUND'],
  );
});

test('exec gives value or error; context is inherited', async () => {
  const value = await runScripts({
    main: `return function()
      local sum = process.exec("app:add", "app:host", 2, 3)
      local none, err = process.exec("app:fail", "app:host")
      return {sum, none == nil, err:kind(), tostring(err)}
    end`,
    add: 'return function(a, b) return a + b end',
    fail: 'return function() return nil, errors.new{message = "no", kind = "CONFLICT"} end',
  });
  assert.equal(value, [5, true, 'CONFLICT', 'no']);
});

test('monitor, unmonitor, link, unlink answer as specified', async () => {
  const value = await runScripts({
    main: `return function()
      local child = process.spawn("app:child", "app:host")
      local first = process.monitor(child)
      local again, exists = process.monitor(child)
      local gone, missing = process.monitor("{app:host|0x0ffff}")
      local mine, own = process.link(process.pid())
      return {first, again == nil, exists:kind(), missing:kind(), own:kind(), process.unmonitor(child),
        process.unmonitor(child), process.link(child), process.link(child), process.unlink(child), process.unlink(child)}
    end`,
    child: 'return function() process.inbox():receive() end',
  });
  assert.equal(value, [true, true, 'ALREADY_EXISTS', 'NOT_FOUND', 'INVALID', true, true, true, true, true, true]);
});

test('a child that has asked for its events and does something else is asked to end', async () => {
  const stops = `local supervisor = require("supervisor")
    return function()
      local busy = {process = "app:busy", host = "app:host", input = {process.pid()}}
      supervisor.stop(supervisor.start({children = {busy}}))
      return process.inbox():receive():payload():data()
    end`;
  const value = await runScripts(
    {
      main: 'return function() return process.exec("app:stops", "app:host") end',
      busy: `local time = require("time")
        return function(main)
          local events = process.events()
          time.sleep("10ms")
          process.send(main, "heard", events:receive().kind)
        end`,
    },
    [`{name: stops, kind: process.lua, modules: [supervisor], source: ${JSON.stringify(stops)}}`],
  );
  assert.is(value, 'pid.cancel');
});

test('cancel asks, terminate ends', async () => {
  const value = await runScripts({
    main: `return function()
      local events = process.events()
      local polite = process.spawn_monitored("app:polite", "app:host")
      local deaf = process.spawn_monitored("app:deaf", "app:host")
      process.cancel(polite, "enough")
      local first = events:receive()
      process.terminate(deaf)
      local second = events:receive()
      return {first.from == polite, first.result.value, second.from == deaf, tostring(second.result.error)}
    end`,
    polite: `return function()
      local event = process.events():receive()
      return {event.kind, event.reason}
    end`,
    deaf: 'return function() process.inbox():receive() end',
  });
  assert.equal(value, [true, ['pid.cancel', 'enough'], true, 'process terminated']);
});

test('names: register, lookup, unregister, send by name', async () => {
  assert.equal(
    await run(`
      local r = process.registry
      local ok, again = r.register("me"), r.register("me")
      local pid = r.lookup("me")
      process.send("me", "hi", 1)
      local msg = process.inbox():receive()
      local gone, err = r.lookup("nobody")
      return {ok, again, pid == process.pid(), msg:topic(), err:kind(), r.unregister("me"), r.unregister("me")}`),
    [true, true, true, 'hi', 'NOT_FOUND', true, false],
  );
});

test('the spawner is immutable; messages come first, a taken name is signalled', async () => {
  const value = await runScripts({
    main: `return function()
      local values = {user = "ada"}
      local base = process.with_context(values)
      values.user = "eve"
      local named = base:with_name("worker"):with_message("job", 1):with_message("job", {2, 3}, nil)
      local events = process.events()
      local pid = named:spawn_monitored("app:worker", "app:host")
      local same = named:spawn("app:worker", "app:host")
      local event = events:receive()
      local plain = base:exec("app:context", "app:host")
      local none = process.exec("app:context", "app:host")
      return {pid == same, event.result.value, plain, none == nil}
    end`,
    worker: `return function()
      local inbox, seen = process.inbox(), {}
      for i = 1, 4 do
        local msg = inbox:receive()
        seen[i] = {msg:topic(), msg:payload():data()}
      end
      return seen
    end`,
    context: 'return function() return require("ctx").get("user") end',
  });
  const jobs = [
    ['job', 1],
    ['job', [[2, 3]]],
  ];
  assert.equal(value, [true, [...jobs, ...jobs], 'ada', true]);
});

test('spawner options are checked; a timeout answers TIMEOUT', async () => {
  assert.match(
    (await failure('process.with_options({nope = 1})')).message,
    /unknown option "nope"; there are timeout and method/,
  );
  const value = await runScripts({
    main: `return function()
      local _, err = process.with_options({timeout = "5ms"}):exec("app:slow", "app:host")
      return err:kind()
    end`,
    slow: 'return function() process.events():receive() end',
  });
  assert.is(value, 'TIMEOUT');
});

test('upgrade goes on as another entry with the same PID and the unread messages', async () => {
  const value = await runScripts({
    main: `return function()
      local events = process.events()
      local pid = process.spawn_monitored("app:old", "app:host")
      process.send(pid, "n", 1)
      process.send(pid, "n", 2)
      process.send(pid, "n", 3)
      local event = events:receive()
      return {event.from == pid, event.result}
    end`,
    old: `return function()
      local first = process.inbox():receive():payload():data()
      coroutine.wrap(function() process.upgrade("app:new", first) end)()
      error("upgrade returned")
    end`,
    new: `return function(first)
      local inbox = process.inbox()
      return {first, inbox:receive():payload():data(), inbox:receive():payload():data(), process.id()}
    end`,
  });
  assert.equal(value, [true, { value: [1, 2, 3, 'app:new'] }]);
});

test('a failed upgrade ends the process with an error that says so', async () => {
  const error = await failure('process.upgrade("app:nobody")');
  assert.match(error.message, /^upgrade: /);
});

test('a busy receiver lets others run: two processes that flood each other both finish', async () => {
  const value = await runScripts({
    main: `return function()
      local events = process.events()
      local a = process.spawn_monitored("app:echo", "app:host", 3000)
      local b = process.spawn_monitored("app:echo", "app:host", 3000)
      process.send(a, "peer", b)
      process.send(b, "peer", a)
      return {events:receive().result.value, events:receive().result.value}
    end`,
    echo: `return function(n)
      local inbox = process.inbox()
      local peer = inbox:receive():payload():data()
      for i = 1, n do process.send(peer, "n", i) end
      local sum = 0
      for i = 1, n do sum = sum + inbox:receive():payload():data() end
      return sum
    end`,
  });
  assert.equal(value, [4501500, 4501500]);
});

test('processes on different worker threads exchange every kind of value', async () => {
  const { runtime } = await deployLua(
    scripts({
      main: `return function()
        local events, inbox, out = process.events(), process.inbox(), {}
        for i = 1, 4 do
          local pid = process.spawn_monitored("app:echo", "app:host", process.pid())
          process.send(pid, "v", {i, "text", {nested = {1, 2.5, true}}, errors.new{message = "e", kind = "CONFLICT"}, "\\xff\\xfe"})
          local got = inbox:receive():payload():data()
          out[i] = {got[1] == i, got[2], got[3].nested, got[4]:kind(), #got[5], events:receive().from == pid}
        end
        return out
      end`,
      echo: `return function(parent)
        process.send(parent, "back", process.inbox():receive():payload():data())
      end`,
    }),
    2,
  );
  try {
    const value = await runtime.exec({ id: 'app:main', host: 'app:host' });
    assert.equal(
      value,
      Array.from({ length: 4 }, () => [true, 'text', [1, 2.5, true], 'CONFLICT', 2, true]),
    );
  } finally {
    await runtime.stop();
  }
});

test('polling with select and default does not starve others', async () => {
  const value = await runScripts({
    main: `return function()
      process.spawn("app:answer", "app:host", process.pid())
      local inbox, rounds = process.inbox(), 0
      while true do
        local r = channel.select{inbox:case_receive(), default = true}
        if not r.default then return r.value:payload():data() end
        rounds = rounds + 1
      end
    end`,
    answer: 'return function(parent) process.send(parent, "answer", 42) end',
  });
  assert.is(value, 42);
});

test.run();
