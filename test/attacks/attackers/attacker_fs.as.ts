import { operate, Value } from 'troupe';
import { run } from './steps.as';

@external('troupe:fs', 'read_file')
declare function readFile(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'write_file')
declare function writeFile(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'stat')
declare function stat(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'list')
declare function list(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'remove')
declare function remove(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'rename')
declare function rename(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'make_directory')
declare function makeDirectory(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'open')
declare function open(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'read')
declare function read(args: usize, length: i32, area: usize, capacity: i32): i32;
@external('troupe:fs', 'close')
declare function close(args: usize, length: i32, area: usize, capacity: i32): i32;

function operation(name: string, args: Array<Value>): Value | null {
  if (name == 'fs.read_file') return operate(readFile, args);
  if (name == 'fs.write_file') return operate(writeFile, args);
  if (name == 'fs.stat') return operate(stat, args);
  if (name == 'fs.list') return operate(list, args);
  if (name == 'fs.remove') return operate(remove, args);
  if (name == 'fs.rename') return operate(rename, args);
  if (name == 'fs.make_directory') return operate(makeDirectory, args);
  if (name == 'fs.open') return operate(open, args);
  if (name == 'fs.read') return operate(read, args);
  if (name == 'fs.close') return operate(close, args);
  throw new Error(name + ' is not imported');
}

export function main(): void {
  run(operation);
}
