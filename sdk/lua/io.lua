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

---@class troupe.Key
---@field key string letters in lower case, "space", "enter", "up", "f1", "paste", "unknown", ...
---@field ctrl boolean
---@field alt boolean
---@field shift boolean
---@field text? string what it types; a paste as a whole
---@field sequence? string of "unknown": what came

---@class troupe.TerminalSize
---@field columns integer
---@field rows integer

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

---Input key by key and without echo, or by lines again; options ctrl_c: 'cancel' (default: the program is asked to end) or 'key', ctrl_z: 'suspend' (default) or 'key'; UNAVAILABLE where the input is no terminal
---
---Waits: this path stops, the others of the process go on.
---@param on? boolean
---@param options? {ctrl_c?: "cancel"|"key", ctrl_z?: "suspend"|"key"}
---@return true? done
---@return troupe.Error? err UNAVAILABLE, CONFLICT
function io.raw_mode(on, options) end

---The next key, {key, ctrl, alt, shift, text?}, waiting at most so many milliseconds: nothing when the time is over; NOT_FOUND at the end of input
---
---Waits: this path stops, the others of the process go on.
---@param milliseconds? number
---@return troupe.Key? key
---@return troupe.Error? err NOT_FOUND at the end
function io.read_key(milliseconds) end

---Whether 'output' (default) or 'error' is shown on a screen, or 'input' comes from a keyboard
---@param stream? "output"|"error"|"input"
---@return boolean is_tty
function io.is_tty(stream) end

---Width of the output in characters, as it is now; 80 where it is no terminal
---@return integer columns
function io.columns() end

---Height of the output in lines, as it is now; 24 where it is no terminal
---@return integer rows
function io.rows() end

---From now on each new size of the output comes as a message {columns, rows} on this topic, without one no more; answers the present size
---@param topic? string
---@return troupe.TerminalSize? size
---@return troupe.Error? err INVALID for a reserved topic
function io.on_resize(topic) end

---Bits of a colour of the output: 0 (none), 4, 8 or 24; NO_COLOR and FORCE_COLOR are obeyed
---@return 0|4|8|24 bits
function io.colors() end

---A text in styles such as 'bold', 'red', 'on_bright_blue' or '#ff8800', or as it is where the output has no colours
---@param ... string the text, then its styles
---@return string? text
---@return troupe.Error? err INVALID for a style that there is not
function io.style(...) end

---A foreign text for the screen: control characters, which could steer it, as visible escapes; one line
---@param text string
---@return string? text
---@return troupe.Error? err
function io.escape(text) end

---How many columns a text takes on the screen; escape sequences and marks none, wide characters two
---@param text string
---@return integer? columns
---@return troupe.Error? err
function io.width(text) end

---Clear the 'screen' (default), what is 'below' the cursor, its 'line' or what is to the 'right' of it
---
---Waits: this path stops, the others of the process go on.
---@param part? "screen"|"below"|"line"|"right"
---@return true? done
---@return troupe.Error? err
function io.clear(part) end

---Put the cursor at a place, both counted from 1, the left upper corner
---
---Waits: this path stops, the others of the process go on.
---@param column integer
---@param row? integer the cursor stays in its own where there is none
---@return true? done
---@return troupe.Error? err
function io.move_to(column, row) end

---Move the cursor, to the right and down, or back and up by what is below zero
---
---Waits: this path stops, the others of the process go on.
---@param columns integer
---@param rows? integer
---@return true? done
---@return troupe.Error? err
function io.move_by(columns, rows) end

---Show the cursor, or hide it; it is shown when the process ends
---
---Waits: this path stops, the others of the process go on.
---@param visible? boolean
---@return true? done
---@return troupe.Error? err
function io.show_cursor(visible) end

---Draw on a screen of its own, or on the usual one again; that is what remains when the process ends
---
---Waits: this path stops, the others of the process go on.
---@param on? boolean
---@return true? done
---@return troupe.Error? err
function io.alternate_screen(on) end

return io
