/**
 * Pieces of Lua about one thing each: coroutines, metatables, closing, libraries. `$I`, `$S` and so on are expressions
 * (see `generated_expressions`); `{{block}}` is a block, `{{body}}` the end of a function where nothing can be yielded,
 * `{{open}}` the end of one where it can if it can around it, `{{path}}` the body of a coroutine.
 */

const COROUTINES = [
  `local co = coroutine.create(function(...)
{{path}}
end)
for i = 1, 4 do say(coroutine.status(co), coroutine.resume(co, i, $I)) end
say(coroutine.status(co), coroutine.close(co))`,
  `local co = coroutine.wrap(function(...)
{{path}}
end)
for i = 1, 3 do say(pcall(co, i)) end`,
  `local co
co = coroutine.create(function(...)
say(coroutine.isyieldable(), coroutine.status(co), select(2, coroutine.running()), coroutine.running() == co)
{{path}}
end)
say(coroutine.resume(co, $S))
say(coroutine.close(co)) say(coroutine.status(co)) say(coroutine.resume(co)) say(coroutine.close(co))`,
  `local outer = coroutine.wrap(function(...)
local inner = coroutine.wrap(function(...)
{{path}}
end)
for i = 1, $D do local ok, v = pcall(inner, i) if not ok then return 'failed', v end say('passed', coroutine.yield(v)) end
{{path}}
end)
for i = 1, 4 do say(pcall(outer, i)) end`,
  `local co = coroutine.create(function(...)
local guard <close> = setmetatable({}, {__close = function(_, e)
{{block}}
say('closed with', e)
end})
{{path}}
end)
say(coroutine.resume(co)) say(coroutine.close(co), coroutine.status(co))`,
  `local co co = coroutine.create(function() say(pcall(coroutine.resume, co)) say(pcall(coroutine.close, co)) return $I end)
say(coroutine.resume(co))
say(pcall(coroutine.close, nil)) say(pcall(coroutine.wrap, nil)) say(pcall(coroutine.status, $I))`,
  `local function walk(n) if n > 0 then walk(n - 1) coroutine.yield(n * $D) walk(n - 2) end end
local parts = {} for v in coroutine.wrap(function() walk($D % 6) end) do tick() parts[#parts + 1] = v end
say(table.concat(parts, ','))`,
  `local co = coroutine.wrap(function(a) while true do local ok, b = pcall(function() return coroutine.yield(a) end) a = show(ok, b) end end)
for i = 1, 3 do say(co(i)) end`,
  `local co = coroutine.wrap(function()
local o = setmetatable({}, {__index = function(_, k) return coroutine.yield(k) end, __add = function(a, b) return coroutine.yield('add') end,
__lt = function() return coroutine.yield('lt') end, __le = function() return coroutine.yield('le') end, __eq = function() return coroutine.yield('eq') end, __concat = function(a, b) return coroutine.yield('concat') end,
__call = function(_, x) return coroutine.yield('call', x) end, __len = function() return coroutine.yield('len') end,
__newindex = function(t, k, v) rawset(t, k, coroutine.yield('set', v)) end, __close = function() coroutine.yield('close') end, __unm = function() return coroutine.yield('unm') end})
do local c <close> = o say(o.x, o + 1, o < o, o <= $I and 1, o == setmetatable({}, getmetatable(o)), o .. $S, $S .. o, o($I), #o, -o) o.y = 5 say(o.y) end
return 'over'
end)
for i = 1, 16 do local r = table.pack(pcall(co, i % 3 > 0 and i)) say(table.unpack(r, 1, r.n)) if not r[1] then break end end`,
  `say(pcall(table.sort, {3, 1, 2}, coroutine.wrap(function() while true do coroutine.yield($B) end end)))`,
  `local co = coroutine.wrap(function() say(pcall(table.sort, {2, 1, 3}, function() coroutine.yield() end)) say(pcall(string.gsub, 'ab', '.', coroutine.yield)) return 1 end)
say(pcall(co))`,
];

