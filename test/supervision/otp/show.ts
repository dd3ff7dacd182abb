/** A scenario and what was told of it, for people. */
import type { Difference } from './compare.ts';
import { type Failing, type Node, PERIOD, type Scenario, type Step, type Supervisor } from './scenario.ts';

/** The tree as YAML, and the steps. */
export function showScenario({ root, failing, steps }: Scenario): string {
  const lines = [...showSupervisor(root, ''), ...showFailing(failing, 'before the start'), 'steps:'];
  steps.forEach((step, i) => {
    lines.push(`  ${i + 1}. ${showStep(step)}`);
  });
  return lines.join('\n');
}

/** The two sides beside each other, from the step where they differ. */
export function showDifference({ step, here, there }: Difference): string {
  const width = Math.max(10, ...here.map(line => line.length)) + 2;
  const rows = [
    `${'Troupe'.padEnd(width)}OTP`,
    ...Array.from({ length: Math.max(here.length, there.length) }, (_, i) => {
      const [a, b] = [here[i] ?? '', there[i] ?? ''];
      return `${a.padEnd(width)}${b}${a === b ? '' : '   <--'}`;
    }),
  ];
  return `they differ ${step === 0 ? 'at the start' : `after step ${step}`}:\n${rows.map(row => `  ${row}`).join('\n')}`;
}

function showSupervisor({ key, strategy, max, autoShutdown, children }: Supervisor, indent: string): string[] {
  return [
    `${indent}${key}:`,
    `${indent}  strategy: ${strategy}`,
    `${indent}  intensity: {max: ${max}, within: ${PERIOD}s}`,
    ...(autoShutdown === 'never' ? [] : [`${indent}  auto_shutdown: ${autoShutdown}`]),
    `${indent}  children:`,
    ...children.flatMap(child => showChild(child, `${indent}    `)),
  ];
}

function showChild(child: Node, indent: string): string[] {
  const significant = child.significant ? ', significant: true' : '';
  if (child.type === 'worker') return [`${indent}- ${showWorker(child)}`];
  const [, ...rest] = showSupervisor(child, `${indent}  `);
  return [`${indent}- ${child.key}: # restart: ${child.restart}${significant}`, ...rest];
}

function showWorker({ key, manner, restart, significant, shutdown }: Node & { type: 'worker' }): string {
  const time = typeof shutdown === 'number' ? `${shutdown}ms` : shutdown;
  return `{${key}, restart: ${restart}, shutdown: ${time}${significant ? ', significant: true' : ''}} # ${manner}`;
}

function showFailing(failing: Failing, when: string): string[] {
  return Object.entries(failing).map(([key, times]) => `${when}: the next ${times} starts of ${key} fail`);
}

function showStep(step: Step): string {
  const failing = 'failing' in step ? showFailing(step.failing, '').map(line => `; then${line.slice(1)}`) : [];
  switch (step.do) {
    case 'end':
      return `end under ${step.under}: ${step.victims.map(({ key, how }) => `${key} (${how})`).join(', ')}${failing.join('')}`;
    case 'start_child':
      return `start_child ${step.supervisor}${failing.join('')}:\n${showChild(step.child, '       ').join('\n')}`;
    case 'start_dynamic':
      return `start_child ${step.supervisor} [${step.extra}]${failing.join('')}`;
    case 'restart_child':
    case 'terminate_child':
    case 'delete_child':
      return `${step.do} ${step.supervisor} ${step.key}${failing.join('')}`;
    case 'kill':
    case 'count_children':
      return `${step.do} ${step.supervisor}${failing.join('')}`;
    case 'pause':
      return 'pause';
  }
}
