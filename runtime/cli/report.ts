/** How errors are shown on a terminal, or as JSON. */
import pc from 'picocolors';
import type { TroupeError } from '../errors.ts';
import { escapeControls } from '../logger.ts';
import { type DeploymentError, showProblem } from '../registry/problem.ts';

/** Of the standard error, where most is shown. */
export const colorsOfErrors = pc.createColors(pc.isColorSupported && process.stderr.isTTY === true);

/** What `--json` prints for an error. */
export function errorObject(error: TroupeError): object {
  const { message, kind, retryable, details } = error;
  return { message, kind, retryable: retryable ?? null, details: details ?? null, stack: error.stack ?? null };
}

/**
 * Message, kind, place and the program's own stack; never a stack of the runtime. Texts may come from programs that nobody
 * trusts: they cannot steer the terminal, and all their lines but the first are indented.
 */
export function showError(error: TroupeError, { red, dim } = colorsOfErrors): string {
  const lines = [`${red('error')}: ${escapedLines(error.message, '    ')} ${dim(`[${error.kind}]`)}`];
  if (error.place !== undefined && !error.message.includes(error.place)) lines.push(`    at ${error.place}`);
  const stack = error.stack?.trim();
  if (stack) {
    const frames = stack.split('\n').filter(line => line.trim() !== '' && !line.includes(error.message));
    lines.push(...frames.map(line => `    ${dim(escapeControls(line.trim()))}`));
  }
  return `${lines.join('\n')}\n`;
}

/** `outcome`: what has become of it. */
export function showProblems(error: DeploymentError, outcome = 'nothing was started'): string {
  const count = error.problems.length;
  const lines = error.problems.map(
    problem => `${colorsOfErrors.red('error')}: ${escapedLines(showProblem(problem), '')}`,
  );
  lines.push(`${count} ${count === 1 ? 'problem' : 'problems'}; ${outcome}`);
  return `${lines.join('\n')}\n`;
}

/** Line ends stay, all other control characters become visible. */
function escapedLines(text: string, indent: string): string {
  return text.split('\n').map(escapeControls).join(`\n${indent}`);
}
