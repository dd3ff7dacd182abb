-- Templates in the manner of Mustache. Plain Lua, 5.1 or newer; needs nothing but itself.
--
--   local template = require("template")
--   local greet = template.compile("Hello {{name}}!{{#bring}} Bring {{.}}.{{/bring}}")
--   greet{name = "Ann", bring = {"tea", "cake"}}        --> Hello Ann! Bring tea. Bring cake.
--
--   {{name}}               the value, escaped; nothing where there is none
--   {{{name}}} {{&name}}   the value as it is
--   {{#name}} {{/name}}    what is between: for each item of a list; once, inside of it, for another table; once for any other
--                          value but nil and false
--   {{^name}} {{/name}}    what is between, for nil, false and the empty list
--   {{! remark}}           nothing
--
-- A name is looked up in the table that a section is about, then in those around it. `a.b` is the field b of a, `.` the
-- value itself. A section's tag or a remark that stands alone on its line takes the line with it.

local template = {}

local ENTITIES = {["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;"}

-- Makes a value safe between the tags and in the attributes of HTML: what is done unless `compile` is told otherwise.
function template.html(value)
  return (tostring(value):gsub("[&<>\"']", ENTITIES))
end

-- Parsing: a template becomes a list of texts and nodes {kind, path, inner}.

local function fail(source, at, message)
  local _, lines = source:sub(1, at - 1):gsub("\n", "")
  error("template, line " .. lines + 1 .. ": " .. message, 0)
end

local function path_of(name)
  local path = {}
  for field in name:gmatch("[^.]+") do path[#path + 1] = field end
  return path
end

-- The tag at `from`: its kind, its name, and where it ends.
local function read_tag(source, from)
  local kind = source:match("^[{&#^/!>=]", from + 2) or ""
  local close = kind == "{" and "}}}" or "}}"
  local first, last = source:find(close, from + 2 + #kind, true)
  if not first then fail(source, from, "a tag is not closed") end
  local name = source:sub(from + 2 + #kind, first - 1):match("^%s*(.-)%s*$")
  if kind == ">" or kind == "=" then fail(source, from, "there are no tags {{" .. kind .. "...}}") end
  if name == "" and kind ~= "!" then fail(source, from, "a tag has no name") end
  return kind, name, last
end

-- Where a line consists of blanks and the tag between `from` and `last`: where it begins, and where the next one does.
local function lone_line(source, at, from, last)
  local blanks = source:sub(at, from - 1):match("[ \t]*$")
  local start = from - #blanks
  if start > 1 and source:sub(start - 1, start - 1) ~= "\n" then return nil end
  local _, stop = source:find("^[ \t]*\r?\n", last + 1)
  if not stop and source:find("^[ \t]*$", last + 1) then stop = #source end
  if stop then return start, stop + 1 end
end

local function parse(source)
  local nodes, open, at = {}, {}, 1
  while true do
    local from = source:find("{{", at, true)
    if not from then break end
    local kind, name, last = read_tag(source, from)
    local text_end, next_at = from, last + 1
    if kind:match("[#^/!]") then
      local start, after = lone_line(source, at, from, last)
      if start then text_end, next_at = start, after end
    end
    if text_end > at then nodes[#nodes + 1] = source:sub(at, text_end - 1) end
    at = next_at

    if kind == "#" or kind == "^" then
      local section = {kind = kind, path = path_of(name), inner = {}}
      nodes[#nodes + 1] = section
      open[#open + 1] = {name = name, from = from, around = nodes}
      nodes = section.inner
    elseif kind == "/" then
      local section = table.remove(open)
      if not section then fail(source, from, "{{/" .. name .. "}} closes nothing") end
      if section.name ~= name then fail(source, from, "{{/" .. name .. "}} where {{/" .. section.name .. "}} is due") end
      nodes = section.around
    elseif kind ~= "!" then
      nodes[#nodes + 1] = {kind = kind == "" and "escaped" or "plain", path = path_of(name)}
    end
  end
  local unclosed = open[#open]
  if unclosed then fail(source, unclosed.from, "{{#" .. unclosed.name .. "}} is never closed") end
  if at <= #source then nodes[#nodes + 1] = source:sub(at) end
  return nodes
end

-- Rendering. A scope is {value, around}: what a section is about, and the scope around it.

local function lookup(scope, path)
  if #path == 0 then return scope.value end
  local value
  repeat
    if type(scope.value) == "table" then value = scope.value[path[1]] end
    scope = scope.around
  until value ~= nil or not scope
  for i = 2, #path do
    if type(value) ~= "table" then return nil end
    value = value[path[i]]
  end
  return value
end

local function is_list(value)
  return type(value) == "table" and (#value > 0 or next(value) == nil)
end

local function render(nodes, scope, escape, out)
  for _, node in ipairs(nodes) do
    if type(node) == "string" then
      out[#out + 1] = node
    else
      local value = lookup(scope, node.path)
      local absent = value == nil or value == false or (is_list(value) and #value == 0)
      if node.kind == "^" then
        if absent then render(node.inner, scope, escape, out) end
      elseif node.kind == "#" then
        if is_list(value) then
          for _, item in ipairs(value) do render(node.inner, {value = item, around = scope}, escape, out) end
        elseif not absent then
          render(node.inner, {value = value, around = scope}, escape, out)
        end
      elseif value ~= nil then
        out[#out + 1] = node.kind == "plain" and tostring(value) or escape(value)
      end
    end
  end
end

-- A function that takes the values and answers the text. Raises where the template is wrong, naming the line.
-- `options.escape`: what makes a text of a value that is not written with {{{ }}}.
function template.compile(source, options)
  local escape = options and options.escape or template.html
  local nodes = parse(source)
  return function(values)
    local out = {}
    render(nodes, {value = values}, escape, out)
    return table.concat(out)
  end
end

return template
