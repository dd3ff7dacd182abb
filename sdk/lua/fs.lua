---@meta fs

---@alias troupe.FileType "file"|"directory"|"link"|"other"

---Files below granted folders
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

---What a path is: {type: file|directory|link|other, size (bytes), modified, accessed, changed (unix seconds), links, inode}; options: follow (false: a link itself)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param options? {follow?: boolean}
---@return {type: troupe.FileType, size: integer, modified: number, accessed: number, changed: number, links: integer, inode: integer}? found
---@return troupe.Error? err
function fs.stat(path, options) end

---What a folder holds, by name: a list of {name, type: file|directory|link|other}
---
---Waits: this path stops, the others of the process go on.
---@param path? string the granted folder where it is left out
---@return {name: string, type: troupe.FileType}[]? found
---@return troupe.Error? err
function fs.list(path) end

---Make a folder; the one it lies in must exist
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@return true? done
---@return troupe.Error? err
function fs.make_directory(path) end

---Remove an empty folder
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@return true? done
---@return troupe.Error? err
function fs.remove_directory(path) end

---Remove a file, or a symbolic link (not what it leads to)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@return true? done
---@return troupe.Error? err
function fs.remove(path) end

---Give a file or folder another path; a file that has it is replaced, an empty folder by a folder
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param new_path string
---@return true? done
---@return troupe.Error? err
function fs.rename(path, new_path) end

---Set times of a path: {accessed?, modified?}, each unix seconds or "now"; options: follow (false: a link itself)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param times {accessed?: number|"now", modified?: number|"now"}
---@param options? {follow?: boolean}
---@return true? done
---@return troupe.Error? err
function fs.set_times(path, times, options) end

---A handle for reading or writing piece by piece; options: gunzip ('auto' (default), true, false), write, append, create, exclusive, truncate, follow (false: no link)
---
---Waits: this path stops, the others of the process go on.
---@param path string
---@param options? {gunzip?: "auto"|boolean, write?: boolean, append?: boolean, create?: boolean, exclusive?: boolean, truncate?: boolean, follow?: boolean}
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

---Bytes of an open file from a position, at most max_bytes (default 64 KiB), or nothing at its end
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param position integer
---@param max_bytes? integer
---@return string? bytes
---@return troupe.Error? err
function fs.read_at(handle, position, max_bytes) end

---Write text or bytes to a file opened for it, at its end where opened with append; how many bytes
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param content string
---@return integer? written
---@return troupe.Error? err
function fs.write(handle, content) end

---Write text or bytes to a file opened for it, at a position; how many bytes
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param position integer
---@param content string
---@return integer? written
---@return troupe.Error? err
function fs.write_at(handle, position, content) end

---Where the next read or write of an open file is: bytes from 'start' (default), 'current' or 'end'
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param offset integer
---@param from? "start"|"current"|"end"
---@return integer? position
---@return troupe.Error? err
function fs.seek(handle, offset, from) end

---Make a file opened for writing so many bytes long; what is added are zeros
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param size integer
---@return true? done
---@return troupe.Error? err
function fs.truncate(handle, size) end

---Wait until what was written to an open file is on the disk
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@return true? done
---@return troupe.Error? err
function fs.sync(handle) end

---What stat says, of an open file
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@return {type: troupe.FileType, size: integer, modified: number, accessed: number, changed: number, links: integer, inode: integer}? found
---@return troupe.Error? err
function fs.stat_open(handle) end

---Set times of an open file: {accessed?, modified?}, each unix seconds or "now"
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@param times {accessed?: number|"now", modified?: number|"now"}
---@return true? done
---@return troupe.Error? err
function fs.set_times_open(handle, times) end

---Close an open file; answers whether it was open
---
---Waits: this path stops, the others of the process go on.
---@param handle integer
---@return boolean? was_open
---@return troupe.Error? err
function fs.close(handle) end

return fs
