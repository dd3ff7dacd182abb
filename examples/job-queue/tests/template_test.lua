-- Plain Lua as the library is: these run under `troupe test` and under any other Lua.

local template = require("template")

local function expect(source, values, expected)
  local found = template.compile(source)(values)
  if found ~= expected then error(("expected %q, found %q"):format(expected, found), 2) end
end

local function expect_error(source, message)
  local ok, err = pcall(template.compile, source)
  if ok or err ~= "template, " .. message then error(("expected %q, found %q"):format(message, tostring(err)), 2) end
end

local tests = {}

function tests.values()
  expect("plain", {}, "plain")
  expect("", {}, "")
  expect("{{a}}-{{ b }}-{{none}}.", {a = 1, b = "two"}, "1-two-.")
  expect("{{a}} {{{a}}} {{& a }}", {a = "<&\"'>"}, "&lt;&amp;&quot;&#39;&gt; <&\"'> <&\"'>")
  expect("{{a.b.c}}{{a.x.c}}", {a = {b = {c = "deep"}}}, "deep")
  expect("{{yes}} {{no}}", {yes = true, no = false}, "true false")
  local shout = template.compile("{{a}}", {escape = function(value) return tostring(value):upper() end})
  assert(shout{a = "loud"} == "LOUD")
end

function tests.sections()
  expect("{{#list}}<{{.}}>{{/list}}", {list = {1, 2, 3}}, "<1><2><3>")
  expect("{{#list}}x{{/list}}{{^list}}none{{/list}}", {list = {}}, "none")
  expect("{{#a}}x{{/a}}{{^a}}y{{/a}}", {a = false}, "y")
  expect("{{#a}}{{.}}{{/a}}{{^a}}y{{/a}}", {a = 0}, "0")
  expect("{{#rows}}{{#cells}}{{.}} {{/cells}};{{/rows}}", {rows = {{cells = {1, 2}}, {cells = {3}}}}, "1 2 ;3 ;")
end

function tests.scopes()
  expect("{{#a}}{{x}}{{y}}{{/a}}", {x = "outer", y = "!", a = {x = "inner"}}, "inner!")
  expect("{{#a}}{{x}}{{/a}}", {x = "outer", a = {x = false}}, "false")
  expect("{{#people}}{{greeting}} {{name}}. {{/people}}", {greeting = "Hi", people = {{name = "Ann"}, {name = "Bob"}}}, "Hi Ann. Hi Bob. ")
end

function tests.lines()
  expect("a\n{{#l}}\n- {{.}}\n{{/l}}\nz\n", {l = {1, 2}}, "a\n- 1\n- 2\nz\n")
  expect("a\n  {{! remark }}  \nz", {}, "a\nz")
  expect("{{#a}}\r\nx\r\n{{/a}}", {a = true}, "x\r\n")
  expect("a {{! remark }}\nz", {}, "a \nz")
  expect("{{#a}}{{/a}}\n", {}, "\n")
end

function tests.mistakes()
  expect_error("a\n{{b", "line 2: a tag is not closed")
  expect_error("{{}}", "line 1: a tag has no name")
  expect_error("\n\n{{#a}}", "line 3: {{#a}} is never closed")
  expect_error("{{/a}}", "line 1: {{/a}} closes nothing")
  expect_error("{{#a}}{{#b}}{{/a}}", "line 1: {{/a}} where {{/b}} is due")
  expect_error("{{> part}}", "line 1: there are no tags {{>...}}")
end

return tests
