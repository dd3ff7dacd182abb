/** Modules that Lua programs require, beside `time` and `funcs`: those with objects, and those that are operations. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createServices } from '../../runtime/capabilities/services.ts';
import { MemoryTerminal } from '../../runtime/hosts/terminal.ts';
import type { Payload } from '../../runtime/machine.ts';
import { Runtime } from '../../runtime/runtime.ts';
import { readDeployment } from '../../sdk/embed/index.ts';
import { writeDeployment } from '../deploy.ts';
import { deployLua, LogRecorder } from './deployed.ts';
import { machineTypes } from './machines.ts';

const test = suite('lua modules');

/** One process `app:main` with this body, on a host that grants what its modules need; `more` are further entries. */
function files(
  modules: readonly string[],
  body: string,
  more: readonly string[] = [],
  host = '',
): { [path: string]: string } {
  const entries = [
    `{name: host, kind: process.host${host}}`,
    `{name: main, kind: process.lua, source: "file://main.lua", modules: [${modules.join(', ')}]}`,
    ...more,
  ];
  return {
    'main.lua': `return function(...)\n${body}\nend\n`,
    'app.yaml': `version: "1.0"\nnamespace: app\nentries:\n${entries.map(entry => `  - ${entry}\n`).join('')}`,
  };
}

async function run(
  modules: readonly string[],
  body: string,
  more: readonly string[] = [],
  host = '',
  workers = 0,
): Promise<Payload> {
  const { runtime } = await deployLua(files(modules, body, more, host), workers);
  try {
    return await runtime.exec({ id: 'app:main', host: 'app:host' });
  } finally {
    await runtime.stop();
  }
}

test('uuid, base64, hash: operations, with raw bytes as strings', async () => {
  assert.equal(
    await run(
      ['uuid', 'base64', 'hash'],
      `
      local uuid, base64, hash = require("uuid"), require("base64"), require("hash")
      local id = uuid.v7()
      local none, err = base64.decode("a")
      local _, wrong = hash.sha256(nil)
      return {uuid.validate(id), uuid.version(id), uuid.parse(id).variant, #uuid.format(id, "simple"),
        base64.decode(base64.encode("\\0\\255x")) == "\\0\\255x", none == nil, err:kind(),
        hash.md5("hello"), #hash.sha256("hello", true), string.format("%x", hash.fnv64("foobar")),
        wrong:message()}`,
    ),
    [
      ...[true, 7, 'RFC4122', 32, true, true, 'INVALID', '5d41402abc4b2a76b9719d911017c592', 32, '85944171f73967e8'],
      'hash.sha256: data must be a string or bytes, got nothing',
    ],
  );
});

test('json.validate says what does not match', async () => {
  assert.equal(
    await run(
      ['json'],
      `
      local json = require("json")
      local schema = {type = "object", properties = {age = {type = "integer", minimum = 0}}, required = {"age"}}
      local ok = json.validate(schema, {age = 3})
      local bad, err = json.validate(schema, {age = -3})
      local worse, why = json.validate_string(json.encode(schema), '{"age": "x"}')
      return {ok, bad == nil, err:kind(), err:details().errors[1].at, worse == nil, why:message()}`,
    ),
    [
      ...[true, true, 'INVALID', '#', true],
      'json.validate_string: the value does not match the schema: #/age: Instance type "string" is invalid. Expected "integer".',
    ],
  );
});

