/**
 * Programs that use what the transform of the Lua binary touches. Each answers a text of lines; what it says must not
 * depend on the binary, nor on where the program is preempted.
 */

/** `say(...)` adds a line; the program answers all of them. */
const PROLOGUE = `
  local lines = {}
  local function say(...)
    local t = table.pack(...)
    for i = 1, t.n do t[i] = tostring(t[i]) end
    lines[#lines + 1] = table.concat(t, " ")
  end
`;
const EPILOGUE = '\n return table.concat(lines, "\\n")';

const BODIES: { readonly [name: string]: string } = {
  metamethods: `
    local log = setmetatable({}, {__index = function(_, k) local s = 0 for i = 1, #k do s = s + i end return k .. s end})
    local V = {}
    V.__index = V
    V.__add = function(a, b) return setmetatable({n = a.n + b.n}, V) end
    V.__eq = function(a, b) for _ = 1, 3 do end return a.n == b.n end
    V.__lt = function(a, b) return a.n < b.n end
    V.__le = function(a, b) return a.n <= b.n end
    V.__concat = function(a, b) return (type(a) == "table" and a.n or a) .. "~" .. (type(b) == "table" and b.n or b) end
    V.__call = function(self, ...) return self.n, select("#", ...), ... end
    V.__len = function(self) return self.n * 2 end
    V.__unm = function(self) return setmetatable({n = -self.n}, V) end
    V.__newindex = function(self, k, v) rawset(self, k, v + 1) end
    V.__tostring = function(self) local s = "" for _ = 1, 3 do s = s .. self.n end return "V" .. s end
    local a, b = setmetatable({n = 1}, V), setmetatable({n = 2}, V)
    say(log.abc, log[("x"):rep(10)], (a + b).n, a == b, a < b, a <= b, a > b, a .. b .. "z", #b, (-a).n)
    say(a(10, nil, 30))
    a.extra = 4
    say(a.extra, tostring(a), a)
    local chain = {}
    for i = 1, 5 do chain = setmetatable({}, {__index = chain}) end
    say(chain.nothing, rawequal(a, a), rawlen({1, 2}))
    for k, v in pairs(setmetatable({}, {__pairs = function() return function(_, i) i = (i or 0) + 1 if i < 4 then return i, i * i end end end})) do
      say(k, v)
    end`,

  protection: `
    say(pcall(error, "plain", 0))
    say(pcall(error, {1}) == false, select("#", pcall(error)))
    say(pcall(function() local x = nil; return x.y end))
    say(xpcall(function(a, b) return a + b end, print, 3, 4))
    say(xpcall(function() error("deep") end, function(m) return "handled " .. m .. " " .. #m end))
    say(xpcall(function() local t = {} ; t = t + 1 end, function(m) return m:upper() end))
    local function nest(n) if n == 0 then error("bottom") end local ok, e = pcall(nest, n - 1) error(e .. "/" .. n, 0) end
    say(pcall(nest, 6))
    say(select(2, pcall(string.rep)))
    say(select(2, pcall(setmetatable, 1, 2)))
    say(pcall(pcall))
    say(pcall(pcall, error, "e"))
    local ok, e = xpcall(function() error(setmetatable({}, {__tostring = function() return "object" end})) end, tostring)
    say(ok, e)
    local co = coroutine.wrap(function() local ok, v = pcall(function() return coroutine.yield("in") + 1 end) return ok, v end)
    say(co()) say(co(41))
    co = coroutine.wrap(function() return xpcall(function() coroutine.yield(1) error("after") end, function(m) return "H:" .. m end) end)
    say(co()) say(co())`,

  closing: `
    local function closer(name, fail)
      return setmetatable({}, {__close = function(_, e)
        for _ = 1, 4 do end
        say("close", name, e)
        if fail then error("closing " .. name, 0) end
      end})
    end
    do local a <close> = closer("a") local b <close> = closer("b") say("body") end
    say(pcall(function() local a <close> = closer("c") error("oops", 0) end))
    say(pcall(function() local a <close> = closer("d") local b <close> = closer("e", true) error("first", 0) end))
    local function early() local a <close> = closer("f") return "value", closer("unused") ~= nil end
    say(early())
    for i = 1, 3 do local x <close> = closer("loop" .. i) if i == 2 then break end end
    local co = coroutine.create(function() local x <close> = closer("suspended") coroutine.yield("waiting") end)
    say(coroutine.resume(co)) say(coroutine.close(co)) say(coroutine.status(co))
    co = coroutine.create(function() local x <close> = closer("failing", true) coroutine.yield() end)
    coroutine.resume(co) say(coroutine.close(co))
    local function iterate() local n = 0 return function() n = n + 1 if n < 3 then return n end end, nil, nil, closer("iterator") end
    for i in iterate() do say("step", i) end
    for i in iterate() do break end
    co = coroutine.wrap(function()
      local x <close> = setmetatable({}, {__close = function() coroutine.yield("from close") say("closed") end})
      return "result"
    end)
    say(co()) say(co())
    do goto out end
    do local never <close> = closer("never") end
    ::out:: say("end")`,

  'coroutine trees': `
    local function tree(depth)
      if depth == 0 then coroutine.yield("leaf") return 1 end
      local left = coroutine.wrap(function() return tree(depth - 1) end)
      local right = coroutine.wrap(function() return tree(depth - 1) end)
      local sum = 0
      for _, branch in ipairs{left, right} do
        local v repeat v = branch() if type(v) == "string" then coroutine.yield(v .. depth) end until type(v) == "number"
        sum = sum + v
      end
      return sum
    end
    local co = coroutine.create(tree)
    local ok, v = coroutine.resume(co, 4)
    local n = 0
    while coroutine.status(co) == "suspended" do n = n + 1 if n % 5 == 0 then say(n, v) end ok, v = coroutine.resume(co) end
    say(n, ok, v, coroutine.status(co))
    say(coroutine.resume(co))
    local outer
    outer = coroutine.create(function()
      local inner = coroutine.create(function()
        say(coroutine.status(outer), coroutine.resume(outer)) say(pcall(coroutine.close, outer))
        say(coroutine.isyieldable(), select(2, coroutine.running()))
        coroutine.yield(1, nil, 3)
        error("inner fails")
      end)
      say(coroutine.resume(inner)) say(coroutine.status(inner)) say(coroutine.resume(inner)) say(coroutine.status(inner))
    end)
    say(coroutine.resume(outer)) say(coroutine.status(outer))
    say(pcall(coroutine.wrap(function() error("in wrap") end)))
    say(pcall(coroutine.wrap(function() error({}) end)) == false)
    say(pcall(coroutine.resume, 5))
    local gen = coroutine.wrap(function(...) local t = {...} while true do t = {coroutine.yield(#t, table.unpack(t))} end end)
    say(gen(1, 2)) say(gen()) say(gen(nil, "x"))
    local function passer(n, f) if n == 0 then return f() end return (coroutine.wrap(function() return passer(n - 1, f) end))() end
    say(passer(12, function() local s = 0 for i = 1, 20 do s = s + i end return s, "deep" end))
    say(pcall(passer, 5, function() error("from below", 0) end))
    local function echo(mark)
      return coroutine.wrap(function(...) local a = {...} while true do a = {coroutine.yield(#a .. mark .. tostring(a[2]))} end end)
    end
    local o = setmetatable({}, {__index = echo("i"), __call = echo("c"), __add = echo("a"), __concat = echo("s")})
    say(o.first, o.second, o(1, 2), o(3), o + 1, 1 + o, o .. "x")
    say(pcall(echo("p"), 1, 2), xpcall(echo("x"), print, 5))
    for i = 1, 3 do local x <close> = setmetatable({}, {__close = coroutine.wrap(function() say("closing", i) end)}) end
    say(select("#", coroutine.resume(coroutine.create(echo("r")), 1, 2, 3)))`,

  iteration: `
    local function range(n) return function(limit, i) i = i + 1 if i <= limit then return i, i * 2 end end, n, 0 end
    for a, b in range(4) do say(a, b) end
    local function producer(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i, "v" .. i) end end) end
    for i, v in producer(4) do for j in producer(2) do say(i, v, j) end end
    for w in ("the quick brown fox"):gmatch("%a+") do say(w, #w) end
    for k, v in ("a=1, b=22"):gmatch("(%w+)=(%w+)") do say(k, v) end
    local keys = {}
    for k in pairs{10, 20, 30, x = 1} do keys[#keys + 1] = tostring(k) end
    table.sort(keys) say(table.concat(keys, ","))
    for p, c in utf8.codes("h\\u{e4}\\u{4e2d}") do say(p, c) end
    for i = 10, 1, -3 do say(i) end
    for i = 1.0, 2, 0.25 do say(i) end
    for i = math.maxinteger - 1, math.maxinteger do say(i) end
    say(pcall(function() for i = 1, 10, 0 do end end))
    say(pcall(function() for x in 5 do end end))
    local n = 0
    for line in coroutine.wrap(function() for i = 1, 3 do local ok = pcall(coroutine.yield, i) coroutine.yield(ok) end end) do n = n + 1 say(n, line) end
    local co = coroutine.wrap(function() for a in function() return coroutine.yield("asked") end do say("got", a) end return "over" end)
    say(co()) say(co(1)) say(co(2)) say(co(nil))`,

  callbacks: `
    local t = {} for i = 1, 60 do t[i] = (i * 37) % 61 end
    local calls = 0
    table.sort(t, function(a, b) calls = calls + 1 return a > b end)
    say(table.concat(t, " "), calls)
    say(pcall(table.sort, {3, 1, 2, 5, 4}, function(a, b) error("compare", 0) end))
    say(pcall(table.sort, {1, "x"}))
    say((("hello world"):gsub("%w+", function(w) local s = "" for c in w:gmatch(".") do s = c .. s end return s end)))
    say(("abc"):gsub("", "-")) say(("abc"):gsub("%w", {a = 1, c = false}))
    say(pcall(string.gsub, "abc", "%w", {b = true}))
    say(pcall(string.gsub, "abc", "%w", function(c) if c == "b" then error("at " .. c, 0) end end))
    say(pcall(string.gsub, "abc", "(", "x")) say(pcall(string.rep, "x", -1))
    local parts, i = {"return ", "1 +", " 2", nil}, 0
    say(load(function() i = i + 1 for _ = 1, 3 do end return parts[i] end)())
    say(load("syntax error here"))
    say(pcall(load, function() error("reader", 0) end))
    say(select(2, load(function() error("reader", 0) end)))
    local inner = coroutine.wrap(function() while true do for i = 1, 3 do coroutine.yield(i % 2 == 0) end end end)
    say(pcall(table.sort, {4, 3, 2, 1}, function(a, b) inner() return a < b end))
    say(pcall(table.sort, {2, 1}, function() coroutine.yield() end))
    say(pcall(string.gsub, "a", "a", function() coroutine.yield() end))
    say(tostring(setmetatable({}, {__tostring = function() local ok, e = pcall(coroutine.yield) return tostring(e) end})))
    say(table.concat({1, 2, 3}, ", "), table.unpack({1, 2, 3}, 2), #table.pack(nil, nil), table.move({1, 2, 3}, 2, 3, 1)[1])
    say(next({}), type(next), select(-1, 1, 2, 3))`,

  jumps: `
    for i = 1, 3 do for j = 1, 3 do if j == 2 then goto continue end say(i, j) ::continue:: end end
    local n = 0
    ::again:: n = n + 1 if n < 5 then goto again end say(n)
    do local k = 0 repeat local done = k > 2 k = k + 1 until done say(k) end
    local fs = {}
    for i = 1, 3 do local x = i * 10 fs[i] = function() x = x + 1 return x end end
    say(fs[1](), fs[1](), fs[2](), fs[3]())
    local function loop(n, acc) if n == 0 then return acc end return loop(n - 1, acc + n) end
    say(loop(200, 0))
    local function even(n) if n == 0 then return true end local function odd(m) if m == 0 then return false end return even(m - 1) end return odd(n - 1) end
    say(even(40), even(41))
    local t = setmetatable({}, {__call = function(self, n) if n == 0 then return "tail" end return self(n - 1) end})
    say(t(20))
    say((function() return coroutine.wrap(function(...) return ... end)(1, 2, 3) end)())`,

  varargs: `
    local function f(...) return select("#", ...), ... end
    say(f()) say(f(nil)) say(f(1, nil, 3, nil))
    local function g(a, ...) local x, y = ... return a, x, y, ... end
    say(g(1)) say(g(1, 2)) say(g(1, 2, 3, 4))
    local function h(...) local t = {...} return #t, (select("#", ...)) end
    say(h(1, 2, 3)) say((f(1, 2, 3))) say({f(1, 2)}, nil == nil)
    say(pcall(f, table.unpack({}, 1, 5)))
    say(math.max(f(5, 9)), string.char(table.unpack{104, 105}), f(f(f())))
    local function pass(...) return ... end
    say(pass(pass(1, 2), pass(3, 4), pass()))
    say(#{pass(1, 2, 3), pass(4, 5)}, #{n = 1, pass(nil, nil, 3)})
    local big = {} for i = 1, 250 do big[i] = i end
    say(select("#", table.unpack(big)), (select(200, table.unpack(big))))
    local co = coroutine.wrap(function(...) local a = {...} while true do a = {coroutine.yield(#a, ...)} end end)
    say(co(1, 2)) say(co(table.unpack(big, 1, 30)))`,

  strings: `
    say(("x"):rep(3, "-"), ("hello"):sub(-3, -2), ("hello"):byte(1, -1)) say(("%5.2f|%-5d|%05d|%x|%q|%s"):format(3.14159, 42, 42, 255, "a\\nb\\0c", {} ~= nil))
    say(("hello world"):find("o w"), ("hello"):find("l", 1, true), ("a.b"):find(".", 1, true), ("abc"):find("b", -1))
    say(("key = value"):match("^(%w+)%s*=%s*(%w+)$")) say(("[[nested [brackets]]]"):match("%b[]")) say(("THE (quick) fox"):find("%((%a+)%)"))
    say(("  trim  "):match("^%s*(.-)%s*$") .. "|", ("a,b,,c"):gsub(",", ";", 2)) say(("abc"):gsub("(a)(b)", "%2%1%0"))
    say(("x"):rep(20):find(".-b"), ("%f[%w]%w+"):len(), ("one two"):gsub("%f[%w]%w+", string.upper))
    say(("abc"):reverse(), ("aBc"):upper(), ("aBc"):lower(), #("\\u{10ffff}"), utf8.char(228, 20013), utf8.len("h\\u{e4}"))
    say(string.pack("<i4", 258):byte(1, -1)) say(string.unpack("<i4", string.pack("<i4", -2))) say(string.packsize("i4i8"))
    say(tostring(1e15), tostring(-0.0), 2^53, 10 // 3, -10 // 3, 10 % -3, 7.5 // 2, 1e308 * 10, math.type(3.0))
    say("10" + 5, "0x10" * 2, 10 .. 20, tonumber("z", 36), tonumber("1e1"), tonumber("  12  "), tonumber("1x"))
    say(("a"):rep(50) < ("a"):rep(51), "Z" < "a", "a\\0b" < "a\\0c", "" < "a")
    say(pcall(string.format, "%d", 1.5)) say(pcall(string.rep, "x", 1 << 40)) say(pcall(("x").bad))
    say(math.floor(-3.5), math.ceil(3.2), math.fmod(-7, 3), math.ult(1, -1), math.tointeger(3.0), 7 & 3 | 8 ~ 1, ~0 >> 60)`,

  tracebacks: `
    local function shorten(s) return (s:gsub("%[C%]: in [^\\n]*", "[C]")) end
    local function c() error("deepest") end
    local function b() c() end
    function a() b() end
    say(shorten(select(2, xpcall(a, debug.traceback))))
    local co = coroutine.create(function() local x = 1 a() return x end)
    say(coroutine.resume(co)) say(shorten(debug.traceback(co)))
    co = coroutine.create(function() local function inner() coroutine.yield() end inner() return 1 end)
    coroutine.resume(co) say(shorten(debug.traceback(co, "message")))
    say(select(2, pcall(function() local t = {} t.x.y = 1 end))) say(select(2, pcall(function() return 1 < "x" end)))
    say(select(2, pcall(function() return #5 end))) say(select(2, pcall(function() undefinedglobal() end)))
    say(select(2, pcall(function() local s = "x" return s:nomethod() end))) say(select(2, pcall(function() return {} .. "x" end)))
    local function where() return debug.getinfo(2, "Sl").currentline end
    for i = 1, 3 do say(where(), debug.getinfo(1, "l").currentline) end
    say(select(2, pcall(string.sub))) say(select(2, pcall(("x").rep, "x", {}))) say(select(2, pcall(ipairs)))`,

  collection: `
    local weak = setmetatable({}, {__mode = "k"})
    local keep = {}
    for i = 1, 50 do local k = {} weak[k] = i if i % 10 == 0 then keep[#keep + 1] = k end end
    collectgarbage() collectgarbage()
    local n, sum = 0, 0 for _, v in pairs(weak) do n = n + 1 sum = sum + v end
    say(n, sum)
    local finalized = 0
    do for i = 1, 10 do setmetatable({}, {__gc = function() for _ = 1, 3 do end finalized = finalized + 1 end}) end end
    collectgarbage() collectgarbage() say(finalized)
    local t = {} for i = 1, 300 do t[i] = {i, name = "n" .. i} end for i = 1, 300, 2 do t[i] = nil end
    collectgarbage("step") collectgarbage("incremental") collectgarbage("generational") collectgarbage("incremental")
    local s = 0 for _, v in pairs(t) do s = s + v[1] + #v.name end say(s)
    local threads = {} for i = 1, 20 do threads[i] = coroutine.wrap(function() local a = {i} while true do coroutine.yield(a[1]) a[1] = a[1] + 1 end end) threads[i]() end
    collectgarbage() for i = 1, 20, 7 do say(threads[i](), threads[i]()) end
    local parts = {} for i = 1, 200 do parts[#parts + 1] = ("piece %d"):format(i):rep(i % 7) end say(#table.concat(parts))`,
};

export const SAMPLES: ReadonlyMap<string, string> = new Map(
  Object.entries(BODIES).map(([name, body]) => [name, PROLOGUE + body + EPILOGUE]),
);
