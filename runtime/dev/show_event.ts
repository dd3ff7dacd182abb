/** What `troupe dev` says, for people: one line a change, and the lines around each mistake. */
import type pc from 'picocolors';
import { escapeControls } from '../logger.ts';
import { showPlace } from '../registry/entry.ts';
import type { DevEvent, Trouble } from './event.ts';

type Colors = Pick<ReturnType<typeof pc.createColors>, 'red' | 'green' | 'yellow' | 'dim' | 'cyan'>;

/** Ids or files that are named; of more only how many there are. */
const NAMED = 3;

/** `at`: Unix time in milliseconds. Ends with a line feed. */
export function showEvent(event: DevEvent, at: number, colors: Colors): string {
  const { dim } = colors;
  const time = new Date(at);
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map(part => String(part).padStart(2, '0'));
  return `${dim(clock.join(':'))} ${textOf(event, colors)}\n`;
}

function textOf(event: DevEvent, { red, green, yellow, dim, cyan }: Colors): string {
  switch (event.event) {
    case 'started': {
      const { entries, services, root } = event;
      return `${green('runs')} ${counted(entries, 'entry', 'entries')}, ${counted(services, 'service', 'services')}; watching ${shown(root)} ${dim('(Ctrl-C stops)')}`;
    }
    case 'applied':
      return `${event.fixed ? `${green('fixed')}: ` : ''}${showApplied(event, cyan, dim)}`;
    case 'broken': {
      const { problems, running, same } = event;
      const count = counted(problems.length, 'problem', 'problems');
      const then = running ? 'what ran before goes on' : 'nothing runs yet';
      const head = `${red('broken')} ${same ? `still the same ${count}` : count}; ${then}`;
      return same ? head : [head, ...problems.map(problem => showTrouble(problem, red))].join('\n');
    }
    case 'restart_needed': {
      const { settings } = event;
      if (settings.length === 0) return 'the settings are again those that it was started with';
      return `${yellow('restart')} to take effect: ${settings.join(', ')} in .troupe.yaml`;
    }
    case 'gone':
      return `${yellow('gone')} ${shown(event.root)} is not there any more${event.running ? '; what ran before goes on' : ''}`;
    case 'back':
      return `${green('back')} ${shown(event.root)}`;
    case 'unseen':
      return `${yellow('warning')} ${shown(event.message)}`;
    case 'crashed': {
      const { id, pid } = event;
      return `${red('crashed')} ${id} ${dim(pid)}\n${showTrouble(event, red)}`;
    }
    case 'command_ended': {
      const { name, code } = event;
      return `${code === 0 ? green('ended') : red('ended')} ${shown(name)} with exit code ${code}; the next change starts it again`;
    }
  }
}

function showApplied(
  { added, changed, removed, files, restarted, told, ms }: Extract<DevEvent, { event: 'applied' }>,
  strong: (text: string) => string,
  weak: (text: string) => string,
): string {
  const parts = [
    ['added', added],
    ['changed', changed],
    ['removed', removed],
  ] as const;
  const said = parts.filter(([, ids]) => ids.length > 0).map(([what, ids]) => `${what} ${strong(named(ids))}`);
  const what = said.length === 0 ? 'as it was before' : said.join(', ');
  const from = files.length === 0 ? '' : ` ${weak(`(${named(files)})`)}`;
  const came = [`${counted(restarted, 'process', 'processes')} restarted`];
  if (told > 0) came.push(`${told} told`);
  return `${what}${from} -> ${came.join(', ')}, ${Math.round(ms)} ms`;
}

function showTrouble({ place, message, frame }: Trouble, red: (text: string) => string): string {
  const where = place === null || message.startsWith(showPlace(place)) ? '' : `${showPlace(place)}: `;
  return `${red('error')}: ${shown(where)}${shown(message)}${frame === '' ? '' : `\n${frame.trimEnd()}`}`;
}

function named(texts: readonly string[]): string {
  if (texts.length <= NAMED) return texts.map(escapeControls).join(', ');
  return `${texts.slice(0, NAMED).map(escapeControls).join(', ')} and ${texts.length - NAMED} more`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Line ends stay; nothing else can steer the terminal. */
function shown(text: string): string {
  return text.split('\n').map(escapeControls).join('\n');
}
