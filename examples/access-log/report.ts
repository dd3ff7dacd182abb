/** The report as text for a terminal of so many columns. */
import { minuteChart } from './chart.ts';
import type { Report } from './protocol.ts';
import { bytesText, countText, printable, table } from './text.ts';

export function showReport(report: Report, columns: number): string {
  const sections = [
    section('Summary', summary(report)),
    section('Requests per minute', minuteChart(report.minutes, columns)),
    section('Status', statusTable(report)),
    section('Top paths', topTable('path', report.top_paths, report.requests, columns)),
    section('Top clients', topTable('client', report.top_clients, report.requests, columns)),
    section('Alerts', alerts(report, columns)),
    section('Level', level(report)),
  ];
  const notes = Object.entries(report.approximate ?? {}).map(([figure, note]) => `  ${figure}: ${note}`);
  if (notes.length > 0) sections.push(section('Not exact', notes.join('\n')));
  return sections.join('');
}

function section(title: string, body: string): string {
  return `\n${title}\n\n${body}\n`;
}

function summary(report: Report): string {
  const { p50, p90, p99 } = report.size_percentiles;
  const sizes = [p50, p90, p99].map(size => (size === null ? '-' : bytesText(size)));
  return [
    `  lines      ${countText(report.lines)}`,
    `  malformed  ${countText(report.malformed)}`,
    `  requests   ${countText(report.requests)}`,
    `  sent       ${bytesText(report.bytes)}`,
    `  sizes      p50 ${sizes[0]}, p90 ${sizes[1]}, p99 ${sizes[2]}`,
  ].join('\n');
}

function statusTable(report: Report): string {
  const classes = new Map<string, number>();
  for (const [code, count] of Object.entries(report.status)) {
    classes.set(`${code[0]}xx`, (classes.get(`${code[0]}xx`) ?? 0) + count);
  }
  const rows = [...classes].sort().map(([name, count]) => {
    const codes = Object.entries(report.status).filter(([code]) => code[0] === name[0]);
    return [
      name,
      countText(count),
      share(count, report.requests),
      codes.map(([code, n]) => `${code}: ${countText(n)}`).join(', '),
    ];
  });
  return rows.length === 0 ? '  (none)' : table(['class', 'requests', 'share', 'codes'], rows);
}

function topTable(title: string, top: Report['top_paths'], requests: number, columns: number): string {
  if (top.length === 0) return '  (none)';
  const rows = top.map(([key, count]) => [printable(key, columns - 30), countText(count), share(count, requests)]);
  return table([title, 'requests', 'share'], rows);
}

function alerts(report: Report, columns: number): string {
  if (report.alerts.length === 0) return '  (none)';
  const rows = report.alerts.map(({ rule, client, count, first }) => [
    printable(rule, 24),
    printable(client, columns - 60),
    countText(count),
    first,
  ]);
  return table(['rule', 'client', 'requests', 'since'], rows);
}

function level(report: Report): string {
  if (report.level.length === 0) return '  (none)';
  return table(
    ['level', 'from'],
    report.level.map(({ at, state }) => [state, at]),
  );
}

function share(count: number, all: number): string {
  return `${((100 * count) / all).toFixed(1)} %`;
}
