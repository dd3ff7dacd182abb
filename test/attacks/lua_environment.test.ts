/** Lua: what one process changes of its world is its own, and there is nothing in that world that leads out of it. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Stage } from './stage.ts';

const test = suite('attack: the environment of Lua');

/** Each changes something that a later process of the same program, or of another one, could see. */
const POISONS: readonly string[] = [
  'string.upper = function() return "poisoned" end',
  '("x").rep = nil',
  'rawset(string, "sub", function() return "poisoned" end)',
  'rawset(_G, "tostring", function() return "poisoned" end)',
  '_G.print = nil _G.pairs = nil _ENV.type = nil',
  'math.pi = 3 math.huge = 1 math.type = nil',
  'setmetatable(_G, {__index = function() return "poisoned" end, __newindex = error})',
  'local mt = getmetatable("") if mt then mt.__index = function() return function() return "poisoned" end end end',
  'process.send = function() return "poisoned" end process.pid = nil',
  'rawset(process, "id", function() return "poisoned" end)',
  'rawset(require("json"), "encode", function() return "poisoned" end)',
  'rawset(errors, "new", nil) rawset(channel, "new", nil) rawset(coroutine, "wrap", nil)',
  'require("time").now = nil rawset(process.registry, "lookup", nil)',
  'table.concat = function() return "poisoned" end table.unpack = nil',
  'setmetatable(string, {__index = function() return "poisoned" end})',
  'require = function() return {} end load = nil',
];

/** Each answers true where the attack came to something. */
const ESCAPES: { readonly [name: string]: string } = {
  debug: 'return debug ~= nil or package ~= nil or dofile ~= nil or loadfile ~= nil or io ~= nil',
  'a module of the disk':
    'for _, name in ipairs{"os", "io", "debug", "package", "ffi", "app.yaml", "./app", "../app", "/etc/passwd", "__proto__", "constructor"} do if pcall(require, name) then return name ~= "os" end end return false',
  'os.exit and its like':
    'return os.exit ~= nil or os.execute ~= nil or os.getenv ~= nil or os.remove ~= nil or os.rename ~= nil or os.tmpname ~= nil or os.setlocale ~= nil',
  bytecode:
    'return string.dump ~= nil or load("\\27Lua", "x", "b") ~= nil or load("\\27LuaS\\0\\x19\\x93", "x", "bt") ~= nil or load(function() return nil end, "x", "b") == nil and false',
  'bytecode piece by piece':
    'local n = 0 local f = load(function() n = n + 1 return ({"\\27", "Lua", "R"})[n] end, "x", "bt") return f ~= nil',
  'metatables of host objects':
    'for _, object in ipairs{process, channel.new(), process.inbox(), process.events(), errors.new("x"), require("time").now(), process.with_context({})} do local mt = getmetatable(object) if mt then return true end end return false',
  'setmetatable on host objects':
    'return pcall(setmetatable, channel.new(), {}) or pcall(setmetatable, process.inbox(), {}) or pcall(setmetatable, "", {})',
  'methods taken with another self':
    'local receive = process.inbox().receive return pcall(receive, {}) or pcall(receive, 1) or pcall(receive, require("time").now()) or pcall(receive, nil)',
  'message methods on other objects':
    'process.send(process.pid(), "x", 1) local m = process.inbox():receive() return pcall(m.payload, channel.new()) or pcall(m.from, {}) or pcall(m.topic, m:payload())',
  finalizers: 'return (pcall(setmetatable, {}, {__gc = function() end}))',
  'finalizers through rawset':
    'local mt = {} local t = setmetatable({}, mt) rawset(mt, "__gc", function() process.send("keeper", "finalized", 1) end) t = nil for i = 1, 3 do collectgarbage() end return false',
  'options of the collector':
    'for _, option in ipairs{"stop", "restart", "step", "isrunning", "incremental", "generational", "setpause", "setstepmul"} do if pcall(collectgarbage, option) then return true end end return false',
  'errors that are not what they seem':
    'local e = setmetatable({}, {__tostring = function() return {} end, __name = 5}) return (pcall(tostring, e))',
  'a name that is no text': 'return tostring(setmetatable({}, {__name = "process"})):find("^{app") ~= nil',
  formats:
    'for _, format in ipairs{"%1000d", "%.1000f", "%99999999999d", "%n", "%*d", "%-+ #0100d", "%q%"} do if pcall(string.format, format, 1) then return format end end return false',
  'numbers that do not fit':
    'return pcall(string.format, "%d", 2^63) or pcall(string.format, "%c", {}) or pcall(string.rep, "x", -1) and #string.rep("x", math.mininteger) > 0 or pcall(string.rep, "x", math.maxinteger)',
  'positions that wrap round':
    'return ("x"):sub(math.mininteger, math.maxinteger) ~= "x" or ("x"):byte(math.maxinteger) ~= nil or pcall(table.move, {}, 1, math.maxinteger, 2) or pcall(table.unpack, {}, 0, math.maxinteger)',
  'packing out of bounds':
    'return pcall(string.unpack, "s8", ("\\xff"):rep(8)) or pcall(string.unpack, "I16", ("\\xff"):rep(16)) or pcall(string.pack, "!17i4", 1) or pcall(string.unpack, "i4", "abc", -3)',
  'deep patterns':
    'return pcall(string.find, ("("):rep(1e5), ("("):rep(1e5)) or pcall(string.find, ("x"):rep(40), ("(x)"):rep(40))',
  'deep source':
    'return load(("("):rep(1e5) .. "1" .. (")"):rep(1e5)) ~= nil or load("return " .. ("-"):rep(1e5) .. "1") == 0 or load(("do "):rep(1e5) .. ("end "):rep(1e5)) ~= nil',
  'coroutines in coroutines without end':
    'local function deep(n) return coroutine.wrap(function() return deep(n + 1) end)() end return (pcall(deep, 0))',
  'resuming oneself':
    'local co co = coroutine.create(function() return coroutine.resume(co) end) local ok, inner = coroutine.resume(co) return inner == true',
  'closing the main path': 'return (pcall(coroutine.close, coroutine.running()))',
  'the registry of the state':
    'for key, value in next, _G do if type(value) == "userdata" or type(key) ~= "string" then return true end end return false',
  'yielding where it cannot be':
    'return pcall(table.sort, {3, 2, 1}, function() process.inbox():receive() return true end) or pcall(string.gsub, "x", "x", function() coroutine.yield() end)',
};

