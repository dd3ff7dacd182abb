---@meta http_client

---Requests over HTTP to the servers that the host names
---@class troupe.http_client
local http_client = {}

---@class troupe.HttpOptions
---@field headers? table<string, string|number|string[]>
---@field query? table<string, any> texts, numbers, booleans, or lists of them; added to the query of the URL
---@field body? string
---@field json? any sent as JSON
---@field auth? {user: string, password: string}|{bearer: string}
---@field as? "text"|"bytes"|"json" what the body of the answer shall be
---@field timeout? number|string nanoseconds, or a text such as "5s", for all of the request
---@field max_bytes? integer of the answer's body
---@field redirects? integer 0: a redirect is the answer

---@class troupe.HttpAnswer
---@field status integer
---@field status_text string
---@field headers table<string, any> texts by names in lower case; "set-cookie" is a list
---@field body any
---@field url string where it came from
---@field redirected boolean

---@class troupe.HttpRequest
---@field method? string GET where it is left out
---@field url string
---@field options? troupe.HttpOptions

---@class troupe.HttpResult one of the two
---@field answer? troupe.HttpAnswer
---@field error? troupe.Error

-- Operations of the capability, by generate.ts: only types and results may be edited below this line.

---Ask a server; options: headers, query, body or json, auth, as (text, bytes, json), timeout, max_bytes, redirects
---
---Waits: this path stops, the others of the process go on.
---@param method string GET, HEAD, POST, PUT, DELETE, PATCH or OPTIONS
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.request(method, url, options) end

---The same by GET
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.get(url, options) end

---The same by HEAD: the answer has no body
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.head(url, options) end

---The same by POST
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.post(url, options) end

---The same by PUT
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.put(url, options) end

---The same by DELETE
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.delete(url, options) end

---The same by PATCH
---
---Waits: this path stops, the others of the process go on.
---@param url string
---@param options? troupe.HttpOptions
---@return troupe.HttpAnswer? answer
---@return troupe.Error? err
function http_client.patch(url, options) end

---Several requests ({method, url, options}) at once; of each {answer} or {error}, in their order
---
---Waits: this path stops, the others of the process go on.
---@param requests troupe.HttpRequest[] at most 32
---@return troupe.HttpResult[]? results
---@return troupe.Error? err
function http_client.request_batch(requests) end

return http_client
