/** What waits in a mailbox is bounded in bytes as well: a small process must not fill the memory of all with messages. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { deployLua, scripts } from './deployed.ts';

const test = suite('lua mailboxes');

const LIMITS = '{mailbox_bytes: 1MiB}';

async function withLimit(main: string, more: { readonly [name: string]: string } = {}, workers = 0): Promise<unknown> {
  const { runtime } = await deployLua(scripts({ main, ...more }, [], LIMITS), workers);
  try {
    return await runtime.exec({ id: 'app:main', host: 'app:host' });
  } finally {
    await runtime.stop();
  }
}

const FILL = `local me, text, sent = process.pid(), ("x"):rep(100000), 0
  local err
  repeat
    local ok
    ok, err = process.send(me, "t", {text = text})
    if ok then sent = sent + 1 end
  until not ok or sent > 100`;

test('messages that are too many bytes are refused, and taken again once some were read', async () => {
  const [sent, kind, message, read, again] = (await withLimit(`return function()
    ${FILL}
    local inbox, read = process.inbox(), 0
    for i = 1, 5 do read = read + #inbox:receive():payload():data().text end
    local again = 0
    while process.send(me, "t", {text = text}) do again = again + 1 end
    return {sent, err:kind(), err:message(), read, again}
  end`)) as [number, string, string, number, number];
  assert.is(sent, 10);
  assert.is(kind, 'RATE_LIMITED');
  assert.match(
    message,
    /^mailbox of \{app:host\|0x[0-9a-f]+\} is full \(1MiB wait, "limits.mailbox_bytes" of its host\)/,
  );
  assert.is(read, 500000);
  assert.is(again, 5);
});

test('the same where they wait for a channel that listens, before and after it does', async () => {
  assert.equal(
    await withLimit(`return function()
      ${FILL}
      local before = sent
      local topic = process.listen("t")
      local refused = process.send(me, "t", {text = text}) == nil
      for i = 1, 10 do topic:receive() end
      sent = 0
      while process.send(me, "t", {text = text}) do sent = sent + 1 end
      process.unlisten(topic)
      return {before, refused, sent}
    end`),
    [10, true, 10],
  );
});

test('an upgrade neither frees nor doubles what waits', async () => {
  assert.equal(
    await withLimit(
      `return function()
        process.listen("t")
        ${FILL}
        process.upgrade("app:next", sent)
      end`,
      {
        next: `return function(before)
          local me, text, inbox = process.pid(), ("x"):rep(100000), process.inbox()
          local refused = process.send(me, "t", {text = text}) == nil
          for i = 1, before do inbox:receive() end
          local again = 0
          while process.send(me, "t", {text = text}) do again = again + 1 end
          return {before, refused, again}
        end`,
      },
    ),
    [10, true, 10],
  );
});

test('small messages only count as messages', async () => {
  assert.is(
    await withLimit(`return function()
      local me, n = process.pid(), 0
      for i = 1, 5000 do if process.send(me, "t", ("x"):rep(1000) .. i) then n = n + 1 end end
      return n
    end`),
    5000,
  );
});

test('from another worker, too: what has crossed is taken, and then nothing until half of it is read', async () => {
  const [sent, read] = (await withLimit(
    `return function()
      local other = assert(process.spawn("app:reader", "app:host", process.pid()))
      local text, sent, err = ("x"):rep(100000), 0
      for i = 1, 2000 do
        local ok
        ok, err = process.send(other, "t", {text = text})
        if not ok then break end
        sent = sent + 1
        if i % 20 == 0 then require("time").sleep("1ms") end
      end
      local kind = err and err:kind()
      while not process.send(other, "go", sent) do require("time").sleep("1ms") end
      return {sent, process.inbox():receive():payload():data(), kind}
    end`,
    {
      reader: `return function(to)
        local go, inbox, read = process.listen("go"), process.inbox(), 0
        local time = require("time")
        local count
        repeat
          local got = channel.select{go:case_receive(), time.after("2ms"):case_receive()}
          if got.channel == go then count = got.value
          else inbox:receive() read = read + 1 end
        until count
        while read < count do inbox:receive() read = read + 1 end
        process.send(to, "read", read)
      end`,
    },
    2,
  )) as [number, number];
  assert.ok(sent < 2000, `${sent} messages of 100 KB were taken`);
  assert.is(read, sent);
});

test.run();
