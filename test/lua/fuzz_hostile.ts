/** Programs that want more than they may have, or that break what they stand on. Bodies of a process's `main`. */

/** What eats memory: ends with UNAVAILABLE, unless it is caught. */
export const GREEDY: { readonly [name: string]: string } = {
  'a table that grows': 'local t = {} while true do t[#t + 1] = #t end',
  'tables in tables': 'local t = {} while true do t = {t, {}, x = {}} end',
  'a table with many keys': 'local t = {} for i = 1, math.huge do t[i * 1.5] = i end',
  'texts kept': 'local t = {} for i = 1, math.huge do t[i] = ("x"):rep(100) .. i end',
  'a text that doubles': 'local s = "x" while true do s = s .. s end',
  'string.rep': 'return #string.rep("x", 100000000)',
  'string.rep with a separator': 'return #string.rep("x", 30000000, ("y"):rep(100))',
  'string.rep beyond everything': 'return #string.rep("x", 1 << 30, "xx")',
  'table.concat':
    'local t = {} for i = 1, 3000 do t[i] = ("x"):rep(200) end local s = table.concat(t, ("y"):rep(10000)) return #s',
  'a concatenation of many': `local s = ("x"):rep(60000) return #(${Array(40).fill('s').join(' .. ')})`,
  coroutines:
    'local t = {} while true do local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co) t[#t + 1] = co end',
  'coroutines in coroutines':
    'local function nest() return coroutine.wrap(nest)() end local t = {} while true do t[#t + 1] = coroutine.wrap(function() coroutine.yield(1) end) t[#t]() end',
  closures: 'local t = {} while true do local a, b, c = 1, 2, 3 t[#t + 1] = function() a = b + c return a end end',
  paths: 'while true do coroutine.spawn(function() process.inbox():receive() end) coroutine.yield() end',
  channels: 'local t = {} while true do t[#t + 1] = channel.new(100) end',
  'a channel that is filled': 'local ch = channel.new(1 << 30) while true do ch:send({1, 2, 3}) end',
  errors: 'local t = {} while true do t[#t + 1] = errors.new("mistake " .. #t) end',
  'messages to itself, kept':
    'local me, t = process.pid(), {} while true do process.send(me, "n", ("x"):rep(1000)) t[#t + 1] = process.inbox():receive():payload():data() .. #t end',
  'gsub that grows': 'local s = ("x"):rep(100000) return #s:gsub("x", ("y"):rep(1000))',
  'gsub with captures': 'local s = ("x"):rep(1000) return #s:gsub("(x)", ("%1"):rep(2000))',
  'string.format of a long text':
    'local s = ("x"):rep(300000) return #string.format("%s%s%s%s%s%s%q", s, s, s, s, s, s, s)',
  'string.pack': 'local s = ("x"):rep(500000) return #string.pack("s4s4s4z", s, s, s, s)',
  'table.pack of many':
    'local t = {} for i = 1, 20000 do t[i] = i end local all = {} while true do all[#all + 1] = table.pack(table.unpack(t)) end',
  'table.move':
    'return #table.move({1}, 1, 1, 1 << 24, {}) + #table.move({}, 1, 10000000, 2, setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, 1) end, __index = function() return 1 end}))',
  'load of a long text': 'return load("return {" .. ("{1},"):rep(100000) .. "}")',
  'load of pieces': 'return load(function() return "x = 1 " end)',
  'utf8.char':
    'local t = {} for i = 1, 10000 do t[i] = 0x10ffff end local all = {} while true do all[#all + 1] = utf8.char(table.unpack(t)) .. #all end',
  'a deep recursion': 'local function f(n) return 1 + f(n + 1) end return f(1)',
};

