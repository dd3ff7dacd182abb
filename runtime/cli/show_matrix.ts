/** The capability matrix for people: a table, and what is worth a second look in it. */
import Table from 'cli-table3';
import type { CapabilityMatrix, MatrixHost, MatrixRow } from '../hosts/capability_matrix.ts';

/** Names in one line of a cell. */
const CELL = 40;

/** Ends with a line end; empty where nothing runs anywhere. */
export function showMatrix({ rows, hosts }: CapabilityMatrix): string {
  if (rows.length === 0) return '';
  const byId = new Map(hosts.map(host => [host.id, host]));
  const isMissing = rows.some(({ missing }) => missing.length > 0);
  const head = ['entry', 'host', 'wanted and granted', ...(isMissing ? ['MISSING'] : []), 'granted, unused'];
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  for (const row of rows) table.push(cells(row, byId.get(row.host)!, isMissing));
  return `${table.toString()}\n${[...remarks(rows, hosts)].map(line => `${line}\n`).join('')}`;
}

function cells(row: MatrixRow, host: MatrixHost, isMissing: boolean): string[] {
  const used = row.wanted.filter(name => !row.missing.includes(name));
  const listed = row.unused.filter(name => host.listed.includes(name));
  // What a host grants without being told is a long list that says nothing about the deployment.
  const rest = row.unused.length - listed.length;
  const unused = [lines(listed), ...(rest > 0 ? [`${rest} of the defaults`] : [])].join('\n').trim();
  const missing = isMissing ? [lines(row.missing)] : [];
  return [row.entry, `${row.host}${row.said ? '' : ' *'}${marks(host)}`, lines(used), ...missing, unused];
}

function marks({ trusted, strict }: MatrixHost): string {
  const words = [...(trusted ? ['trusted'] : []), ...(strict ? ['strict'] : [])];
  return words.length === 0 ? '' : ` (${words.join(', ')})`;
}

function* remarks(rows: readonly MatrixRow[], hosts: readonly MatrixHost[]): Generator<string> {
  if (rows.some(({ said }) => !said)) yield '* if it is spawned there: nothing in the deployment says where it runs';
  for (const { id, unused } of hosts) {
    if (unused.length > 0) yield `${id} grants ${unused.join(', ')}, which no entry that runs there wants`;
  }
  for (const { id, unidentified } of hosts) {
    const { services, programs } = unidentified;
    if (services.length > 0) {
      yield `${id} is strict: policies deny ${services.join(', ')} all that they guard, since nothing gives an actor or a scope; ` +
        'write "lifecycle: {security: {actor: {id: ...}, policies: [...]}}" in the service, or in the host';
    }
    if (programs.length > 0) {
      yield `${id} is strict: ${programs.join(', ')} act for whoever spawns them; where that has neither actor nor scope, ` +
        'policies deny all that they guard (lifecycle.security of the host gives one to all)';
    }
  }
}

/** Names in as many lines as they need. */
function lines(names: readonly string[]): string {
  const broken: string[] = [];
  for (const name of names) {
    const last = broken.length - 1;
    if (last >= 0 && broken[last].length + 1 + name.length <= CELL) broken[last] += ` ${name}`;
    else broken.push(name);
  }
  return broken.join('\n');
}
