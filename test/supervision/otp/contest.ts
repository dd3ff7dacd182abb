/** Both sides, and what becomes of scenarios in which they differ. */
import { type Difference, difference, type Order } from './compare.ts';
import { type ErlangSide, TOO_SLOW, TRIES } from './erlang_side.ts';
import { minimise } from './minimise.ts';
import type { Scenario } from './scenario.ts';
import { showDifference, showScenario } from './show.ts';
import { RealTime, type Time, VirtualTime } from './time.ts';
import { type Language, TroupeSide } from './troupe_side.ts';

/** Scenarios that share a deployment. */
const BATCH = 100;

export class Contest {
  readonly #erlang: ErlangSide;
  readonly #workers: number;
  readonly #order: Order;
  readonly #language: Language;

  /** `workers` 0: one thread and a virtual clock. `language`: of the children; in Lua on one thread only, because it does not say when. */
  constructor(erlang: ErlangSide, workers: number, language: Language) {
    this.#erlang = erlang;
    this.#workers = workers;
    this.#language = language;
    this.#order = workers === 0 ? 'total' : 'each supervisor';
  }

  /** Where they differ, by position of the scenario. */
  async differences(scenarios: readonly Scenario[]): Promise<Map<number, Difference>> {
    const [here, there] = await Promise.all([this.#play(scenarios), this.#erlang.play(scenarios)]);
    const found = new Map<number, Difference>();
    scenarios.forEach((scenario, i) => {
      const one = difference(scenario, here[i], there[i], this.#order);
      if (one !== undefined) found.set(i, one);
    });
    return found;
  }

  /** For people: a scenario that is as small as can be and still differs, and how. `first`: how the whole one did. */
  async explain(scenario: Scenario, first: Difference): Promise<string> {
    const smallest = await minimise(scenario, async candidates => {
      const differences = await this.differences(candidates);
      return candidates.map((_, i) => differences.has(i));
    });
    const one = (await this.differences([smallest])).get(0);
    if (one !== undefined) return `${showScenario(smallest)}\n${showDifference(one)}`;
    return `${showScenario(scenario)}\nthey differ now and then; what was seen first: ${showDifference(first)}`;
  }

  async #play(scenarios: readonly Scenario[]): Promise<string[][]> {
    const played: string[][] = [];
    for (let from = 0; from < scenarios.length; from += BATCH) {
      const batch = scenarios.slice(from, from + BATCH);
      const time: Time = this.#workers === 0 ? new VirtualTime() : new RealTime(this.#workers);
      const side = await TroupeSide.start(batch, time, this.#language);
      try {
        for (let i = 0; i < batch.length; i++) {
          let one = await side.play(i);
          // Virtual time is what the scenario makes of it, every time.
          const isSlow = (): boolean => this.#workers > 0 && one.worst > TOO_SLOW;
          for (let tries = 1; isSlow() && tries < TRIES; tries++) one = await side.play(i);
          if (isSlow()) {
            throw new Error(`a scenario took ${Math.round(one.worst)} ms, ${TRIES} times: a busy machine?`);
          }
          played.push(one.lines);
        }
      } finally {
        await side.close();
      }
    }
    return played;
  }
}
