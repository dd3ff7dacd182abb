// How many primes there are below a limit: parts of the range are searched at the same time.
import { Answer, operate, select, self, Sources, Spawner, Value } from 'troupe';

@external('troupe:io', 'args')
declare function ioArgs(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external('troupe:io', 'print')
declare function print(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

const PARTS: i32 = 4;

export function main(): void {
  const given = operate(ioArgs)!;
  const limit = given.length > 0 ? I32.parseInt(given.at(0).asString()) : 10000;
  for (let part = 0; part < PARTS; part++) {
    const from = <i64>limit * part / PARTS;
    const to = <i64>limit * (part + 1) / PARTS;
    new Spawner('primes:search').arg(Value.int(from)).arg(Value.int(to)).start(part);
  }
  let total: i64 = 0;
  for (let left = PARTS; left > 0; left--) {
    const answer = select(Sources.Answers) as Answer;
    if (answer.failed) self.fail(answer.payload.get('message').asString());
    total += answer.payload.asInt();
  }
  operate(print, [Value.string(total.toString() + ' primes below ' + limit.toString())]);
}