test('crypto is a table of tables, for hosts that grant it', async () => {
  const grant = ', capabilities: {crypto: {}}';
  assert.equal(
    await run(
      ['crypto'],
      `
      local crypto = require("crypto")
      local key = crypto.random.bytes(32)
      local sealed = crypto.encrypt.aes("secret", key, "for ann")
      local none, err = crypto.decrypt.aes(sealed, key)
      local token = crypto.jwt.encode({sub = "ann"}, "key")
      local claims = crypto.jwt.verify(token, "key", "HS256", false)
      return {#key, #crypto.random.string(8, "ab"), #crypto.random.uuid(), crypto.decrypt.aes(sealed, key, "for ann"),
        none == nil, err:kind(), claims.sub, #crypto.pbkdf2("p", "salt", 10, 16), #crypto.hmac.sha256("k", "d"),
        crypto.decrypt.chacha20(crypto.encrypt.chacha20("x", key), key), crypto.constant_time_compare("a", "a")}`,
      [],
      grant,
    ),
    [32, 8, 36, 'secret', true, 'INVALID', 'ann', 16, 64, 'x', true],
  );
  try {
    await run(['crypto'], 'return 1');
    assert.unreachable('a host without the grant must refuse');
  } catch (thrown) {
    assert.match((thrown as Error).message, /crypto/);
  }
});

test('text.regexp: compiled patterns', async () => {
  assert.equal(
    await run(
      ['text'],
      `
      local text = require("text")
      local re = text.regexp.compile("(?P<key>[a-z]+)=([0-9]*)")
      local none, err = text.regexp.compile("(")
      return {
        re:match_string("a=1"), re:find_string("x a=1"), re:find_string("x") == nil, re:find_all_string("a=1 b=2"),
        re:find_string_submatch("a="), re:find_all_string_submatch("a=1 b=2"), re:find_string_index("x a=1"),
        re:find_all_string_index("a=1 b=2"), re:replace_all_string("a=1", "$2=$key"), re:num_subexp(), re:subexp_names(),
        re:string() == tostring(re), text.regexp.compile(","):split("a,b,c", 2), text.regexp.compile(","):split("a,b"),
        none == nil, err:kind(), string.sub("x a=1", 3, 5),
      }`,
    ),
    [
      ...[
        true,
        'a=1',
        true,
        ['a=1', 'b=2'],
        ['a=', 'a', ''],
        [
          ['a=1', 'a', '1'],
          ['b=2', 'b', '2'],
        ],
        [3, 5],
      ],
      ...[
        [
          [1, 3],
          [5, 7],
        ],
        '1=a',
        2,
        ['', 'key', ''],
        true,
        ['a', 'b,c'],
        ['a', 'b'],
        true,
        'INVALID',
        'a=1',
      ],
    ],
  );
});

test('loggers keep their fields and names; the module does for one', async () => {
  const { runtime, log } = await deployLua(
    files(
      ['logger'],
      `
      local logger = require("logger")
      logger.info("plain", {a = 1})
      logger:info("colon", {a = 1})
      local child = logger:with({request = 7}):named("auth"):named("token")
      child:warn("child", {a = 1, request = 8})
      child:error("bad", errors.new("why"))
      logger:debug({what = "table"})
      local none, err = logger:named("")
      return {none == nil, err:kind()}`,
    ),
  );
  try {
    assert.equal(await runtime.exec({ id: 'app:main', host: 'app:host' }), [true, 'INVALID']);
  } finally {
    await runtime.stop();
  }
  assert.equal(
    log.lines.slice(0, 3).map(line => [line.level, line.message, line.fields]),
    [
      ['info', 'plain', { a: 1 }],
      ['info', 'colon', { a: 1 }],
      ['warn', 'child', { request: 8, logger: 'auth.token', a: 1 }],
    ],
  );
  const { error, request } = log.lines[3].fields as { error: Error; request: number };
  assert.equal([error.message, request], ['why', 7]);
  assert.is(log.lines[4].message, '{"what":"table"}');
});

