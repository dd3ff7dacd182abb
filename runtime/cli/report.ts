/** How errors are shown on a terminal, or as JSON, and which exit code they give. */
import pc from 'picocolors';
import { TroupeError } from '../errors.ts';
import { escapeControls } from '../logger.ts';
import { DeploymentError, showProblem } from '../registry/problem.ts';
import { type CommonOptions, ExitCode } from './options.ts';

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

/** What `--json` prints for a deployment that cannot run. */
export function problemList(error: DeploymentError): object {
  return { problems: error.problems.map(({ place, message, kind }) => ({ ...place, message, kind })) };
}

/** Run a command's body; what it throws is shown, and the exit code says whose fault it was. `outcome`: of a deployment with problems. */
export async function reporting(
  options: Pick<CommonOptions, 'json'>,
  body: () => Promise<number>,
  outcome?: string,
): Promise<number> {
  try {
    return await body();
  } catch (thrown) {
    if (thrown instanceof DeploymentError) {
      if (options.json) {
        process.stdout.write(`${JSON.stringify({ ok: false, ...problemList(thrown) })}\n`);
      } else process.stderr.write(showProblems(thrown, outcome));
      return ExitCode.Wrong;
    }
    if (thrown instanceof TroupeError) {
      if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, error: errorObject(thrown) })}\n`);
      else process.stderr.write(showError(thrown));
      return ExitCode.Wrong;
    }
    throw thrown;
  }
}

/** Line ends stay, all other control characters become visible. */
function escapedLines(text: string, indent: string): string {
  return text.split('\n').map(escapeControls).join(`\n${indent}`);
}
