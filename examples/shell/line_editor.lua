-- A line that is edited key by key. It knows nothing of a screen: `press` takes a key and says what it meant, `view` says
-- what to show.

local Editor = {}
Editor.__index = Editor

local editor = {}

-- complete(word, first) -> candidates, a list of texts; width(text) -> columns.
function editor.new(options)
  return setmetatable({
    complete = options.complete,
    width = options.width,
    characters = {},
    cursor = 0,
    history = {},
    -- Which line of the history is shown; one more than there are: the new one.
    shown = 1,
    kept = "",
  }, Editor)
end

function Editor:text()
  return table.concat(self.characters)
end

function Editor:set(text)
  self.characters = {}
  for _, code in utf8.codes(text) do self.characters[#self.characters + 1] = utf8.char(code) end
  self.cursor = #self.characters
end

function Editor:insert(text)
  for _, code in utf8.codes(text) do
    self.cursor = self.cursor + 1
    table.insert(self.characters, self.cursor, utf8.char(code))
  end
end

-- The characters behind `from` up to `to` are gone, and the cursor is where they were.
function Editor:remove(from, to)
  for _ = from + 1, to do table.remove(self.characters, from + 1) end
  self.cursor = from
end

function Editor:word_left()
  local at = self.cursor
  while at > 0 and self.characters[at] == " " do at = at - 1 end
  while at > 0 and self.characters[at] ~= " " do at = at - 1 end
  return at
end

function Editor:word_right()
  local at, count = self.cursor, #self.characters
  while at < count and self.characters[at + 1] == " " do at = at + 1 end
  while at < count and self.characters[at + 1] ~= " " do at = at + 1 end
  return at
end

function Editor:recall(by)
  local wanted = self.shown + by
  if wanted < 1 or wanted > #self.history + 1 then return end
  if self.shown > #self.history then self.kept = self:text() end
  self.shown = wanted
  self:set(self.history[wanted] or self.kept)
end

function Editor:finish()
  local line = self:text()
  if line:find("%S") and line ~= self.history[#self.history] then self.history[#self.history + 1] = line end
  self.shown, self.kept = #self.history + 1, ""
  self:set("")
  return line
end

local function common_beginning(texts)
  local common = texts[1]
  for _, text in ipairs(texts) do
    while text:sub(1, #common) ~= common do common = common:sub(1, -2) end
  end
  return common
end

-- Goes on with the word at the cursor as far as all candidates agree; those that are left are answered.
function Editor:complete_word()
  local start = self.cursor
  while start > 0 and self.characters[start] ~= " " do start = start - 1 end
  local word = table.concat(self.characters, "", start + 1, self.cursor)
  local candidates = {}
  for _, candidate in ipairs(self.complete(word, start == 0)) do
    if candidate:sub(1, #word) == word then candidates[#candidates + 1] = candidate end
  end
  if #candidates == 0 then return end
  local common = common_beginning(candidates)
  if #candidates == 1 then common = common .. " " end
  if #common > #word then self:insert(common:sub(#word + 1))
  else return "candidates", candidates end
end

local KEYS = {
  enter = function(self) return "line", self:finish() end,
  backspace = function(self) self:remove(math.max(0, self.cursor - 1), self.cursor) end,
  delete = function(self) self:remove(self.cursor, math.min(#self.characters, self.cursor + 1)) end,
  left = function(self) self.cursor = math.max(0, self.cursor - 1) end,
  right = function(self) self.cursor = math.min(#self.characters, self.cursor + 1) end,
  home = function(self) self.cursor = 0 end,
  ["end"] = function(self) self.cursor = #self.characters end,
  up = function(self) self:recall(-1) end,
  down = function(self) self:recall(1) end,
  tab = Editor.complete_word,
  paste = function(self, key) self:insert((key.text:gsub("%c+", " "))) end,
  ["ctrl+left"] = function(self) self.cursor = self:word_left() end,
  ["ctrl+right"] = function(self) self.cursor = self:word_right() end,
  ["ctrl+k"] = function(self) self:remove(self.cursor, #self.characters) end,
  ["ctrl+u"] = function(self) self:remove(0, self.cursor) end,
  ["ctrl+w"] = function(self) self:remove(self:word_left(), self.cursor) end,
  ["ctrl+l"] = function() return "clear" end,
  ["ctrl+c"] = function(self)
    self:set("")
    return "interrupt"
  end,
}
for alias, name in pairs{
  ["ctrl+a"] = "home",
  ["ctrl+b"] = "left",
  ["ctrl+e"] = "end",
  ["ctrl+f"] = "right",
  ["ctrl+h"] = "backspace",
  ["ctrl+n"] = "down",
  ["ctrl+p"] = "up",
  ["alt+b"] = "ctrl+left",
  ["alt+f"] = "ctrl+right",
  ["alt+backspace"] = "ctrl+w",
} do
  KEYS[alias] = KEYS[name]
end
-- At the end of an empty line it is the end of input.
KEYS["ctrl+d"] = function(self)
  if #self.characters == 0 then return "end" end
  return KEYS.delete(self)
end

-- What the key meant beside a change of the line: "line" and its text, "candidates" and the list of them, "interrupt",
-- "clear", "end", or nothing.
function Editor:press(key)
  local name = (key.ctrl and "ctrl+" or "") .. (key.alt and "alt+" or "") .. key.key
  local action = KEYS[name]
  if action then return action(self, key) end
  if key.text then self:insert(key.text) end
end

-- The part of the line that fits into so many columns, and the column of the cursor in it, counted from 0.
function Editor:view(columns)
  local first, before = 1, self.width(table.concat(self.characters, "", 1, self.cursor))
  while before >= columns do
    before = before - self.width(self.characters[first])
    first = first + 1
  end
  local last, used = self.cursor, before
  while last < #self.characters do
    used = used + self.width(self.characters[last + 1])
    if used >= columns then break end
    last = last + 1
  end
  return table.concat(self.characters, "", first, last), before
end

return editor