/** What never ends: ends with RATE_LIMITED, unless it is caught. */
export const ENDLESS: { readonly [name: string]: string } = {
  'an empty loop': 'while true do end',
  'a goto': '::again:: goto again',
  'a maze of gotos':
    'local n = 0 ::a:: n = n + 1 if n % 2 == 0 then goto b end if n % 3 == 0 then goto c end goto a ::b:: if n % 5 == 0 then goto c end goto a ::c:: n = n + 1 goto a',
  'pcall around an endless loop': 'while true do pcall(function() while true do end end) end',
  'xpcall whose handler fails': 'while true do xpcall(error, function() error("again") end) end',
  'coroutines that resume each other':
    'while true do local a a = coroutine.wrap(function() return coroutine.wrap(function() return pcall(a) end)() end) pcall(a) end',
  'an iterator without end': 'for _ in function() return 1 end do end',
  'a numeric loop without end': 'for i = 1, math.huge do end',
  'a while loop over pairs': 'local t = {1} while true do for k in pairs(t) do t[k] = nil t[k] = 1 end end',
  '__index in a circle of functions':
    'local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return k end while true do local _ = t.x end',
  'tail calls': 'local function f() return f() end return f()',
  'coroutines made and dropped': 'while true do coroutine.wrap(function() coroutine.yield() end)() end',
  'coroutines closed while they close':
    'while true do local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() error("x") end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co) end',
  'yields between paths':
    'coroutine.spawn(function() while true do coroutine.yield() end end) while true do coroutine.yield() end',
  'load again and again': 'while true do load("return function() local a = 1 return a end")() end',
  'errors as objects': 'while true do pcall(error, setmetatable({}, {__tostring = function() error("no") end})) end',
  'garbage collected again and again':
    'local t = {} for i = 1, 1000 do t[i] = {} end while true do collectgarbage("collect") end',
  'a long text compared': 'local a, b = ("x"):rep(100000), ("x"):rep(99999) .. "y" while true do local _ = a < b end',
  'sorting with yields between':
    'local t = {} for i = 1, 200 do t[i] = i * 7919 % 211 end while true do table.sort(t, function(a, b) return a * 7 % 211 < b * 7 % 211 end) end',
};