const METATABLES = [
  `local V = {} V.__index = V
local function v(x) return setmetatable({x = x}, V) end
for _, name in ipairs{'add', 'sub', 'mul', 'div', 'mod', 'pow', 'idiv', 'band', 'bor', 'bxor', 'shl', 'shr'} do
V['__' .. name] = function(a, b) return v(name .. '(' .. show(type(a) == 'table' and a.x or a) .. ' ' .. show(type(b) == 'table' and b.x or b) .. ')') end end
V.__unm = function(a) return v('-' .. a.x) end V.__bnot = function(a) return v('~' .. a.x) end V.__tostring = function(a) return 'V' .. a.x end V.__name = 'V'
local a, b = v($I), v($S)
say((a + b).x, (a - $D).x, ($I * b).x, (a / b).x, (a % $D).x, (a ^ 2).x, ($S // b).x, (a & $D).x, ($D | b).x, (a ~ b).x, (a << $D).x, ($D >> b).x, (-a).x, (~b).x)
say(tostring(a), tostring(-b + 1))`,
  `local log = {}
local t = setmetatable({}, {__index = function(t, k)
{{block}}
return k end, __newindex = function(t, k, v) log[#log + 1] = show(k, v) rawset(t, k, v) end})
t.a = $I t[$S] = $S t[1] = t[2] say(t.a, t.b, t[$I], table.concat(log, ';'))`,
  `local base = {greet = function(self, n) return self.name .. (n or '') end, kind = 'base'} base.__index = base
local derived = setmetatable({kind = 'derived'}, base) derived.__index = derived
local o = setmetatable({name = $S}, derived)
say(o.kind, o:greet($I), o.nothing, rawget(o, 'kind'), getmetatable(o) == derived)`,
  `local mt = {__eq = function(a, b)
{{open}}
end, __lt = function(a, b) return a.n < b.n end, __le = function(a, b)
{{open}}
end}
local a, b = setmetatable({n = $I}, mt), setmetatable({n = $I}, mt)
say(a == b, a ~= b, a < b, a > b, a <= b, a >= b, rawequal(a, b))
say(pcall(function() return a < 1 end))`,
  `local c = setmetatable({}, {__call = function(self, ...)
local a, b = ...
tick()
if b then return self(b) end
return select('#', ...), ... end, __len = function() return $I end, __concat = function(a, b) return type(a) .. type(b) end})
say(c(), c($I), c($I, $S), #c, c .. c, c .. $S, $I .. c, $S .. $S .. c .. $I)
say(pcall(c, table.unpack{1, nil, 3}))`,
  `local function closer(name, fails) return setmetatable({}, {__close = function(_, e)
{{block}}
say('close', name, e) if fails then error('from ' .. name, 0) end end}) end
say(pcall(function() local a <close> = closer('a') local b <close> = closer('b', $B) local c <close> = nil
{{block}}
if $B then error('inside') end return $I, closer('unused') ~= nil end))`,
  `for i = 1, 3 do local x <close> = closing(i) if i == $D % 4 then break end end
say(pcall(function() local x <close> = $I end))
say((function() local x <close> = closing('r') return $I, $S end)())`,
  `local proxy = setmetatable({}, {__metatable = 'locked', __pairs = function() return function(_, k) k = (k or 0) + 1 if k <= 3 then return k, k * $D end end end})
say(getmetatable(proxy), pcall(setmetatable, proxy, {})) for k, v in pairs(proxy) do say(k, v) end`,
  `local t = setmetatable({}, {__index = function(t, k) local v = k * 2 rawset(t, k, v) return v end}) say(t[1], t[2.0], t[$D], rawget(t, $D), #t)`,
  `local deep = {x = $I} for i = 1, $D + 1 do deep = setmetatable({}, {__index = deep, __newindex = deep}) end deep.y = $I say(deep.x, deep.y, rawget(deep, 'y'))`,
  `local t = setmetatable({}, {__name = 'Mine'}) say(pcall(function() return t + 1 end)) say(pcall(string.rep, t)) say((tostring(t):gsub(': .*', '')))
say(pcall(tostring, setmetatable({}, {__tostring = function() return 1 end})))`,
];

