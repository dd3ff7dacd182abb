/** A scenario as an Erlang term on one line, which `otp_compare.erl` reads. Keys are atoms there. */
import { type Failing, type Node, PAUSE, PERIOD, type Scenario, type Step } from './scenario.ts';

export function scenarioTerm(number: number, scenario: Scenario): string {
  const { root, failing, steps } = scenario;
  return `{${number}, ${nodeTerm(root)}, ${failingTerm(failing)}, ${list(steps.map(stepTerm))}}.`;
}

function nodeTerm(node: Node): string {
  const { key, restart, significant } = node;
  if (node.type === 'worker') {
    const shutdown = node.shutdown === 0 ? 'brutal_kill' : node.shutdown;
    return `{worker, ${keyTerm(key)}, ${node.manner}, ${restart}, ${significant}, ${shutdown}}`;
  }
  const flags = `{${node.strategy}, ${node.max}, ${PERIOD}, ${node.autoShutdown}}`;
  return `{supervisor, ${keyTerm(key)}, ${restart}, ${significant}, ${flags}, ${list(node.children.map(nodeTerm))}}`;
}

function stepTerm(step: Step): string {
  switch (step.do) {
    case 'end': {
      const victims = step.victims.map(({ key, how }) => `{${keyTerm(key)}, ${how}}`);
      return `{'end', ${keyTerm(step.under)}, ${list(victims)}, ${failingTerm(step.failing)}}`;
    }
    case 'kill':
      return `{kill, ${keyTerm(step.supervisor)}, ${failingTerm(step.failing)}}`;
    case 'start_child':
      return `{start_child, ${keyTerm(step.supervisor)}, ${nodeTerm(step.child)}, ${failingTerm(step.failing)}}`;
    case 'start_dynamic':
      return `{start_dynamic, ${keyTerm(step.supervisor)}, ${keyTerm(step.extra)}, ${failingTerm(step.failing)}}`;
    case 'restart_child':
      return `{restart_child, ${keyTerm(step.supervisor)}, ${keyTerm(step.key)}, ${failingTerm(step.failing)}}`;
    case 'terminate_child':
    case 'delete_child':
      return `{${step.do}, ${keyTerm(step.supervisor)}, ${keyTerm(step.key)}}`;
    case 'count_children':
      return `{count_children, ${keyTerm(step.supervisor)}}`;
    case 'pause':
      return `{pause, ${PAUSE}}`;
  }
}

function failingTerm(failing: Failing): string {
  return `#{${Object.entries(failing)
    .map(([key, times]) => `${keyTerm(key)} => ${times}`)
    .join(', ')}}`;
}

/** That of a dynamic worker is a pair. */
function keyTerm(key: string): string {
  const atoms = key.split('/').map(part => `'${part}'`);
  return atoms.length === 1 ? atoms[0] : `{${atoms.join(', ')}}`;
}

function list(terms: readonly string[]): string {
  return `[${terms.join(', ')}]`;
}
