/** Channels of a process: what comes out of them, and who is woken by what goes in. */
import { type Message, Message as MessageClass, type ProcessEvent } from '../../runtime/machine.ts';
import { readClock } from './ambient.ts';
import { pushUnix } from './bindings/moments.ts';
import {
  BUFFER,
  CASE_VALUE,
  CHANNEL_CAPACITY,
  CHANNEL_CLOSED,
  CHANNEL_COUNT,
  CHANNEL_DETAIL,
  CHANNEL_FIRED,
  CHANNEL_HEAD,
  CHANNEL_PERIOD,
  CHANNEL_TYPE,
  ChannelType,
} from './channel_memory.ts';
import { Outcome, type Path } from './path.ts';
import type { LuaProcess } from './process.ts';
import { MessageValue } from './values/kinds.ts';
import { REGISTRY } from './vm/layout.ts';

/** What `receive` of a channel can do at once. */
export const Received = { Nothing: 0, Value: 1, Closed: 2 } as const;
export type Received = (typeof Received)[keyof typeof Received];

/** The next message or process event of a channel from outside. */
export function pollChannel(process: LuaProcess, channel: number): Message | ProcessEvent | undefined {
  switch (process.engine.vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2]) {
    case ChannelType.Inbox:
      return process.events.message();
    case ChannelType.Topic: {
      const topic = process.topicOf!.get(channel);
      return topic === undefined ? undefined : process.events.messageOn(topic);
    }
    case ChannelType.Events:
      return process.events.event();
    default:
      return undefined;
  }
}

/** Whether bare payloads come out of `channel`: it is one of `process.listen`, without `message = true`. */
export function isBare(process: LuaProcess, channel: number): boolean {
  const { i32 } = process.engine.vm.memory;
  return i32[(channel + CHANNEL_TYPE) >>> 2] === ChannelType.Topic && i32[(channel + CHANNEL_DETAIL) >>> 2] === 0;
}

/** Push what came out of `channel`: a message object, its bare payload, or a process event. */
export function pushItem(process: LuaProcess, L: number, channel: number, item: Message | ProcessEvent): void {
  const { vm, writer, objects } = process.engine;
  if (!(item instanceof MessageClass)) {
    writer.push(L, { ...item, result: item.result && { ...item.result } });
    return;
  }
  if (isBare(process, channel)) {
    writer.push(L, item.payload);
    return;
  }
  // Of what takes little room it is not worth looking for Bytes.
  if (item.bytes !== 0) {
    const number = process.hold(item.payload, item.bytes);
    if (number !== 0) {
      objects.pushHeldMessage(L, item.topic, item.from, number);
      return;
    }
  }
  objects.pushMessage(L, item.topic, item.from);
  writer.push(L, item.payload);
  vm.api.lua_setiuservalue(L, -2, MessageValue.Data);
}

/** Take from `channel`, whose userdata is at stack index `at`, without waiting; a value is pushed. */
export function takeFrom(process: LuaProcess, L: number, channel: number, at: number): Received {
  const { memory } = process.engine.vm;
  const type = memory.i32[(channel + CHANNEL_TYPE) >>> 2];
  if (type === ChannelType.Own) return takeOwn(process, L, channel, at);
  if (type === ChannelType.Timer) {
    if (memory.i32[(channel + CHANNEL_COUNT) >>> 2] === 0) return Received.Nothing;
    memory.i32[(channel + CHANNEL_COUNT) >>> 2] = 0;
    pushUnix(process.engine, L, memory.f64[(channel + CHANNEL_FIRED) >>> 3]);
    return Received.Value;
  }
  const item = pollChannel(process, channel);
  if (item === undefined) {
    return memory.i32[(channel + CHANNEL_CLOSED) >>> 2] === 0 ? Received.Nothing : Received.Closed;
  }
  process.turns--;
  pushItem(process, L, channel, item);
  return Received.Value;
}

function takeOwn(process: LuaProcess, L: number, channel: number, at: number): Received {
  const { api, memory, adapter } = process.engine.vm;
  const { i32 } = memory;
  const sender = process.waits.sender(channel);
  const count = i32[(channel + CHANNEL_COUNT) >>> 2];
  if (count > 0) {
    const head = i32[(channel + CHANNEL_HEAD) >>> 2];
    const capacity = i32[(channel + CHANNEL_CAPACITY) >>> 2];
    api.lua_getiuservalue(L, at, BUFFER);
    adapter.rawGetInteger(L, -1, head + 1);
    if (sender !== undefined) {
      // The place that becomes free is the last of the ring.
      pushOffered(process, L, sender, channel);
    } else {
      api.lua_pushnil(L);
      i32[(channel + CHANNEL_COUNT) >>> 2] = count - 1;
    }
    adapter.rawSetInteger(L, -3, head + 1);
    i32[(channel + CHANNEL_HEAD) >>> 2] = head + 1 === capacity ? 0 : head + 1;
    api.lua_rotate(L, -2, 1);
    api.lua_settop(L, -2);
    return Received.Value;
  }
  if (sender !== undefined) {
    pushOffered(process, L, sender, channel);
    return Received.Value;
  }
  return i32[(channel + CHANNEL_CLOSED) >>> 2] === 0 ? Received.Nothing : Received.Closed;
}

