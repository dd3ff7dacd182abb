/** The command `troupe` as users call it: a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The file of the command. */
export const main = fileURLToPath(new URL('../../bundle/troupe.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves once the standard output contains a text. */
  said(text: string): Promise<void>;
  /** The same for the standard error. */
  complained(text: string): Promise<void>;
}

/** `input`: a pipe that stays open until the caller ends it, rather than none. */
export function start(args: readonly string[], cwd?: string, input: 'ignore' | 'pipe' = 'ignore'): Started {
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
    stdio: [input, 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting: (() => void)[] = [];
  child.stdout!.on('data', data => {
    stdout += data;
    for (const look of waiting) look();
  });
  child.stderr!.on('data', data => {
    stderr += data;
    for (const look of waiting) look();
  });
  const finished = new Promise<Finished>(resolve => {
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
  const seen = (text: string, where: () => string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (where().includes(text)) resolve();
      };
      waiting.push(look);
      look();
      void finished.then(() => reject(new Error(`it ended without saying "${text}": ${stdout}${stderr}`)));
    });
  return { child, finished, said: text => seen(text, () => stdout), complained: text => seen(text, () => stderr) };
}

export function troupe(...args: string[]): Promise<Finished> {
  return start(args).finished;
}
