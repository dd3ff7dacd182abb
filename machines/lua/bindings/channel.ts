/** `channel`, and the methods of channels and cases (semantics section 5). */
import { typeOf } from '../arguments.ts';
import {
  CASE_CHANNEL,
  CASE_SENDS,
  CASE_VALUE,
  CHANNEL_CAPACITY,
  CHANNEL_CLOSED,
  CHANNEL_DETAIL,
  CHANNEL_TYPE,
  ChannelType,
} from '../channel_memory.ts';
import { closeChannel, offerTo, Received, takeFrom } from '../channels.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import type { ObjectClass } from '../objects.ts';
import { Wakes } from '../path.ts';
import { Kind } from '../values/kinds.ts';
import { Tag, Type, VALUE_TAG } from '../vm/layout.ts';
import { unlisten } from './process.ts';
import { timerMethods } from './time.ts';

/** The largest buffer that may be asked for. */
const MAX_CAPACITY = 1_000_000;

export function channelModule(engine: Engine): HostModule {
  return {
    name: 'channel',
    functions: {
      new: L => {
        const { vm, objects } = engine;
        let capacity = 0;
        if (typeOf(engine, L, 1) > Type.Nil) {
          if (typeOf(engine, L, 1) !== Type.Number) vm.badType(L, 1, 'number');
          capacity = vm.api.lua_tonumberx(L, 1, 0);
          if (!Number.isInteger(capacity) || capacity < 0 || capacity > MAX_CAPACITY) {
            vm.badArgument(L, 1, `the size must be a whole number from 0 to ${MAX_CAPACITY}`);
          }
        }
        const channel = objects.pushObject(L, Kind.Channel);
        vm.memory.i32[(channel + CHANNEL_CAPACITY) >>> 2] = capacity;
        return 1;
      },
      select: L => select(engine, L),
    },
  };
}

export function channelClasses(engine: Engine): ObjectClass[] {
  const self = (L: number) => engine.objects.argument(L, 1, Kind.Channel);

  return [
    {
      kind: Kind.Channel,
      methods: {
        name: 'channel methods',
        functions: {
          receive: L => receive(engine, L),
          send: L => {
            const channel = self(L);
            const { vm, process } = engine;
            mustBeOwn(L, channel);
            // The value stays at index 2 while it waits to be taken.
            vm.api.lua_settop(L, 2);
            mustBeOpen(L, channel);
            vm.api.lua_pushvalue(L, 2);
            if (offerTo(process, L, channel, 1)) {
              vm.pushBoolean(L, true);
              return 1;
            }
            process.mustBeAbleToWait(L);
            const { path } = process;
            path.channels.push(channel);
            path.sends = SENDS;
            path.wakes = Wakes.None;
            return process.wait(L);
          },
          close: L => {
            const channel = self(L);
            const type = engine.vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2];
            if (type === ChannelType.Topic) unlisten(engine, channel);
            else {
              mustBeOwn(L, channel);
              closeChannel(engine.process, channel);
            }
            return 0;
          },
          case_receive: L => {
            self(L);
            pushCase(L, false);
            return 1;
          },
          case_send: L => {
            mustBeOwn(L, self(L));
            engine.vm.api.lua_settop(L, 2);
            pushCase(L, true);
            engine.vm.api.lua_pushvalue(L, 2);
            engine.vm.api.lua_setiuservalue(L, -2, CASE_VALUE);
            return 1;
          },
          ...timerMethods(engine),
        },
      },
    },
    { kind: Kind.Case, methods: { name: 'case methods' } },
  ];

  function pushCase(L: number, sends: boolean): void {
    const { vm, objects } = engine;
    const data = objects.pushObject(L, Kind.Case);
    vm.memory.i32[(data + CASE_SENDS) >>> 2] = sends ? 1 : 0;
    vm.api.lua_pushvalue(L, 1);
    vm.api.lua_setiuservalue(L, -2, CASE_CHANNEL);
  }

  function mustBeOwn(L: number, channel: number): void {
    if (engine.vm.memory.i32[(channel + CHANNEL_TYPE) >>> 2] === ChannelType.Own) return;
    engine.vm.raise(L, 'only channels made by channel.new can be sent to and closed; processes get process.send');
  }

  function mustBeOpen(L: number, channel: number): void {
    if (engine.vm.memory.i32[(channel + CHANNEL_CLOSED) >>> 2] !== 0) engine.vm.raise(L, 'send on closed channel');
  }
}

const SENDS = [true];

/** What could make a channel from outside give something. */
function wakesOf(engine: Engine, channel: number): number {
  const { i32 } = engine.vm.memory;
  switch (i32[(channel + CHANNEL_TYPE) >>> 2]) {
    case ChannelType.Inbox:
    case ChannelType.Topic:
      return Wakes.Message;
    case ChannelType.Events:
      return Wakes.Event;
    case ChannelType.Timer:
      return i32[(channel + CHANNEL_DETAIL) >>> 2] === 0 ? Wakes.None : Wakes.Command;
    default:
      return Wakes.None;
  }
}

