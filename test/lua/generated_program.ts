/**
 * Programs of Lua 5.4 from seeds. Each logs what it does and answers the log, one text without addresses, times or
 * chance, which is the same in every Lua 5.4. A program is made of sections that know nothing of each other, one a seed:
 * so a failure shrinks to the sections that show it.
 */
import { Chance } from './generated_chance.ts';
import { Scope } from './generated_scope.ts';
import { Statements } from './generated_statements.ts';

/**
 * What generated code may call. `say` and `tick` end what would take too long: what is generated can nest loops and
 * calls, and multiply.
 */
const PROLOGUE = String.raw`local lines, ticks = {}, 0
local function shown(value, depth)
  local kind = math.type(value) or type(value)
  if kind == 'float' then return value ~= value and 'nan' or tostring(value) end
  if kind == 'string' then return value end
  if kind == 'table' then
    local text = getmetatable(value)
    if type(text) == 'table' and rawget(text, '__tostring') then return 'object' end
    if depth > 2 then return 'table' end
    local parts = {}
    for k, v in next, value do parts[#parts + 1] = shown(k, depth + 1) .. '=' .. shown(v, depth + 1) end
    table.sort(parts)
    return '{' .. table.concat(parts, ' ', 1, math.min(#parts, 20)) .. '}'
  end
  if kind == 'function' or kind == 'thread' or kind == 'userdata' then return kind end
  return tostring(value)
end
local function show(...)
  local list = table.pack(...)
  for i = 1, list.n do list[i] = shown(list[i], 1) end
  return table.concat(list, ' ', 1, math.min(list.n, 50))
end
local function tick()
  ticks = ticks + 1
  if ticks > 250 then error('over', 0) end
end
local function say(...)
  tick()
  lines[#lines + 1] = show(...):sub(1, 300):gsub('[^\32-\126]', function(c) return ('\\%03d'):format(c:byte()) end)
end
local function cut(s, n) return s:sub(1, n or 40) end
local function plain(x) return x == x and x or 0.0 end
local function sorted(list, less)
  local copy = {}
  for _, v in ipairs(list) do copy[#copy + 1] = v end
  table.sort(copy, less)
  return copy
end
local function keys(t)
  local names, at = {}, 0
  for k in next, t do names[#names + 1] = k end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  return function() at = at + 1 if names[at] ~= nil then return names[at], t[names[at]] end end
end
local function count(n) local i = 0 return function() i = i + 1 if i <= n then return i end end end
local function closing(name) return setmetatable({}, {__close = function(_, e) say('closing', name, e) end}) end
local function section(number, fn)
  ticks = 0
  local outcome = table.pack(pcall(fn))
  ticks = 0
  say('section', number, table.unpack(outcome, 1, outcome.n))
end
`;

const EPILOGUE = `return table.concat(lines, '\\n')\n`;

/** Statements of one section. */
const STATEMENTS = 14;

export function generateSection(seed: number): string {
  const statements = new Statements(new Chance(seed), new Scope(), STATEMENTS);
  return statements.block({}, 7);
}

/** A chunk that returns its `main`, as the entry of a process; `main` answers the log. */
export function generateProgram(seeds: readonly number[]): string {
  const sections = seeds.map((seed, at) => `section(${at + 1}, function()\n${generateSection(seed)}\nend)\n`);
  return `return function()\n${PROLOGUE}${sections.join('')}${EPILOGUE}end\n`;
}
