import { Errno, refuse } from './errno.ts';

/**
 * The path, from the granted folder, of what a guest names from one of its directories: `.` for the granted folder itself.
 * An absolute path and one that leads above the directory are NOTCAPABLE, an empty one is NOENT. Links are not looked
 * at: that they stay inside is what `fs` sees to.
 */
export function pathBelow(directory: string, path: string): string {
  if (path === '') refuse(Errno.NOENT);
  if (path.startsWith('/')) refuse(Errno.NOTCAPABLE);
  const steps: string[] = [];
  for (const step of path.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') steps.push(step);
    else if (steps.pop() === undefined) refuse(Errno.NOTCAPABLE);
  }
  if (directory !== '') steps.unshift(directory);
  return steps.length === 0 ? '.' : steps.join('/');
}