test('io writes what print would, and reads lines and pieces', async () => {
  const terminal = new MemoryTerminal({ args: ['x'], input: ['ann', 'rest'] });
  const deployment = await readDeployment(
    writeDeployment(
      files(
        ['io'],
        `
        local io = require("io")
        local written = io.write("Name", 1, true, "? ")
        io.flush()
        local name = io.readline()
        io.print("Hello,", name, 1.5, nil, errors.new("oops"))
        io.eprint("warned", {} ~= nil)
        io.write("\\255")
        local piece, rest = io.read(2), io.read()
        local none, err = io.readline()
        return {written, io.args(), piece, rest, none == nil, err:kind(), io.read_line() == nil}`,
        [],
        ', capabilities: {io: {}}',
      ),
    ),
  );
  const services = createServices({ log: new LogRecorder(), root: deployment.root, terminal });
  const runtime = await Runtime.start({ deployment, machines: machineTypes, services });
  try {
    assert.equal(await runtime.exec({ id: 'app:main', host: 'app:host' }), [
      true,
      ['x'],
      're',
      'st\n',
      true,
      'NOT_FOUND',
      true,
    ]);
  } finally {
    await runtime.stop();
  }
  assert.is(terminal.output, 'Name1true? Hello,\tann\t1.5\tnil\toops\n\ufffd');
  assert.is(terminal.errors, 'warned\ttrue\n');
});

test('store: has, and a time to live; env: all that may be read', async () => {
  assert.equal(
    await run(
      ['store', 'env', 'time'],
      `
      local store, env, time = require("store"), require("env"), require("time")
      store.set("a", {1}, 60)
      store.set("b", 1, "1ms")
      time.sleep("5ms")
      local none, err = store.set("c", 1, -1)
      return {store.has("a"), store.has("b"), store.get("b") == nil, store.delete("a"), err:kind(), next(env.get_all()) == nil}`,
      [],
      ', capabilities: {store: {}, env: {}, time: {}}',
    ),
    [true, false, true, true, 'INVALID', true],
  );
});

/** What a grandchild learns of whom it works for. */
const INNER = `
  local security, ctx = require("security"), require("ctx")
  return function()
    local actor = security.actor()
    return {actor:id(), actor:meta().role, #security.scope():policies(), security.can("read", "doc:1"),
      security.can("write", "doc:1"), next(ctx.all()) ~= nil}
  end`;
const INHERITED = ['ann', 'editor', 2, true, false, false];

for (const workers of [0, 2]) {
  test(`registry: entries are found from every thread, ${workers} workers`, async () => {
    assert.equal(
      await run(
        ['registry'],
        `
        local registry = require("registry")
        local entry = registry.get("app:prices")
        local tests = registry.find({[".kind"] = "function.lua", ["meta.type"] = "test"})
        local none, err = registry.get("app:price")
        local id = registry.parse_id("app.lib:assert")
        local _, why = registry.find({knid = "x"})
        return {entry.kind, entry.data.tea, entry.meta.type, #tests, tests[1].id, tests[1].data.source == nil,
          none == nil, err:kind(), id.ns, id.name, why:message(), #registry.find({ns = "app"})}`,
        [
          '{name: prices, kind: registry.entry, meta: {type: table}, data: {tea: 3}}',
          '{name: one, kind: function.lua, source: "return function() end", meta: {type: test}}',
          '{name: two, kind: function.lua, source: "return function() end"}',
        ],
        '',
        workers,
      ),
      [
        ...['registry.entry', 3, 'table', 1, 'app:one', true, true, 'NOT_FOUND', 'app.lib', 'assert'],
        ...['registry.find: there is no filter "knid"; did you mean "kind"?', 5],
      ],
    );
  });

  test(`security: actor and scope are inherited, and decide, ${workers} workers`, async () => {
    assert.equal(
      await run(
        ['security', 'funcs'],
        `
        local security, funcs = require("security"), require("funcs")
        local ann = security.new_actor("ann", {role = "editor"})
        local staff = security.named_scope("staff")
        local frozen = security.policy("app:frozen")
        local both = staff:with(frozen)
        local none, err = security.policy("app:reed")
        local actor, scope = security.actor(), security.scope()
        local child = funcs.new():with_actor(ann):with_scope(both)
        return {
          actor == nil, scope == nil, security.can("write", "doc:1"), ann:id(), ann:meta().role,
          staff:contains("app:read"), staff:contains(frozen), both:contains(frozen), #both:policies(), both:policies()[1]:id(),
          both:without("app:frozen"):contains(frozen), staff:evaluate(ann, "read", "doc:1"), frozen:evaluate(ann, "write", "x"),
          frozen:evaluate(nil, "read", "x"), security.new_scope({frozen}):evaluate(ann, "write", "x"),
          #security.new_scope():policies(), none == nil, err:kind(), (child:call("app:who")),
          process.with_context({}):with_actor(ann):with_scope(both):exec("app:who", "app:host"),
        }`,
        [
          '{name: read, kind: security.policy, groups: [staff], policy: {actions: [read, funcs.call, process.host], resources: ["doc:*", "app:*"], effect: allow}}',
          '{name: frozen, kind: security.policy, policy: {actions: write, resources: "*", effect: deny}}',
          "{name: who, kind: function.lua, modules: [funcs], source: \"return function() return require('funcs').call('app:inner') end\"}",
          `{name: inner, kind: function.lua, modules: [security, ctx], source: ${JSON.stringify(INNER)}}`,
        ],
        '',
        workers,
      ),
      [
        ...[true, true, true, 'ann', 'editor', true, false, true, 2, 'app:frozen'],
        ...[false, 'allow', 'deny', 'undefined', 'deny', 0, true, 'NOT_FOUND', INHERITED, INHERITED],
      ],
    );
  });
}