/** `ch:receive()`: the value and true; nil and false once the channel is closed and empty. */
export function receive(engine: Engine, L: number): number {
  const channel = engine.objects.argument(L, 1, Kind.Channel);
  const { vm, process } = engine;
  if (process.mustPause(L)) return process.pause(L);
  switch (takeFrom(process, L, channel, 1)) {
    case Received.Value:
      vm.pushBoolean(L, true);
      return 2;
    case Received.Closed:
      vm.pushNil(L);
      vm.pushBoolean(L, false);
      return 2;
    default:
  }
  process.mustBeAbleToWait(L);
  return process.waitOn(L, channel, wakesOf(engine, channel));
}

/** `channel.select{case..., default = boolean}`: the first case that can go on, in the order listed. */
export function select(engine: Engine, L: number): number {
  const { vm, reader, process } = engine;
  const { api, memory } = vm;
  if (typeOf(engine, L, 1) !== Type.Table) vm.badType(L, 1, 'table of cases');
  if (process.mustPause(L)) {
    process.path.selecting = true;
    return process.pause(L);
  }
  // Only the table, then case i at index 2 + i: there they stay while the path waits.
  api.lua_settop(L, 1);
  let count = 0;
  while (vm.adapter.rawGetInteger(L, 1, count + 1) !== Type.Nil) {
    count++;
    if (api.lua_checkstack(L, 10) === 0) vm.raise(L, 'too many cases');
    const at = vm.argument(L, 1 + count);
    const isCase =
      memory.u8[(at + VALUE_TAG) >>> 0] === Tag.Userdata && memory.i32[reader.data(at) >>> 2] === Kind.Case;
    if (!isCase) vm.badArgument(L, 1, `item ${count} is not a case; write ch:case_receive() or ch:case_send(value)`);
  }
  api.lua_settop(L, 1 + count);
  for (let i = 0; i < count; i++) {
    const data = reader.data(vm.argument(L, 2 + i));
    const channel = reader.data(reader.objectValue(data, CASE_CHANNEL));
    api.lua_getiuservalue(L, 2 + i, CASE_CHANNEL);
    if (memory.i32[(data + CASE_SENDS) >>> 2] !== 0) {
      if (memory.i32[(channel + CHANNEL_CLOSED) >>> 2] !== 0) vm.raise(L, 'send on closed channel');
      api.lua_getiuservalue(L, 2 + i, CASE_VALUE);
      if (offerTo(process, L, channel, 2 + count)) {
        vm.pushNil(L);
        vm.pushBoolean(L, true);
        return pushSelected(engine, L, i);
      }
    } else {
      const received = takeFrom(process, L, channel, 2 + count);
      if (received !== Received.Nothing) {
        if (received === Received.Closed) vm.pushNil(L);
        vm.pushBoolean(L, received === Received.Value);
        return pushSelected(engine, L, i);
      }
    }
    api.lua_settop(L, 1 + count);
  }
  api.lua_getfield(L, 1, vm.text.name('default'));
  const hasDefault = api.lua_toboolean(L, -1) !== 0;
  api.lua_settop(L, 1 + count);
  if (hasDefault) {
    // Who looks again and again must not keep others from their turn.
    process.turns--;
    engine.writer.push(L, { default: true, ok: true });
    return 1;
  }
  if (count === 0) vm.badArgument(L, 1, 'no case to select from');
  process.mustBeAbleToWait(L);
  const { path } = process;
  path.selecting = true;
  path.sends = [];
  for (let i = 0; i < count; i++) {
    const data = reader.data(vm.argument(L, 2 + i));
    const channel = reader.data(reader.objectValue(data, CASE_CHANNEL));
    const sends = memory.i32[(data + CASE_SENDS) >>> 2] !== 0;
    path.channels.push(channel);
    path.sends.push(sends);
    if (!sends) path.wakes |= wakesOf(engine, channel);
  }
  return process.wait(L);
}

/** The value and whether it is one lie on top: make them `{channel, value, ok}` of case `index`. */
export function pushSelected(engine: Engine, L: number, index: number): number {
  const { api, text } = engine.vm;
  api.lua_createtable(L, 0, 3);
  api.lua_rotate(L, -3, 1);
  api.lua_setfield(L, -3, text.name('ok'));
  api.lua_setfield(L, -2, text.name('value'));
  api.lua_getiuservalue(L, 2 + index, CASE_CHANNEL);
  api.lua_setfield(L, -2, text.name('channel'));
  return 1;
}
