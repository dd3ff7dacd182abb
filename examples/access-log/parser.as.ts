/**
 * A parser process: takes chunks, answers their figures. It remembers nothing from one chunk to the next, so another parser
 * can take over any chunk that this one did not answer.
 */
import { Decoder, Encoder, receive, self, send } from 'troupe';
import { cutLength, LONGEST_KEY, NumberCounts, TextCounts } from './counts.as';
import { Tally, WatchedRequest } from './tally.as';
import { textOf } from './text.as';

/** Bytes of a target that the rules get to see. */
const LONGEST_TARGET: u32 = 2048;

/** `args[0]` says what the rules want to see: `{status, text}`. */
export function main(): void {
  const tally = new Tally();
  const watching = self.args[0];
  const status = watching.get('status').asList();
  for (let i = 0; i < status.length; i++) tally.watchCode(u32(status[i].asInt()));
  const text = watching.get('text').asList();
  for (let i = 0; i < text.length; i++) tally.watchText(text[i].asString());

  while (true) {
    const message = receive();
    if (message.topic == 'stop') return;
    if (message.topic != 'chunk') continue;
    const task = message.read<Task>();
    tally.count(task.bytes.dataStart, u32(task.bytes.length), task.crash);
    send(message.from, 'counted', new Counted(task.number, tally));
  }
}

class Task {
  number: i64 = 0;
  bytes: Uint8Array = new Uint8Array(0);
  crash: bool = false;

  decode(decoder: Decoder): void {
    for (let left = decoder.map(); left > 0; left--) {
      const key = decoder.key();
      if (key == 'number') this.number = decoder.int();
      else if (key == 'bytes') this.bytes = decoder.bytes();
      else if (key == 'crash') this.crash = decoder.bool();
      else decoder.skip();
    }
  }
}

/** The figures as `protocol.ts` describes them. */
class Counted {
  constructor(
    private number: i64,
    private tally: Tally,
  ) {}

  encode(encoder: Encoder): void {
    const tally = this.tally;
    encoder.map(13);
    encoder.string('number');
    encoder.int(this.number);
    encoder.string('lines');
    encoder.uint(tally.lines);
    encoder.string('malformed');
    encoder.uint(tally.malformed);
    encoder.string('requests');
    encoder.uint(tally.requests);
    encoder.string('bytes');
    encoder.uint(tally.bytes);
    encoder.string('first');
    encoder.int(tally.first);
    encoder.string('latest');
    encoder.int(tally.latest);
    encoder.string('status');
    encodeStatus(encoder, tally.status);
    encoder.string('minutes');
    encodeNumbers(encoder, tally.minutes);
    encoder.string('sizes');
    encodeNumbers(encoder, tally.sizes);
    encoder.string('paths');
    encodeTexts(encoder, tally.paths);
    encoder.string('clients');
    encodeTexts(encoder, tally.clients);
    encoder.string('watched');
    encoder.list(tally.watched.length);
    for (let i = 0; i < tally.watched.length; i++) encodeWatched(encoder, tally.watched[i]);
  }
}

function encodeStatus(encoder: Encoder, status: StaticArray<u32>): void {
  let codes = 0;
  for (let code = 0; code < status.length; code++) if (status[code] > 0) codes++;
  encoder.list(codes * 2);
  for (let code = 0; code < status.length; code++) {
    if (status[code] == 0) continue;
    encoder.int(code);
    encoder.uint(status[code]);
  }
}

function encodeNumbers(encoder: Encoder, counts: NumberCounts): void {
  encoder.list(i32(counts.size * 2));
  for (let slot: u32 = 0; slot < counts.slots; slot++) {
    if (counts.count(slot) == 0) continue;
    encoder.int(counts.key(slot));
    encoder.uint(counts.count(slot));
  }
}

function encodeTexts(encoder: Encoder, counts: TextCounts): void {
  encoder.list(i32(counts.size * 2));
  for (let slot: u32 = 0; slot < counts.slots; slot++) {
    if (counts.count(slot) == 0) continue;
    encoder.string(textOf(counts.address(slot), counts.length(slot)));
    encoder.uint(counts.count(slot));
  }
}

function encodeWatched(encoder: Encoder, request: WatchedRequest): void {
  encoder.list(6);
  encodeText(encoder, request.client, request.clientLength, LONGEST_KEY);
  encoder.int(request.time);
  encodeText(encoder, request.method, request.methodLength, LONGEST_KEY);
  encodeText(encoder, request.target, request.targetLength, LONGEST_TARGET);
  encoder.uint(request.status);
  encodeText(encoder, request.agent, request.agentLength, LONGEST_KEY);
}

function encodeText(encoder: Encoder, at: usize, length: u32, most: u32): void {
  encoder.string(textOf(at, cutLength(at, length, most)));
}