test('a context key cannot pass for an actor, and only actors and scopes are taken', async () => {
  const { runtime } = await deployLua(
    files(
      ['funcs'],
      `
      local out = {}
      for i, call in ipairs{
        function() process.with_context({["@actor"] = {id = "root", meta = {}}}) end,
        function() require("funcs").new():with_actor({id = "root"}) end,
        function() require("funcs").new():with_scope("all") end,
      } do out[i] = select(2, pcall(call)) end
      return out`,
    ),
  );
  try {
    const [reserved, actor, scope] = (await runtime.exec({ id: 'app:main', host: 'app:host' })) as string[];
    assert.match(reserved, /context key "@actor" is reserved/);
    assert.match(actor, /actor expected, got table/);
    assert.match(scope, /scope expected, got string/);
  } finally {
    await runtime.stop();
  }
});

test('names have scopes, all alike with one node', async () => {
  assert.equal(
    await run(
      [],
      `
      local registry, out = process.registry, {}
      for i, scope in ipairs{"LOCAL", "EVENTUAL", "CONSISTENT", "STRONG"} do
        out[i] = registry.register("n" .. i, nil, registry[scope]) and registry.lookup("n" .. i) == process.pid()
          and registry.unregister("n" .. i, registry[scope])
      end
      local none, err = registry.register("x", nil, "lokal")
      out[5], out[6] = err:kind(), err:message()
      out[7] = registry.lookup("x") == nil
      return out`,
    ),
    [true, true, true, true, 'INVALID', 'there is no scope "lokal"; did you mean "local"?', true],
  );
});

test('a spawner takes durations as timeout; a future can be selected and says whether it failed', async () => {
  assert.equal(
    await run(
      ['funcs', 'time'],
      `
      local funcs, time = require("funcs"), require("time")
      local calls = funcs.new()
      local none, late = calls:with_options({timeout = time.parse_duration("5ms")}):call("app:wait")
      local ok, wrong = pcall(calls.with_options, calls, {timout = 5})
      local future = funcs.async("app:fail")
      local r = channel.select{future:channel():case_receive(), time.after("1m"):case_receive()}
      local err, failed = future:error()
      local none, has = funcs.async("app:wait"):error()
      return {late:kind(), tostring(wrong), r.channel == future:response(), err:message(), failed, none == nil, has}`,
      [
        '{name: wait, kind: function.lua, source: "return function() process.events():receive() end"}',
        '{name: fail, kind: function.lua, source: "return function() error(\'failed\', 0) end"}',
      ],
    ),
    [
      'TIMEOUT',
      'bad argument #1 to \'with_options\' (options: unknown option "timout"; did you mean "timeout"?)',
      true,
      'failed',
      true,
      true,
      false,
    ],
  );
});

test.run();
