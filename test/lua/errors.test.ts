import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TroupeError } from '../../runtime/errors.ts';
import { failure, run, runScripts } from './deployed.ts';

const test = suite('lua errors');

test('errors.new from text and from table; methods read what was given', async () => {
  assert.equal(
    await run(`
      local a = errors.new("plain")
      local b = errors.new{message = "full", kind = errors.NOT_FOUND, retryable = false, details = {id = 1, list = {1, 2}}}
      return {a:message(), a:kind(), a:retryable() == nil, a:details() == nil, tostring(a),
        b:message(), b:kind(), b:retryable(), b:details(), type(b)}`),
    ['plain', 'UNKNOWN', true, true, 'plain', 'full', 'NOT_FOUND', false, { id: 1, list: [1, 2] }, 'userdata'],
  );
});

test('an error does where a string is expected', async () => {
  assert.equal(
    await run(`
      local e = errors.new("disk is full")
      return {string.find(e, "full", 1, true), string.match(e, "(%a+)$"), e:upper(), e:find("is"), #e,
        "error: " .. e, e .. "!", e .. e, string.format("%s", e), string.sub(e, 1, 4), e:gsub("full", "empty"), string.len(e)}`),
    [
      9,
      'full',
      'DISK IS FULL',
      2,
      12,
      'error: disk is full',
      'disk is full!',
      'disk is fulldisk is full',
      'disk is full',
      'disk',
      'disk is empty',
      12,
    ],
  );
});

test('wrap keeps kind, retryable and details, and puts its text in front', async () => {
  assert.equal(
    await run(`
      local cause = errors.new{message = "refused", kind = "UNAVAILABLE", retryable = true, details = {port = 80}}
      local e = errors.wrap(cause, "connect")
      local t = errors.wrap("plain", "outer")
      return {e:message(), e:kind(), e:retryable(), e:details().port, e:stack() == cause:stack(), t:message(), t:kind(),
        errors.wrap(nil, "x") == nil}`),
    ['connect: refused', 'UNAVAILABLE', true, 80, true, 'outer: plain', 'UNKNOWN', true],
  );
});

test('errors.is and call_stack', async () => {
  const [is, isNot, text, stack, here] = (await run(`
    local e = errors.new{message = "m", kind = "TIMEOUT"}
    return {errors.is(e, "TIMEOUT"), errors.is(e, "INVALID"), errors.is("text", "TIMEOUT"), errors.call_stack(e), errors.call_stack()}`)) as [
    boolean,
    boolean,
    boolean,
    string,
    string,
  ];
  assert.equal([is, isNot, text], [true, false, false]);
  assert.match(stack, /^stack traceback:\n\tmain\.lua:3: /);
  assert.match(here, /^stack traceback:\n\tmain\.lua:4: /);
});

test('mistakes in errors.new raise', async () => {
  assert.match((await failure('errors.new{kind = "INVALID"}')).message, /field "message" must be a text/);
  assert.match(
    (await failure('errors.new{message = "m", kind = "WRONG"}')).message,
    /field "kind" must be one of NOT_FOUND, /,
  );
  assert.match(
    (await failure('errors.new{message = "m", retryable = 1}')).message,
    /field "retryable" must be true, false or absent/,
  );
  assert.match(
    (await failure('errors.new{message = "m", details = {f = print}}')).message,
    /details\.f: function cannot be sent/,
  );
  assert.match((await failure('errors.new()')).message, /string expected/);
});

test('raised error objects pass through pcall, coroutines and error() unchanged', async () => {
  assert.equal(
    await run(`
      local e = errors.new("e")
      local _, a = pcall(error, e)
      local _, b = pcall(coroutine.wrap(function() error(e) end))
      local _, c = coroutine.resume(coroutine.create(function() error(e) end))
      return {rawequal(a, e), rawequal(b, e), rawequal(c, e)}`),
    [true, true, true],
  );
});

test('errors cross processes with kind, retryable, details and stack, as payload, result and argument', async () => {
  const value = await runScripts({
    main: `return function()
      local events = process.events()
      local child = process.spawn_monitored("app:child", "app:host", errors.new{message = "in", kind = "CONFLICT", details = {n = 1}})
      process.send(child, "e", {inner = errors.new{message = "sent", kind = "INVALID", retryable = false}})
      local err = events:receive().result.error
      return {err:message(), err:kind(), err:retryable(), err:details().from, err:stack():match("child.lua:%d+") ~= nil, err}
    end`,
    child: `return function(given)
      local sent = process.inbox():receive():payload():data().inner
      error(errors.new{message = given:message() .. "+" .. sent:message(), kind = given:kind(),
        retryable = sent:retryable(), details = {from = sent:kind()}})
    end`,
  });
  const list = value as unknown[];
  assert.equal(list.slice(0, 5), ['in+sent', 'CONFLICT', false, 'INVALID', true]);
  assert.instance(list[5], TroupeError);
  assert.is((list[5] as TroupeError).kind, 'CONFLICT');
  assert.equal((list[5] as TroupeError).details!.from, 'INVALID');
});

test('error objects cannot be forged or changed', async () => {
  assert.match(
    (await failure('errors.new("m").message = 1')).message,
    /attempt to index a error value|attempt to index/,
  );
  assert.is(await run('return getmetatable(errors.new("m"))'), false);
  assert.match(
    (await failure('local e = errors.new("m") e.kind({})')).message,
    /bad argument #1 to 'kind' \(self: error expected, got table\)/,
  );
});

test('running out of memory is an error of the process; others go on', async () => {
  const error = await failure('local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(1000) .. i end');
  assert.match(error.message, /not enough memory/);
  assert.is(error.kind, 'UNAVAILABLE');
  assert.is(error.place, 'main.lua:2');
  assert.equal(
    await run(`
      local ok, err = pcall(function() return ("x"):rep(1e9) end)
      return {ok, err, #("x"):rep(1e6)}`),
    [false, 'not enough memory', 1000000],
  );
});

test.run();
