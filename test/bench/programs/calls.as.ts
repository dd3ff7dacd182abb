import { self } from 'troupe';

/** Calls that need no waiting: the own PID, as often as told. */
export function main(): void {
  const count = <i32>self.args[0].asInt();
  let done = 0;
  for (let i = 0; i < count; i++) if (self.pid.length > 0) done++;
  self.exit(done);
}
