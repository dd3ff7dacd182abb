// The ABI without the SDK: what a message costs the runtime itself.
// @ts-ignore: decorator
@external("troupe:process", "send")
declare function send(dest: usize, destLength: i32, topic: usize, topicLength: i32, payload: usize, length: i32): i32;

const HEADER: usize = 20;
let room: usize = 0;
let capacity = 0;
let taken = 0;

export function troupe_alloc(length: i32): usize {
  if (length > capacity) {
    capacity = length;
    room = room == 0 ? heap.alloc(<usize>length) : heap.realloc(room, <usize>length);
  }
  return room;
}

/** Counts messages; one whose payload is a negative number asks for the count. */
export function on_message(at: usize, length: i32): void {
  const topic = load<i32>(at, 4);
  const from = load<i32>(at, 8);
  const payload = at + HEADER + <usize>(topic + from);
  if (load<u8>(payload) < 0xe0) {
    taken++;
    return;
  }
  const answer = memory.data(9);
  store<u8>(answer, 0xce);
  store<u32>(answer, bswap<u32>(taken), 1);
  send(at + HEADER + <usize>topic, from, at + HEADER, topic, answer, 5);
}
