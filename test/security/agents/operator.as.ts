// The agent's jobs that need what only some hosts grant: a module must be granted all that it imports.
import { lastError, operate, self, Value } from 'troupe';
import { answered, refused, text } from './answer.as';

// @ts-ignore: decorator
@external("troupe:fs", "read_file")
declare function readFile(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:fs", "write_file")
declare function writeFile(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
// @ts-ignore: decorator
@external("troupe:env", "get")
declare function getEnv(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

export function main(): void {
  const job = self.args[0];
  const op = text(job, 'op');
  let ok: Value | null = null;
  if (op == 'read') ok = operate(readFile, [job.get('path')]);
  if (op == 'write') ok = operate(writeFile, [job.get('path'), job.get('text')]);
  if (op == 'env') ok = operate(getEnv, [job.get('name')]);
  self.exit(ok === null ? refused(lastError()) : answered(ok));
}