/** Push the value that `sender` waits to send on `channel`, and let it go on. */
function pushOffered(process: LuaProcess, L: number, sender: Path, channel: number): void {
  const { api } = process.engine.vm;
  choose(sender, channel, true);
  if (sender.selecting) api.lua_getiuservalue(sender.waiter, 2 + sender.chosen, CASE_VALUE);
  else api.lua_pushvalue(sender.waiter, 2);
  api.lua_xmove(sender.waiter, L, 1);
  process.wake(sender, Outcome.Sent);
}

/** Note which of its cases a waiting path goes on with. */
function choose(path: Path, channel: number, sends: boolean): void {
  const { channels } = path;
  for (let i = 0; i < channels.length; i++) {
    if (channels[i] !== channel || (path.sends?.[i] ?? false) !== sends) continue;
    path.chosen = i;
    path.channel = channel;
    return;
  }
}

/** Hand the value on top of the stack to a channel of the process, without waiting. False: there is no room. */
export function offerTo(process: LuaProcess, L: number, channel: number, at: number): boolean {
  const { api, memory, adapter } = process.engine.vm;
  const receiver = process.waits.receiver(channel);
  if (receiver !== undefined) {
    choose(receiver, channel, false);
    api.lua_xmove(L, receiver.waiter, 1);
    process.wake(receiver, Outcome.Value);
    return true;
  }
  const count = memory.i32[(channel + CHANNEL_COUNT) >>> 2];
  const capacity = memory.i32[(channel + CHANNEL_CAPACITY) >>> 2];
  if (count === capacity) return false;
  if (api.lua_getiuservalue(L, at, BUFFER) === 0) {
    api.lua_settop(L, -2);
    api.lua_createtable(L, 0, 0);
    api.lua_pushvalue(L, -1);
    api.lua_setiuservalue(L, at, BUFFER);
  }
  api.lua_rotate(L, -2, 1);
  adapter.rawSetInteger(L, -2, ((memory.i32[(channel + CHANNEL_HEAD) >>> 2] + count) % capacity) + 1);
  api.lua_settop(L, -2);
  // A view from before would be stale where the ring had to grow.
  memory.i32[(channel + CHANNEL_COUNT) >>> 2] = count + 1;
  return true;
}

/** No more values: who waits to receive gets none, who waits to send fails. */
export function closeChannel(process: LuaProcess, channel: number): void {
  const { i32 } = process.engine.vm.memory;
  if (i32[(channel + CHANNEL_CLOSED) >>> 2] !== 0) return;
  i32[(channel + CHANNEL_CLOSED) >>> 2] = 1;
  for (const path of process.waits.receiversOf(channel)) {
    choose(path, channel, false);
    process.wake(path, Outcome.Closed);
  }
  for (const path of process.waits.sendersOf(channel)) {
    choose(path, channel, true);
    process.wake(path, Outcome.SendClosed);
  }
}

// --- timers -------------------------------------------------------------------------------------------------------

/** The command of a timer channel was answered. Runs outside of Lua: must not allocate there. */
export function timerFired(process: LuaProcess, tag: number, channel: number): void {
  const { i32, f64 } = process.engine.vm.memory;
  const period = f64[(channel + CHANNEL_PERIOD) >>> 3];
  if (period > 0) process.out.timer(tag, period);
  else forgetTimer(process, tag, channel);
  const now = readClock(process.out);
  i32[(channel + CHANNEL_COUNT) >>> 2] = 1;
  f64[(channel + CHANNEL_FIRED) >>> 3] = now;
  // The time itself is an object, which cannot be made here: who waits for it looks again, and makes it.
  const receiver = process.waits.receiver(channel);
  if (receiver !== undefined) process.wake(receiver, Outcome.Again);
}

/** A timer that runs is kept alive by the registry; one that does not may be collected. */
export function forgetTimer(process: LuaProcess, tag: number, channel: number): void {
  const { api, memory } = process.engine.vm;
  process.timers!.delete(tag);
  memory.i32[(channel + CHANNEL_DETAIL) >>> 2] = 0;
  api.lua_pushnil(process.state.L);
  api.lua_rawsetp(process.state.L, REGISTRY, channel);
}
