---@meta io

---Command-line arguments, terminal input and output
---@class troupe.io
local io = {}

---Values to standard output as `tostring` shows them, with nothing between.
---
---Waits: this path stops, the others of the process go on.
---@param ... any
---@return true? done
---@return troupe.Error? err
function io.write(...) end

---The same to standard error.
---
---Waits: this path stops, the others of the process go on.
---@param ... any
---@return true? done
---@return troupe.Error? err
function io.write_error(...) end

---Values to standard output, with tabs between them and a line end.
---
---Waits: this path stops, the others of the process go on.
---@param ... any
---@return true? done
---@return troupe.Error? err
function io.print(...) end

---The same to standard error.
---
---Waits: this path stops, the others of the process go on.
---@param ... any
---@return true? done
---@return troupe.Error? err
function io.eprint(...) end

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---The command line after the command's name, a list of strings
---@return string[] args
function io.args() end

---Nothing is held back, so there is nothing to do; true
---@return true done
function io.flush() end

---At most so many bytes (default 1024) of what there is, from a terminal of the next line, its end included; NOT_FOUND at the end
---
---Waits: this path stops, the others of the process go on.
---@param max_bytes? integer
---@return string? bytes
---@return troupe.Error? err NOT_FOUND at the end
function io.read(max_bytes) end

---Wait until standard input has something to read, at most so many milliseconds: how many bytes at least, 0 at its end, nothing when the time is over
---
---Waits: this path stops, the others of the process go on.
---@param milliseconds? number
---@return integer? bytes
---@return troupe.Error? err
function io.input_ready(milliseconds) end

---The next line of standard input without its line end; NOT_FOUND at the end
---
---Waits: this path stops, the others of the process go on.
---@return string? line
---@return troupe.Error? err NOT_FOUND at the end
function io.readline() end

---The next line of standard input without its line end, or nothing at the end
---
---Waits: this path stops, the others of the process go on.
---@return string? line
---@return troupe.Error? err
function io.read_line() end

---Width of the output in characters; 80 where it is no terminal
---@return integer columns
function io.columns() end

---Whether the output is shown on a screen
---@return boolean is_tty
function io.is_tty() end

return io
