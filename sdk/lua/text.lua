---@meta text

---Regular expressions in linear time
---@class troupe.text
local text = {}

---@class troupe.text.regexp
text.regexp = {}

---A pattern in RE2's syntax, ready to be used.
---@param pattern string
---@return troupe.Regexp? regexp
---@return troupe.Error? err INVALID
function text.regexp.compile(pattern) end

---A match. Places count in bytes from 1, as in `string.sub`.
---@class troupe.Match
---@field start integer its first byte
---@field ["end"] integer its last byte
---@field groups string[] the whole match, then its groups; `nil` for one that took no part

---A compiled pattern. Places count in bytes from 1, both ends included.
---@class troupe.Regexp
local Regexp = {}

---@param s string
---@return boolean? matches whether it matches somewhere
---@return troupe.Error? err
function Regexp:match_string(s) end

---@param s string
---@return string? match the first one; `nil` where there is none
---@return troupe.Error? err
function Regexp:find_string(s) end

---@param s string
---@return string[]? matches
---@return troupe.Error? err
function Regexp:find_all_string(s) end

---The first match and its groups; a group that took no part is empty.
---@param s string
---@return string[]? match `nil` where there is none
---@return troupe.Error? err
function Regexp:find_string_submatch(s) end

---@param s string
---@return string[][]? matches
---@return troupe.Error? err
function Regexp:find_all_string_submatch(s) end

---First and last byte of the first match.
---@param s string
---@return integer[]? place `nil` where there is none
---@return troupe.Error? err
function Regexp:find_string_index(s) end

---@param s string
---@return integer[][]? places
---@return troupe.Error? err
function Regexp:find_all_string_index(s) end

---@param s string
---@param replacement string `$1` and `${name}` are groups, `$$` a dollar sign
---@return string? text
---@return troupe.Error? err
function Regexp:replace_all_string(s, replacement) end

---The texts between the matches.
---@param s string
---@param n? integer at most so many; all where it is left out
---@return string[]? parts
---@return troupe.Error? err
function Regexp:split(s, n) end

---@return integer count of groups
function Regexp:num_subexp() end

---Names of the groups, the first for the whole; empty where there is none.
---@return string[] names
function Regexp:subexp_names() end

---@return string pattern
function Regexp:string() end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Whether the pattern matches somewhere in the text
---@param pattern string in RE2's syntax
---@param text string
---@return boolean? matches
---@return troupe.Error? err
function text.regexp_match(pattern, text) end

---The matches, at most limit: a list of {start, end, groups}
---@param pattern string in RE2's syntax
---@param text string
---@param limit? integer all where it is left out or below 0
---@return troupe.Match[]? matches
---@return troupe.Error? err
function text.regexp_find(pattern, text, limit) end

---The text with every match replaced; a dollar sign and a number or name in the replacement is a group, two a dollar sign
---@param pattern string in RE2's syntax
---@param text string
---@param replacement string `$1` and `${name}` are groups
---@return string? text
---@return troupe.Error? err
function text.regexp_replace(pattern, text, replacement) end

---The texts between the matches, at most limit of them
---@param pattern string in RE2's syntax
---@param text string
---@param limit? integer all where it is left out or below 0
---@return string[]? parts
---@return troupe.Error? err
function text.regexp_split(pattern, text, limit) end

---Names of the groups, the whole match first; empty where a group has none. INVALID: no pattern
---@param pattern string in RE2's syntax
---@return string[]? names
---@return troupe.Error? err
function text.regexp_names(pattern) end

return text
