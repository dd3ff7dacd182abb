// Troupe for AssemblyScript: see README.md beside this file.
export { Answer, Arrival, ArrivalKind, Event, EventType, Message } from "./arrival";
export { log, operate, sleep, startOperation, time } from "./capabilities";
export { decode, decodeMap, encode, encodeMap, pack, unpack } from "./codec";
export { Decoder, Kind } from "./decoder";
export { Encoder } from "./encoder";
export { ErrorKind, lastError, wrap } from "./failure";
export { Fields } from "./fields";
export { cancel, link, monitor, registry, self, send, sendList, terminate, unlink, unmonitor } from "./process";
export {
  abandon,
  listen,
  receive,
  receiveOn,
  receiveTimeout,
  select,
  Sources,
  startTimer,
  troupe_alloc,
  tryReceive,
  trySelect,
  unlisten,
} from "./receive";
export { Actor, Policy, Scope, security } from "./security";
export { call, exec, spawn, spawnLinked, spawnLinkedMonitored, spawnMonitored, Spawner } from "./spawner";
export { StartedChild, supervisor } from "./supervisor";
export { Value } from "./value";
