/** A folder for sockets of its own for a test file, so that runtimes of other tests are not found. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** From now on this program and those that it starts use it. Answers where the sockets are. */
export function useSessionFolder(): string {
  const session = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-s-')));
  process.env.XDG_RUNTIME_DIR = session;
  // Runtimes without a session are looked for there.
  process.env.TMPDIR = session;
  process.on('exit', () => rmSync(session, { recursive: true, force: true }));
  return join(session, 'troupe');
}
