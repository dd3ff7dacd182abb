/** The verdict on each rule for each language, as a table. */
import Table from 'cli-table3';

interface Verdict {
  cases: number;
  failed: number;
}

export class Verdicts {
  readonly #languages: readonly string[];
  readonly #rules = new Map<string, Map<string, Verdict>>();

  constructor(languages: readonly string[]) {
    this.#languages = languages;
  }

  /** A case of `rule` between these languages has passed or failed; it counts for both. */
  note(rule: string, languages: readonly string[], passed: boolean): void {
    let row = this.#rules.get(rule);
    if (row === undefined) {
      row = new Map(this.#languages.map(name => [name, { cases: 0, failed: 0 }]));
      this.#rules.set(rule, row);
    }
    for (const name of new Set(languages)) {
      const verdict = row.get(name)!;
      verdict.cases++;
      if (!passed) verdict.failed++;
    }
  }

  /** One line a rule; in each cell how many cases there were, or how many of them failed. */
  toString(): string {
    const table = new Table({
      head: ['rule', ...this.#languages],
      style: { head: [], border: [], compact: true },
    });
    for (const [rule, row] of this.#rules) {
      const cells = this.#languages.map(name => {
        const { cases, failed } = row.get(name)!;
        if (cases === 0) return '-';
        return failed === 0 ? `ok ${cases}` : `FAILED ${failed} of ${cases}`;
      });
      table.push([rule, ...cells]);
    }
    return table.toString();
  }
}
