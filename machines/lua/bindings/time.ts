/** `time` beyond what the capability itself has: timers as channels, and constants (semantics section 5). */
import { TroupeError } from '../../../runtime/errors.ts';
import { durationArgument } from '../arguments.ts';
import { CHANNEL_COUNT, CHANNEL_DETAIL, CHANNEL_PERIOD, CHANNEL_TYPE, ChannelType } from '../channel_memory.ts';
import { forgetTimer } from '../channels.ts';
import type { Engine } from '../engine.ts';
import type { HostModule } from '../host_module.ts';
import { pushFailure } from '../results.ts';
import { Kind } from '../values/kinds.ts';
import type { HostFunction } from '../vm/adapter.ts';
import { REGISTRY } from '../vm/layout.ts';

/** Nanoseconds. */
const UNITS = {
  NANOSECOND: 1,
  MICROSECOND: 1e3,
  MILLISECOND: 1e6,
  SECOND: 1e9,
  MINUTE: 60e9,
  HOUR: 3600e9,
};

const LAYOUTS = { RFC3339: '2006-01-02T15:04:05Z07:00', RFC3339NANO: '2006-01-02T15:04:05.999999999Z07:00' };

/** Members of `require("time")` that are not operations of the capability. */
export function timeModule(engine: Engine): HostModule {
  return {
    name: 'time',
    constants: { ...UNITS, ...LAYOUTS },
    functions: {
      after: L => newTimer(engine, L, false),
      timer: L => newTimer(engine, L, false),
      ticker: L => newTimer(engine, L, true),
    },
  };
}

/** A channel that gets the time once, or again and again. */
function newTimer(engine: Engine, L: number, repeats: boolean): number {
  const milliseconds = durationArgument(engine, L, 1);
  if (milliseconds instanceof TroupeError) return pushFailure(engine, L, milliseconds);
  const { vm, objects } = engine;
  const channel = objects.pushObject(L, Kind.Channel);
  vm.memory.u32[(channel + CHANNEL_TYPE) >>> 2] = ChannelType.Timer;
  vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] = repeats ? milliseconds : 0;
  start(engine, L, channel, milliseconds);
  return 1;
}

/** Arm the timer, whose channel is on top of the stack. */
function start(engine: Engine, L: number, channel: number, milliseconds: number): void {
  const { vm, process } = engine;
  vm.api.lua_pushvalue(L, -1);
  vm.api.lua_rawsetp(L, REGISTRY, channel);
  const tag = process.nextTag();
  vm.memory.u32[(channel + CHANNEL_DETAIL) >>> 2] = tag;
  (process.timers ??= new Map()).set(tag, channel);
  process.out.timer(tag, milliseconds);
}

/** Disarm the timer; whether it was armed. */
function stop(engine: Engine, channel: number): boolean {
  const tag = engine.vm.memory.u32[(channel + CHANNEL_DETAIL) >>> 2];
  if (tag === 0) return false;
  engine.process.out.abandon(tag);
  forgetTimer(engine.process, tag, channel);
  return true;
}

/** Methods that channels of timers have beside those of all channels. */
export function timerMethods(engine: Engine): { [name: string]: HostFunction } {
  const self = (L: number): number => {
    const channel = engine.objects.argument(L, 1, Kind.Channel);
    if (engine.vm.memory.u32[(channel + CHANNEL_TYPE) >>> 2] !== ChannelType.Timer) {
      engine.vm.badArgument(L, 1, 'not a timer');
    }
    return channel;
  };
  return {
    channel: L => {
      self(L);
      engine.vm.api.lua_settop(L, 1);
      return 1;
    },
    stop: L => {
      engine.vm.api.lua_pushboolean(L, stop(engine, self(L)) ? 1 : 0);
      return 1;
    },
    reset: L => {
      const channel = self(L);
      const milliseconds = durationArgument(engine, L, 2);
      if (milliseconds instanceof TroupeError) return pushFailure(engine, L, milliseconds);
      const { vm } = engine;
      const was = stop(engine, channel);
      vm.memory.u32[(channel + CHANNEL_COUNT) >>> 2] = 0;
      if (vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] > 0) {
        vm.memory.f64[(channel + CHANNEL_PERIOD) >>> 3] = milliseconds;
      }
      vm.api.lua_settop(L, 1);
      start(engine, L, channel, milliseconds);
      vm.api.lua_pushboolean(L, was ? 1 : 0);
      return 1;
    },
  };
}
