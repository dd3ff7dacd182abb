/** Makes a scenario smaller for as long as its two sides still differ. */
import type { Failing, Node, Scenario, Step, Supervisor } from './scenario.ts';
import { SHUTDOWN } from './scenario.ts';

const MOST_ROUNDS = 40;

/** `differs`: of each scenario, whether its sides differ. All that is a little smaller is tried at once. */
export async function minimise(
  scenario: Scenario,
  differs: (scenarios: readonly Scenario[]) => Promise<readonly boolean[]>,
): Promise<Scenario> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const candidates = [...smaller(scenario)];
    const found = candidates[(await differs(candidates)).indexOf(true)];
    if (found === undefined) break;
    scenario = found;
  }
  return scenario;
}

/** The smallest first, roughly. Steps for somebody who is left out do nothing, on both sides. */
function* smaller({ root, failing, steps }: Scenario): Generator<Scenario> {
  for (let i = 1; i < steps.length; i *= 2) yield { root, failing, steps: steps.slice(0, -i) };
  for (let i = 0; i < steps.length; i++) yield { root, failing, steps: without(steps, i) };
  for (const child of root.children) if (child.type === 'supervisor') yield { root: child, failing, steps };
  for (const less of smallerSupervisors(root)) yield { root: less, failing, steps };
  for (const less of smallerFailings(failing)) yield { root, failing: less, steps };
  for (let i = 0; i < steps.length; i++) {
    for (const less of smallerSteps(steps[i])) yield { root, failing, steps: replaced(steps, i, less) };
  }
}

function* smallerSupervisors(supervisor: Supervisor): Generator<Supervisor> {
  const { children, strategy } = supervisor;
  const isDynamic = strategy === 'simple_one_for_one';
  if (!isDynamic && children.length > 1)
    for (let i = 0; i < children.length; i++) yield { ...supervisor, children: without(children, i) };
  for (let i = 0; i < children.length; i++) {
    for (const less of smallerNodes(children[i])) yield { ...supervisor, children: replaced(children, i, less) };
  }
  if (!isDynamic && strategy !== 'one_for_one') yield { ...supervisor, strategy: 'one_for_one' };
  if (supervisor.significant) yield { ...supervisor, significant: false };
  if (supervisor.autoShutdown !== 'never' && !children.some(child => child.significant)) {
    yield { ...supervisor, autoShutdown: 'never' };
  }
}

function* smallerNodes(node: Node): Generator<Node> {
  if (node.type === 'supervisor') {
    yield* smallerSupervisors(node);
    return;
  }
  if (node.significant) yield { ...node, significant: false };
  else if (node.restart !== 'permanent') yield { ...node, restart: 'permanent' };
  if (node.manner !== 'listens') yield { ...node, manner: 'listens' };
  if (node.shutdown !== SHUTDOWN) yield { ...node, shutdown: SHUTDOWN };
}

function* smallerSteps(step: Step): Generator<Step> {
  if ('failing' in step) for (const failing of smallerFailings(step.failing)) yield { ...step, failing };
  if (step.do === 'end' && step.victims.length > 1) {
    for (let i = 0; i < step.victims.length; i++) yield { ...step, victims: without(step.victims, i) };
  }
  if (step.do === 'start_child') for (const child of smallerNodes(step.child)) yield { ...step, child };
}

function* smallerFailings(failing: Failing): Generator<Failing> {
  for (const [key, times] of Object.entries(failing)) {
    const { [key]: _, ...others } = failing;
    yield others;
    if (times > 1) yield { ...others, [key]: times - 1 };
  }
}

function without<T>(all: readonly T[], position: number): T[] {
  return all.filter((_, i) => i !== position);
}

function replaced<T>(all: readonly T[], position: number, by: T): T[] {
  return all.map((one, i) => (i === position ? by : one));
}