const files: { [path: string]: string } = {};
const entries = [
  '{name: h, kind: process.host, allow_untrusted_ts: true}',
  '{name: witness, kind: process.lua, modules: [json, time], source: "file://witness.lua"}',
];
files['witness.lua'] = `local json, time = require("json"), require("time")
return function()
  assert(("x"):upper() == "X" and ("x"):rep(2) == "xx" and ("xy"):sub(2) == "y" and tostring(1) == "1" and type(print) == "function")
  assert(math.pi > 3.1 and math.huge > 1e300 and math.type(1) == "integer" and nothing == nil and process.pid():find("^{app") and process.id() == "app:witness")
  assert(json.encode({1}) == "[1]" and errors.new("x") and channel.new() and coroutine.wrap(function() end) and time.now())
  assert(process.registry.lookup and table.concat({1, 2}) == "12" and table.unpack({1}) == 1 and load("return 1")() == 1 and require("json") == json)
  assert(not getmetatable(string) and not getmetatable(_G) and process.send(process.pid(), "x") == true)
  for key in pairs(_G) do assert(key ~= "leaked") end
  return true
end`;
const named = (name: string): string => name.replace(/\W/g, '_');
POISONS.forEach((poison, i) => {
  files[`poison${i}.lua`] = `leaked = true return function() pcall(function() ${poison} end) return "done" end`;
  // The same program again sees nothing of it either.
  entries.push(`{name: poison${i}, kind: process.lua, modules: [json, time], source: "file://poison${i}.lua"}`);
});
for (const [name, body] of Object.entries(ESCAPES)) {
  files[`${named(name)}.lua`] = `return function() ${body} end`;
  entries.push(`{name: ${named(name)}, kind: process.lua, modules: [time], source: "file://${named(name)}.lua"}`);
}
const stage = await Stage.start({ entries, files });
const { runtime } = stage;

/** True, or what is not as it should be. */
const witness = (): Promise<unknown> =>
  runtime.exec({ id: 'app:witness', host: 'app:h' }).catch(error => error.details?.place ?? error.message);

POISONS.forEach((poison, i) => {
  test(`what one process changes others do not see: ${poison.slice(0, 60)}`, async () => {
    for (let round = 0; round < 2; round++) {
      await runtime.exec({ id: `app:poison${i}`, host: 'app:h' }).catch(() => undefined);
      assert.is(await witness(), true);
    }
  });
});

for (const name of Object.keys(ESCAPES)) {
  test(`no way out: ${name}`, async () => {
    runtime.register('keeper', runtime.pid);
    const outcome = await runtime.exec({ id: `app:${named(name)}`, host: 'app:h' }).then(
      value => value,
      error => {
        assert.match(error.message, /./);
        return false;
      },
    );
    assert.is(outcome ?? false, false);
    assert.equal(
      stage.mail.map(({ topic }) => topic),
      [],
    );
    assert.is(await witness(), true);
  });
}

test.after(() => stage.end());
test.run();