/** What must fail in itself or answer: whatever it is, it ends, and fast. */
export const TRICKY: { readonly [name: string]: string } = {
  'an object that is its own __call': 'local t = {} setmetatable(t, {__call = t}) return pcall(t)',
  'a tail call of such an object': 'local t = {} setmetatable(t, {__call = t}) return pcall(function() return t() end)',
  'one long text in many places': 'local s, t = ("x"):rep(300000), {} for i = 1, 20000 do t[i] = s end return t',
  'one long text of bytes in many places':
    'local s, t = ("\\xff"):rep(300000), {} for i = 1, 20000 do t[i] = s end return t',
  'a tree that shares all its branches': 'local t = {1} for i = 1, 40 do t = {t, t} end return t',
  'a pattern bomb': 'return ("a"):rep(100000):find(("a-"):rep(30) .. "b")',
  'another pattern bomb': 'return ("a"):rep(200):find((".-"):rep(20) .. "b")',
  'a pattern that recurses': 'return ("x"):rep(300000):find(("x?"):rep(300000))',
  'a balanced bomb': 'return ("("):rep(100000):gsub("%b()", "")',
  'a frontier': 'return ("ab "):rep(10000):gsub("%f[%w]%w+", "%0%0")',
  'gsub with a table that lies':
    'return ("abc"):gsub("%w", setmetatable({}, {__index = function(_, k) error({k}) end}))',
  'an endless comparison': 'table.sort({3, 2, 1, 5}, function() while true do end end)',
  'an inconsistent comparison':
    'local t = {} for i = 1, 500 do t[i] = i % 7 end table.sort(t, function() return true end)',
  'a comparison that changes the list':
    'local t = {} for i = 1, 100 do t[i] = i * 7 % 31 end table.sort(t, function(a, b) t[#t + 1] = 0 t[1] = nil return (a or 0) < (b or 0) end)',
  'a comparison that yields': 'table.sort({3, 2, 1}, coroutine.yield)',
  'a comparison that waits': 'table.sort({3, 2, 1}, function() process.inbox():receive() end)',
  'a wrap in a comparison':
    'local w = coroutine.wrap(function() while true do coroutine.yield(true) end end) table.sort({3, 2, 1}, function() return w() end)',
  'nested pcall': 'local function f(n) return pcall(f, n + 1) end return f(1)',
  'nested xpcall': 'local function f(n) return xpcall(f, f, n) end return f(1)',
  'nested coroutines': 'local function f() return coroutine.wrap(f)() end return f()',
  'nested coroutines, protected': 'local function f() return pcall(coroutine.wrap(f)) end return f()',
  'nested metamethods': 'local t t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end}) return t.x',
  'nested __add': 'local t t = setmetatable({}, {__add = function(a, b) return a + b end}) return t + 1',
  'nested __concat': 'local t t = setmetatable({}, {__concat = function(a, b) return a .. b end}) return t .. 1',
  'nested __eq':
    'local mt = {} mt.__eq = function(a, b) return setmetatable({}, mt) == setmetatable({}, mt) end return setmetatable({}, mt) == setmetatable({}, mt)',
  'nested __tostring':
    'local t t = setmetatable({}, {__tostring = function() return tostring(t) end}) return tostring(t)',
  'nested __close': 'local function f() local x <close> = setmetatable({}, {__close = f}) end f()',
  'nested __call': 'local t = setmetatable({}, {}) for i = 1, 300 do t = setmetatable({}, {__call = t}) end return t()',
  '__call that is itself': 'local t = {} setmetatable(t, {__call = t}) return t()',
  'nested sort': 'local function f() table.sort({2, 1}, f) end f()',
  'nested gsub': 'local function f() return (("x"):gsub("x", f)) end return f()',
  'nested load': 'local function f() return load(f) end return f()',
  '__index in a circle': 'local a, b = {}, {} setmetatable(a, {__index = b}) setmetatable(b, {__index = a}) return a.x',
  '__newindex in a circle':
    'local a, b = {}, {} setmetatable(a, {__newindex = b}) setmetatable(b, {__newindex = a}) a.x = 1',
  'a long chain of __index': 'local t = {} for i = 1, 3000 do t = setmetatable({}, {__index = t}) end return t.x',
  'unpack of many': 'return select("#", table.unpack({}, 1, 1000000))',
  'unpack of all': 'return table.unpack({}, math.mininteger, math.maxinteger)',
  'unpack of many to string.char':
    'local t = {} for i = 1, 20000 do t[i] = 65 end return #string.char(table.unpack(t))',
  'many values through select':
    'local t = {} for i = 1, 5000 do t[i] = i end local n = 0 for i = 1, 100 do n = n + select("#", select(i, table.unpack(t))) end return n',
  'many returns':
    'local function f(n, ...) if n == 0 then return ... end return f(n - 1, n, ...) end return select("#", f(3000))',
  'string.format with a wide field':
    'return pcall(string.format, "%999999999d", 1), pcall(string.format, "%.999f", 1e308), string.format("%99.99f", 1e308)',
  'string.format of a forged directive': 'return pcall(string.format, "%" .. ("0"):rep(100000) .. "d", 1)',
  'string.unpack beyond the text':
    'return pcall(string.unpack, "s8", ("\\xff"):rep(8)), pcall(string.unpack, "i16", ("\\xff"):rep(16), 1 << 40), pcall(string.unpack, "!16" .. ("Xi16"):rep(1000), "")',
  'string.packsize of much':
    'return pcall(string.packsize, ("i16"):rep(1 << 16)), pcall(string.packsize, "c2147483647c2147483647")',
  'an index beyond everything':
    'local s = "abc" return s:sub(math.mininteger, math.maxinteger), s:byte(math.maxinteger), pcall(s.byte, s, 1, math.maxinteger), s:rep(0, s), #s:rep(1000)',
  'table functions at the bounds':
    'local t = setmetatable({}, {__len = function() return math.maxinteger end}) return pcall(table.insert, t, 1), pcall(table.unpack, t), pcall(table.concat, t), pcall(table.sort, t), pcall(table.remove, t, 0)',
  'a length that lies':
    'local t = setmetatable({}, {__len = function() return 1e300 end}) return pcall(table.insert, t, 1), pcall(ipairs, t), pcall(function() return #t end), pcall(table.sort, setmetatable({}, {__len = function() return "x" end}))',
  'a table changed while it is walked':
    'local t = {} for i = 1, 100 do t[i] = i end for k in pairs(t) do t[k] = nil t[k + 1000.5] = 1 end',
  'next of what is not there': 'return next({}, "nothing")',
  'load of deep parentheses': 'return load("return " .. ("("):rep(100000) .. "1" .. (")"):rep(100000))',
  'load of deep tables': 'return load("return " .. ("{"):rep(100000))',
  'load of deep functions': 'return load(("return function() "):rep(5000) .. ("end "):rep(5000))',
  'load of deep blocks': 'return load(("do "):rep(100000))',
  'load of a long chain of operators': 'return load("return " .. ("1 .. "):rep(5000) .. "1")',
  'load of unary operators': 'return load("return " .. ("not "):rep(100000) .. "1")',
  'load of many locals': 'return load(("local a "):rep(10000))',
  'load of many upvalues':
    'local s = {} for i = 1, 150 do s[#s + 1] = "local a" .. i .. " = " .. i end return load(table.concat(s, "\\n") .. "\\nreturn function() local function f() return " .. ("a1 + a150 + "):rep(50) .. "1 end return f() end")()()',
  'load of garbage':
    'local out = {} for i = 1, 500 do local s = {} for j = 1, 20 do s[j] = string.char((i * 7919 + j * 104729) % 256) end out[i] = load(table.concat(s)) end return #out',
  'load of bytecode': 'return load("\\27Lua\\x54\\0\\x19\\x93\\r\\n\\x1a\\n" .. ("\\0"):rep(1000), "x", "b")',
  'load of an unfinished text':
    'return load("x = [[" .. ("]"):rep(100000)), load("x = \\"" .. ("\\\\z "):rep(10000)), load("--[==[")',
  'load with an environment that fails':
    'return load("x = y", "n", "t", setmetatable({}, {__index = function() error({}) end, __newindex = error}))()',
  'a name of a chunk that is long': 'return load("error(1)", ("n"):rep(100000))()',
  'an error that cannot be shown':
    'error(setmetatable({}, {__tostring = function() error("no") end, __index = function() error("no") end, __name = 7}))',
  'an error that is a function': 'error(function() end)',
  'an error that is nothing': 'error()',
  'an error that is a coroutine': 'error(coroutine.create(print))',
  'an error with a circle in its details': 'local d = {} d.d = d error(errors.new{message = "x", details = d})',
  'an error with a very long text': 'error(("x"):rep(200000))',
  'an error that is no text': 'error("\\xff\\xfe\\0" .. ("\\n"):rep(100))',
  'an error with wrong fields':
    'return pcall(errors.new, {message = {}, kind = "NO_SUCH", retryable = "x", details = 5})',
  'an error in a handler of errors': 'return xpcall(error, function() error("again") end, "first")',
  'a handler that recurses': 'local function h() return h() + 1 end return xpcall(error, h)',
  'a handler that never ends': 'return xpcall(error, function() while true do end end)',
  'a traceback of a deep stack': 'local function f(n) if n == 0 then error("bottom") end f(n - 1) end f(5000)',
  'an error while closing':
    'local a <close> = setmetatable({}, {__close = function() error("a") end}) local b <close> = setmetatable({}, {__close = function() error("b") end}) error("c")',
  'closing what cannot be closed': 'local a <close> = {}',
  'closing that takes its method away':
    'local mt = {__close = function() end} local a <close> = setmetatable({}, mt) mt.__close = nil',
  'an endless closing': 'local a <close> = setmetatable({}, {__close = function() while true do end end}) error("x")',
  'closing that waits':
    'local co = coroutine.create(function() local a <close> = setmetatable({}, {__close = function() process.inbox():receive() end}) coroutine.yield() end) coroutine.resume(co) return coroutine.close(co)',
  'closing oneself': 'return coroutine.close(coroutine.running())',
  'closing the one outside':
    'local co co = coroutine.create(function() return coroutine.wrap(function() return coroutine.close(co) end)() end) return coroutine.resume(co)',
  'closing what closes itself':
    'local co co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() coroutine.close(co) end}) coroutine.yield() end) coroutine.resume(co) return coroutine.close(co)',
  'resuming oneself': 'return coroutine.resume(coroutine.running())',
  'resuming the dead':
    'local co = coroutine.create(error) coroutine.resume(co) return coroutine.resume(co), coroutine.close(co), coroutine.close(co)',
  'wrap of wrap of wrap': 'local f = print for i = 1, 150 do f = coroutine.wrap(f) end f(1)',
  'a yield of many values':
    'local t = {} for i = 1, 10000 do t[i] = i end return select("#", coroutine.wrap(function() coroutine.yield(table.unpack(t)) end)())',
  'yields across pcall, metamethods and iterators':
    'local co = coroutine.wrap(function() local o = setmetatable({}, {__index = coroutine.yield, __lt = coroutine.yield, __concat = coroutine.yield}) return pcall(function() for a in coroutine.yield do local _ = o.x, o < o, o .. o end end) end) for i = 1, 20 do if not co then break end local ok = pcall(co, i < 10 and i or nil) if not ok then break end end',
  'yield in a finalizer': 'return pcall(setmetatable, {}, {__gc = coroutine.yield})',
  'deep data returned': 'local t = {} for i = 1, 100000 do t = {t} end return t',
  'deep data sent': 'local t = {} for i = 1, 10000 do t = {x = t} end return process.send(process.pid(), "n", t)',
  'a circle returned': 'local t = {} t.t = {t} return t',
  'a circle sent': 'local t = {} t[1] = t local ok, err = process.send(process.pid(), "n", t) return tostring(err)',
  'shared data without end': 'local t = {1} for i = 1, 40 do t = {t, t} end return t',
  'shared data sent': 'local t = {1} for i = 1, 40 do t = {t, t} end return process.send(process.pid(), "n", t)',
  'a function returned': 'return print',
  'a coroutine sent': 'return process.send(process.pid(), "n", coroutine.create(print))',
  'keys of all kinds': 'return {[1.5] = 1, [true] = 2, [{}] = 3}',
  'a key that is no text': 'return {["\\xff"] = 1}',
  'many holes': 'local t = {} t[1] = 1 t[1 << 40] = 1 return t',
  'numbers at the bounds': 'return {math.maxinteger, math.mininteger, 0/0, 1/0, -1/0, -0.0, 2^53, 1e308, 5e-324}',
  'a message with a long topic': 'return process.send(process.pid(), ("t"):rep(100000), 1)',
  'a message to nobody':
    'return process.send(("x"):rep(100000), "t", 1), process.send("", "t"), process.send("{app:host|0x0ffff}", "t")',
  'a mailbox that is filled':
    'local me = process.pid() for i = 1, 1e9 do local ok, err = process.send(me, "n", i) if not ok then return nil, err end end',
  'names without end':
    'for i = 1, 1e9 do local ok, err = process.registry.register("name" .. i) if not ok then return nil, err end end',
  'arguments of wrong types':
    'local n = 0 for _, lib in ipairs{process, channel, errors, payload, coroutine, string, table, math, utf8, os} do for name, f in pairs(lib) do if type(f) == "function" and name ~= "upgrade" and name ~= "terminate" and name ~= "yield" and name ~= "spawn" then for _, x in ipairs{0, -1, "x", {}, true, print, 1e308, 0/0} do pcall(f, x) pcall(f, x, x) pcall(f, x, x, x) n = n + 1 end end end end return n',
  'methods on wrong objects':
    'local ch, n = channel.new(), 0 for _, o in ipairs{ch, process.inbox(), errors.new("x"), payload.new(1), process.with_context({})} do for _, name in ipairs{"receive", "send", "close", "case_send", "message", "kind", "data", "spawn", "with_name", "stop"} do for _, p in ipairs{ch, errors.new("y"), 5, {}} do pcall(function() if name ~= "receive" then o[name](p, p, p) end end) n = n + 1 end end end return n',
  'metatables of host objects':
    'local n = 0 for _, o in ipairs{channel.new(), errors.new("x"), payload.new(1), "text"} do local mt = getmetatable(o) if type(mt) == "table" then for k in pairs(mt) do n = n + 1 pcall(rawset, mt, k, nil) end end pcall(setmetatable, o, {}) end return n, tostring(errors.new("still"))',
  'globals replaced':
    'for k in pairs(_G) do if k ~= "_G" then _G[k] = nil end end setmetatable(_G, {__index = function() error("none") end}) return nothing',
  'select without cases':
    'return pcall(channel.select, {}), pcall(channel.select, {1, 2}), pcall(channel.select), channel.select{default = true}.default',
  'a case used twice':
    'local ch = channel.new(2) local c = ch:case_send(1) return channel.select{c, c}.ok, channel.select{c}.ok, ch:receive(), ch:receive()',
  'closing a channel again':
    'local ch = channel.new() ch:close() return pcall(ch.close, ch), pcall(ch.send, ch, 1), ch:receive()',
  'waiting for nothing': 'channel.new():receive()',
  'a path that fails': 'coroutine.spawn(function() error("in a path") end) process.inbox():receive()',
  'collectgarbage while closing':
    'for i = 1, 100 do local x <close> = setmetatable({}, {__close = function() collectgarbage("collect") end}) local y = ("x"):rep(i * 100) end return collectgarbage("count") > 0',
  'weak tables':
    'local w = setmetatable({}, {__mode = "kv"}) for i = 1, 5000 do w[{}] = {} w[i] = {w} end collectgarbage("collect") return next(w) == nil',
  'ephemerons in a chain':
    'local w = setmetatable({}, {__mode = "k"}) local k = {} local first = k for i = 1, 1000 do local n = {} w[k] = n k = n end k = nil collectgarbage("collect") local n = 0 for _ in pairs(w) do n = n + 1 end return n, first ~= nil',
  'os.date with anything':
    'for _, f in ipairs{"%", "%E", "%Ez", "%O", "%Q", "*t", "!*t", "!%c", ("%c"):rep(10000), "%\\0"} do pcall(os.date, f, 0) pcall(os.date, f, 1 << 60) pcall(os.date, f, -(1 << 60)) end return pcall(os.time, {year = 1 << 40, month = 1, day = 1}), pcall(os.time, {year = "x"}), pcall(os.difftime, {}, 1)',
  'string methods without end':
    'local s = "x" for i = 1, 200 do s = s:upper():lower():reverse():rep(2):sub(1, 50000) end return #s',
};
