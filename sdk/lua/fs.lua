---@meta fs

---@alias troupe.FileType "file"|"directory"|"link"|"other"

---Files below one folder
---@class troupe.fs
local fs = {}

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---The text of a file (UTF-8), at most 64 MiB; options: bytes (answer bytes instead)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param options? {bytes?: boolean}
---@return string? content
---@return troupe.Error? err
function fs.read_file(path, options) end

---Write text or bytes to a file; options: append, exclusive (fail where it exists)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param content string
---@param options? {append?: boolean, exclusive?: boolean}
---@return true? done
---@return troupe.Error? err
function fs.write_file(path, content, options) end

---What a path is: {type: file|directory|other, size (bytes), modified (unix seconds)}
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@return {type: troupe.FileType, size: integer, modified: number}? found
---@return troupe.Error? err
function fs.stat(path) end

---What a folder holds, by name: a list of {name, type: file|directory|link|other}
---
---Waits: this path stops, the others of the process go on.
---@param path? string the granted folder where it is left out
---@return {name: string, type: troupe.FileType}[]? found
---@return troupe.Error? err
function fs.list(path) end

---A handle for reading piece by piece; options: gunzip ('auto' (default), true, false)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param options? {gunzip?: "auto"|boolean}
---@return integer? handle
---@return troupe.Error? err
function fs.open(path, options) end

---The next bytes of an open file, at most max_bytes (default 64 KiB), or nothing at its end
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param max_bytes? integer
---@return string? bytes
---@return troupe.Error? err
function fs.read(handle, max_bytes) end

---Close an open file; answers whether it was open
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@return boolean? was_open
---@return troupe.Error? err
function fs.close(handle) end

return fs
