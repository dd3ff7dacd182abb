/** The figures of one chunk: parses its lines and counts. */
import { NumberCounts, TextCounts } from './counts.as';
import { LogLine } from './log_line.as';

const NEWLINE: u8 = 0x0a;
const RETURN: u8 = 0x0d;

/** A request that the rules want to see: where its fields lie in the chunk. */
export class WatchedRequest {
  constructor(
    public client: usize,
    public clientLength: u32,
    public time: i64,
    public method: usize,
    public methodLength: u32,
    public target: usize,
    public targetLength: u32,
    public status: u32,
    public agent: usize,
    public agentLength: u32,
  ) {}
}

export class Tally {
  lines: u32 = 0;
  malformed: u32 = 0;
  requests: u32 = 0;
  bytes: u64 = 0;
  first: i64 = 0;
  latest: i64 = 0;
  /** Requests by status code. */
  status: StaticArray<u32> = new StaticArray<u32>(1000);
  minutes: NumberCounts = new NumberCounts();
  sizes: NumberCounts = new NumberCounts();
  paths: TextCounts = new TextCounts();
  clients: TextCounts = new TextCounts();
  watched: WatchedRequest[] = [];

  private line: LogLine = new LogLine();
  private watchStatus: StaticArray<bool> = new StaticArray<bool>(1000);
  /** UTF-8 of the texts to look for in targets, in lower case. */
  private watchTexts: ArrayBuffer[] = [];
  /** Whether a text to look for begins with this byte. */
  private watchStarts: StaticArray<bool> = new StaticArray<bool>(256);

  watchCode(code: u32): void {
    if (code < 1000) this.watchStatus[code] = true;
  }

  watchText(text: string): void {
    if (text.length == 0) return;
    const bytes = String.UTF8.encode(text);
    this.watchTexts.push(bytes);
    this.watchStarts[load<u8>(changetype<usize>(bytes))] = true;
  }

  /** Count the chunk of so many bytes at `at`; it must stay there while the figures are read. With `crash` it traps half-way. */
  count(at: usize, length: u32, crash: bool): void {
    this.clear();
    const end = at + length;
    const middle = at + length / 2;
    while (at < end) {
      if (crash && at >= middle) unreachable();
      let stop = at;
      while (stop < end && load<u8>(stop) != NEWLINE) stop++;
      this.take(at, stop);
      at = stop + 1;
    }
    if (crash) unreachable();
  }

  private take(at: usize, stop: usize): void {
    this.lines++;
    const end = stop > at && load<u8>(stop - 1) == RETURN ? stop - 1 : stop;
    const line = this.line;
    if (!line.parse(at, end)) {
      this.malformed++;
      return;
    }
    if (this.requests++ == 0) {
      this.first = line.time;
      this.latest = line.time;
    } else if (line.time > this.latest) this.latest = line.time;
    this.bytes += line.size;
    unchecked((this.status[line.status] += 1));
    const minute = (line.time - (((line.time % 60) + 60) % 60)) / 60;
    this.minutes.add(minute);
    this.sizes.add(i64(line.size));
    if (line.pathLength > 0) this.paths.add(line.target, line.pathLength);
    else this.paths.add(NO_PATH, 1);
    this.clients.add(line.client, line.clientLength);
    if (unchecked(this.watchStatus[line.status]) || this.textWatched(line.target, line.targetLength)) this.watch(line);
  }

  private watch(line: LogLine): void {
    this.watched.push(
      new WatchedRequest(
        line.client,
        line.clientLength,
        line.time,
        line.method,
        line.methodLength,
        line.target,
        line.targetLength,
        line.status,
        line.agent,
        line.agentLength,
      ),
    );
  }

  private textWatched(at: usize, length: u32): bool {
    for (let i: u32 = 0; i < length; i++) {
      if (!unchecked(this.watchStarts[lower(load<u8>(at + i))])) continue;
      for (let t = 0; t < this.watchTexts.length; t++) {
        if (startsWith(at + i, length - i, unchecked(this.watchTexts[t]))) return true;
      }
    }
    return false;
  }

  private clear(): void {
    this.lines = 0;
    this.malformed = 0;
    this.requests = 0;
    this.bytes = 0;
    this.first = 0;
    this.latest = 0;
    this.status.fill(0);
    this.minutes.clear();
    this.sizes.clear();
    this.paths.clear();
    this.clients.clear();
    this.watched.length = 0;
  }
}

/** What a request without a path is counted under. */
const NO_PATH: usize = memory.data<u8>([0x2d]);

// @ts-ignore: decorator
@inline
function lower(byte: u8): u8 {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function startsWith(at: usize, length: u32, text: ArrayBuffer): bool {
  const wanted = u32(text.byteLength);
  if (wanted > length) return false;
  const start = changetype<usize>(text);
  for (let i: u32 = 0; i < wanted; i++) {
    if (lower(load<u8>(at + i)) != load<u8>(start + i)) return false;
  }
  return true;
}
