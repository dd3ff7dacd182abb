/** Programs that are moved: everything that a WebAssembly process can be in the middle of. */

/** Blocking style: nested calls, recursion, strings, maps, growing memory, waits in callbacks, timers and topics. */
export const WANDERER = `
import { listen, receive, receiveOn, receiveTimeout, self, send, startTimer, select, Sources, Answer, Value, lastError } from "troupe";

let rounds: i64 = 0;
let trail: string = "";

class Node { next: Node | null = null; constructor(public value: i32) {} }

function ask(n: i32): i32 {
  send(self.pid, "n", Value.int(n));
  const message = receive();
  return <i32>message.read<i64>() + message.topic.length;
}

function fib(n: i32): i32 { return n < 2 ? n + (n == 1 ? ask(n) & 0 : 0) : fib(n - 1) + fib(n - 2); }

function compare(a: i32, b: i32): i32 { return (ask(a) & 0) + b - a; }

export function main(): void {
  const count = <i32>self.args[0].asInt();
  const byName = new Map<string, f64>();
  let head: Node | null = null;
  let big: i64 = 0;
  listen("t");
  for (let i = 0; i < count; i++) {
    rounds++;
    const node = new Node(ask(i));
    node.next = head;
    head = node;
    byName.set("round " + i.toString() + "ß€", <f64>fib(5) + 0.5);
    const values = new Array<i32>();
    for (let k = 0; k < 6; k++) values.push((k * 7919 + i) % 101);
    values.sort(compare);
    for (let k = 0; k < 3000; k++) big = big * 31 + <i64>(k ^ i);
    const room = new Uint8Array(20000 * (i + 1));
    room[room.length - 1] = <u8>i;
    send(self.pid, "t", Value.string("topic " + i.toString()));
    const there = receiveOn("t", 1000);
    trail += there === null ? "?" : there.read<string>();
    trail += ";" + values.join(",") + ";" + room[room.length - 1].toString();
    if (receiveTimeout(5) === null) trail += ";" + lastError().kind.toString();
    startTimer(i, 3);
    const answer = select(Sources.Answers);
    if (answer instanceof Answer) trail += ";" + (answer as Answer).tag.toString();
  }
  let sum = 0;
  while (head !== null) { sum = sum * 31 + head.value; head = head.next; }
  const keys = byName.keys();
  for (let i = 0; i < keys.length; i++) trail += keys[i] + byName.get(keys[i]).toString();
  self.exit(trail + sum.toString() + ":" + big.toString() + ":" + rounds.toString());
}
`;

/** Event style with several outstanding commands; ends when all timers have answered and it was told so. */
export const HANDLERS = `
import { Answer, Message, self, send, startTimer, Value } from "troupe";
export { troupe_alloc } from "troupe";

let open = 0;
let told = "";
let answered = "";

function endIfDone(): void {
  if (open == 0 && told.includes("second")) self.exit(told + answered);
}

export function on_start(): void {
  for (let i = 0; i < 4; i++) { startTimer(i + 10, 1); open++; }
  send(self.pid, "first", Value.list([Value.int(1), Value.string("two")]));
}

export function on_message(at: usize, length: i32): void {
  const message = Message.at(at, length);
  told += message.topic + ":" + message.payload.toString() + ";";
  for (let i = 0; i < 50; i++) told = told.slice(0, told.length);
  if (message.topic == "first") send(self.pid, "second", Value.bool(true));
  endIfDone();
}

export function on_answer(at: usize, length: i32): void {
  answered += Answer.at(at, length).tag.toString() + ";";
  open--;
  endIfDone();
}
`;

/** Globals of every type, a loop with values on the operand stack, and more memory than it began with. */
export const GLOBALS = `(module
  (import "troupe:process" "receive_timeout" (func $wait (param f64 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (global $a (mut i32) (i32.const -7)) (global $b (mut i64) (i64.const -9007199254740993))
  (global $c (mut f32) (f32.const 0.1)) (global $d (mut f64) (f64.const -0.0))
  (global $n (mut f32) (f32.const nan:0x200001)) (global $v (mut v128) (v128.const i64x2 1 -2))
  (func (export "main") (result i32 i64 f32 f64 i32 i64 i32) (local $i i32)
    (loop $again
      (drop (call $wait (f64.const 1) (i32.const 0) (i32.const 100)))
      (global.set $a (i32.mul (global.get $a) (i32.const 3)))
      (global.set $b (i64.sub (global.get $b) (i64.const 5)))
      (global.set $c (f32.mul (global.get $c) (f32.const 1.5)))
      (global.set $d (f64.sub (global.get $d) (f64.const 0)))
      (global.set $v (i64x2.add (global.get $v) (v128.const i64x2 3 4)))
      (drop (memory.grow (i32.const 1)))
      (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (local.get $i))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
    (global.get $a) (global.get $b) (global.get $c) (global.get $d)
    (i32.add (memory.size) (i32.load (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4))))
    (i64x2.extract_lane 1 (global.get $v)) (i32.reinterpret_f32 (global.get $n))))`;