const LIBRARIES = [
  `local t = {} for w, x in ($S):gmatch('(%w)(%w*)') do tick() t[#t + 1] = w .. '/' .. x end say(table.concat(t, ' '))
for w in ($S):gmatch($P) do tick() say(w) end`,
  `local s = $S say(s:find($P), s:find($P, $I % 20 - 9)) say(s:match($P, $D), s:gsub($P, '%0%0', $D)) say(s:gsub($P, {a = 'A'}))
say(s:gsub($P, function(...)
{{body}}
end))`,
  `local s = $S for i = 1, math.min(#s, 6) do tick() say(s:byte(i), s:sub(i, i), s:sub(-i), s:sub(i, -i), s:sub(i, $I % 20 - 9)) end`,
  `say(pcall(string.format, $S, $I, $F == $F, $S)) say(string.format($T)) say(pcall(string.format, '%5s|%-5s|%5.1s', $S, $S, $S))
say(pcall(string.format, '%99d', $I)) say(pcall(string.format, '%100d', $I)) say(string.format('%q', $S), string.format('%q', $I))`,
  `local p = string.pack('<i2>I4!8d=s1zBbHhjnxXi4', $I & 0x7fff, $D, plain($F), $S:sub(1, 200), 'z', 200, -100, 60000, -30000, $I, 0.5)
say(#p, string.unpack('<i2>I4', p)) say(pcall(string.unpack, '<i2>I4!8d=s1z', p)) say(string.packsize('<i2>I4!8d'), pcall(string.pack, 'i' .. $D, $I))
say(pcall(string.unpack, '<I' .. $D, $S)) say(pcall(string.unpack, 's2', $S, $D))`,
  `local s = $S .. utf8.char(0x41 + $D, 0xe4, 0x4e2d, 0x1f600) say(utf8.len(s), utf8.codepoint('h\\u{e4}', 1, -1)) say(utf8.offset(s, $D), utf8.offset(s, -1))
say(pcall(function() for p, c in utf8.codes(s) do tick() say(p, c) end end)) say(pcall(utf8.codepoint, s, $D)) say(#utf8.char(0x7fffffff))`,
  `for _, s in ipairs{$S, '0x10', '1e1', ' 5 ', '5x', '0x', '1e', '.5', '5.', '0x.8p1', 'inf', 'nan', '1 2', '', '9223372036854775808', '-9223372036854775808', '0x8000000000000000', '1e400'} do
say(tonumber(s), tonumber(s, 16), tonumber(s, 36), math.type(tonumber(s))) end`,
  `for _, x in ipairs{$I, $F, $I, $F, -0.0, 2^63, -2^63, 1e15, 1e16, 2^53, 0.1, 1/3, 100, 1e100} do
say(x, math.type(x), math.tointeger(x), x == math.tointeger(x), pcall(math.floor, x)) say(pcall(function() return x | 0 end)) say(pcall(string.format, '%d', x)) end`,
  `local a, b = $I, $I say(a + b, a - b, a * b, a & b, a | b, a ~ b, a << (b & 70), a >> (b & 70), a < b, a <= b, a == b, math.ult(a, b))
say(pcall(function() return a // b, a % b, math.fmod(a, b) end)) say(a / b == a / b and a / b, a // 0.0 == a // 0.0, a + 0.0 == a, a < b + 0.0, -a, ~a)`,
  `local x, y = $F, $F say(x + y, x - y, x * y, x / y, x // y, x % y, x < y, x <= y, x == y, -x, math.max(x, y) == math.max(x, y)) say(pcall(math.fmod, x, y))
say(math.floor(plain(x) % 100), pcall(math.ceil, x), math.abs(x), math.sqrt(math.abs(x)))`,
  `local n = $D + 3 local t = {} for i = 1, n do t[i] = (i * 7919 + $D) % 31 end table.sort(t) say(table.concat(t, ' '))
table.sort(t, function(a, b) tick() if a % 3 ~= b % 3 then return a % 3 < b % 3 end return a > b end) say(table.concat(t, ' '))
local words = {} for w in ('the quick brown fox jumps over the lazy dog'):gmatch('%a+') do words[#words + 1] = w end
table.sort(words, function(a, b) if #a ~= #b then return #a < #b end return a < b end) say(table.concat(words, ','))`,
  `say(pcall(table.sort, {3, $S, 1})) say(pcall(table.sort, {5, 4, 3, 2, 1, 9, 8}, function(a, b)
{{body}}
end) ~= nil) say(pcall(table.sort, {1, 2, 3, 4}, function() error({}) end) == false)`,
  `local t = {} for i = 1, 20 do t[i] = i * $D end for i = 20, 1, -2 do table.remove(t, i) end table.insert(t, 3, $I) say(#t, table.concat(t, ' ', 2, 6), table.unpack(t, 3, 5))
t[#t + 1] = $I t[40] = 1 t[40] = nil say(t[#t], select('#', table.unpack(t, 1, 12)))`,
  `local h = {} for i = 1, 40 do h['k' .. i % 23] = i h[i * 0.5] = i end for i = 1, 23, 2 do h['k' .. i] = nil end
local ks = {} for k in pairs(h) do ks[#ks + 1] = show(math.type(k) or 's', k) end table.sort(ks) say(#ks, table.concat(ks, ' ', 1, 20))`,
  `local f, e = load($S) say(type(f), e) f, e = load('return ' .. $S, 'named') say(type(f), e) if f then say(pcall(f)) end
say(load('local a, b = ... return a + b, ...')($I, $D)) say(load('return x, y', '=env', 't', {x = $I})())
local parts, at = {'return ', '1', '0 + ', '5'}, 0 say(load(function() at = at + 1 return parts[at] end)())`,
  `local fs = {} for i = 1, 3 do local n = i fs[i] = function(d) n = n + (d or 1) if $B then fs[i] = fs[i] end return n, i end end
say(fs[1](), fs[1](10), fs[2]($I), fs[3]()) local function counter() local c = 0 return function() c = c + 1 return c end, function() return c end end
local inc, get = counter() inc() inc() say(inc(), get())`,
  `local function f(...) local a, b, c = ... return select('#', ...), a, b, c, ... end
say(f()) say(f(nil, nil)) say((f($I, $S))) say(f(f($I))) say(select(-2, f($I, $S, $D))) say(#{f(1, 2)}, #{f(1), f(2)}) say(table.pack(f(nil)).n)
local function tail(n, ...) tick() if n == 0 then return ... end return tail(n - 1, n, ...) end say(tail($D, $S))`,
  `local t = {f = function(self, ...) return select('#', ...), self.v end, v = $I, g = {h = {i = function() return $S end}}}
function t.g.h:j(x) return x, self.i() end say(t:f(1, nil), t.g.h:j($I), t['f'](t), #t.g.h.i())`,
  `local s = {} for i = 1, $D do s[#s + 1] = ('%d:%s'):format(i, ('ab'):rep(i % 3, $S:sub(1, 2))) end say(table.concat(s, '|')) say((table.concat(s):gsub('%d+', function(d) return d + $D end)))`,
  `local function deep(n) if n == 0 then error('bottom') end local ok, e = pcall(deep, n - 1) error(e .. n, 0) end say(pcall(deep, $D))
say(pcall(error)) say(pcall(error, nil)) say(xpcall(error, function(m) error(m) end, 'again') == false)`,
  `say(next({}), next({5}), type(next), rawlen('abc'), rawequal('a', 'a'), select('#', nil, nil), tostring(nil), tostring(true))
say(string.rep('ab', 3, ','), ('x'):rep(0), ('x'):rep(-1), #('x'):rep(100, 'yz'), ('abc'):byte(-1), math.maxinteger + 1 == math.mininteger, math.maxinteger // -1, math.mininteger // -1, math.mininteger % -1)`,
];

/** The rarer of the three kinds appear more often. */
export const sceneTemplates: readonly string[] = [
  ...COROUTINES,
  ...COROUTINES,
  ...METATABLES,
  ...METATABLES,
  ...LIBRARIES,
];
