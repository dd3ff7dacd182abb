/**
 * The report of an access log computed in the plainest way: everything in memory, one regular expression, one pass for
 * each question. Shares no code with the example, so that both would have to be wrong in the same way.
 */

export interface ReferenceReport {
  lines: number;
  malformed: number;
  requests: number;
  bytes: number;
  status: { [code: string]: number };
  minutes: [string, number][];
  top_paths: [string, number][];
  top_clients: [string, number][];
  size_percentiles: { p50: number | null; p90: number | null; p99: number | null };
  alerts: { rule: string; client: string; count: number; first: string }[];
  level: { at: string; state: string }[];
}

interface Request {
  client: string;
  at: number;
  method: string;
  target: string;
  path: string;
  status: number;
  size: number;
  agent: string;
}

// Over bytes, one character each.
const QUOTED = '"((?:[^"\\\\]|\\\\.)*)"';
const LINE = new RegExp(
  `^([^ ]+) [^ ]+ (?:(?! \\[).)+ \\[(\\d\\d)/(\\w{3})/(\\d{4}):(\\d\\d):(\\d\\d):(\\d\\d) ([+-])(\\d\\d)(\\d\\d)\\] ${QUOTED} ([1-9]\\d\\d) (\\d{1,15}|-) ${QUOTED} ${QUOTED}(?: .*)?$`,
  's',
);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export function referenceReport(log: Uint8Array, top = 10): ReferenceReport {
  const text = Buffer.from(log).toString('latin1');
  const lines = text.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  const requests: Request[] = [];
  for (const line of lines) {
    const request = parse(line.replace(/\r$/, ''));
    if (request !== undefined) requests.push(request);
  }
  const sizes = requests.map(request => request.size).sort((a, b) => a - b);
  const percentile = (share: number) => (sizes.length === 0 ? null : sizes[Math.ceil(share * sizes.length) - 1]);
  const { alerts, level } = watch(requests);
  return {
    lines: lines.length,
    malformed: lines.length - requests.length,
    requests: requests.length,
    bytes: requests.reduce((sum, request) => sum + request.size, 0),
    status: Object.fromEntries(count(requests.map(request => String(request.status)))),
    minutes: [...count(requests.map(request => iso(Math.floor(request.at / 60) * 60)))].sort(
      (a, b) => Date.parse(a[0]) - Date.parse(b[0]),
    ),
    top_paths: most(count(requests.map(request => request.path)), top),
    top_clients: most(count(requests.map(request => request.client)), top),
    size_percentiles: { p50: percentile(0.5), p90: percentile(0.9), p99: percentile(0.99) },
    alerts,
    level,
  };
}

function parse(line: string): Request | undefined {
  if (line.length > 65_536) return undefined;
  const found = LINE.exec(line);
  if (found === null) return undefined;
  const [, client, day, month, year, hour, minute, second, sign, zoneHour, zoneMinute, asked, status, size, , agent] =
    found;
  const utc = new Date(0);
  utc.setUTCFullYear(Number(year), MONTHS.indexOf(month), Number(day));
  utc.setUTCHours(Number(hour), Number(minute), Number(second));
  const real =
    MONTHS.includes(month) &&
    utc.getUTCDate() === Number(day) &&
    utc.getUTCMonth() === MONTHS.indexOf(month) &&
    Number(hour) < 24 &&
    Number(minute) < 60 &&
    Number(second) < 60 &&
    Number(zoneHour) < 24 &&
    Number(zoneMinute) < 60;
  if (!real) return undefined;
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -60 : 60);
  const [method, target = ''] = asked.split(' ');
  const path = target.split('?')[0];
  return {
    client: utf8(client, 512),
    at: utc.getTime() / 1000 - zone,
    method: utf8(method, 512),
    target: utf8(target, 2048),
    path: path === '' ? '-' : utf8(path, 512),
    status: Number(status),
    size: size === '-' ? 0 : Number(size),
    agent: utf8(agent, 512),
  };
}

/** Bytes as text, cut before the character that would go beyond `most` bytes. */
function utf8(bytes: string, most: number): string {
  let cut = bytes.length;
  if (cut > most) {
    cut = most;
    for (let back = 0; back < 3 && (bytes.charCodeAt(cut) & 0xc0) === 0x80; back++) cut--;
  }
  return Buffer.from(bytes.slice(0, cut), 'latin1').toString('utf8');
}

function count(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function most(counts: ReadonlyMap<string, number>, top: number): [string, number][] {
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0)).slice(0, top);
}

function iso(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}Z`;
}

// --- rules and level ----------------------------------------------------------------------------------------------

const PROBES =
  /\/\.env|\/\.git\/|\/wp-login\.php|\/wp-admin|\/xmlrpc\.php|\/phpmyadmin|\/cgi-bin\/|\/actuator\/|\/vendor\/phpunit/;
const SCANNERS = /sqlmap|nikto|nmap|masscan|zgrab|gobuster|wpscan/;
const TRAVERSALS = /\.\.\/|\.\.\\|\.\.%2f|\.\.%5c|%2e%2e\/|%2e%2e%2f|%2e%2e%5c|%252e%252e/;

/** Lower case of ASCII letters only: what byte-wise programs mean by it. */
function lower(text: string): string {
  return text.replace(/[A-Z]/g, letter => letter.toLowerCase());
}

const probed = (request: Request) => PROBES.test(lower(request.target));
const traversing = (request: Request) => TRAVERSALS.test(lower(request.target));

/** Whether any rule asks to be shown a request. */
function shown(request: Request): boolean {
  return [401, 403, 404].includes(request.status) || probed(request) || traversing(request);
}

const RULES: readonly {
  name: string;
  threshold: number;
  critical: boolean;
  matches(request: Request): boolean;
}[] = [
  {
    name: 'scanner',
    threshold: 12,
    critical: false,
    matches: request => request.status === 404 || probed(request) || SCANNERS.test(lower(request.agent)),
  },
  {
    name: 'brute_force',
    threshold: 10,
    critical: true,
    matches: request => request.method === 'POST' && (request.status === 401 || request.status === 403),
  },
  { name: 'traversal', threshold: 1, critical: true, matches: traversing },
];

const WITHIN = 60;
const COOL_DOWN: { readonly [state: string]: number } = { elevated: 900, critical: 600 };

function watch(requests: readonly Request[]) {
  const alerts: { rule: string; client: string; count: number; first: number; minute: number }[] = [];
  const times = new Map<string, number[]>();
  const raised = new Map<string, (typeof alerts)[number]>();
  const level = new Level();
  let clock = Number.NEGATIVE_INFINITY;
  if (requests.length > 0) level.begin(requests[0].at);
  for (const request of requests.filter(shown)) {
    clock = Math.max(clock, request.at);
    for (const rule of RULES) {
      if (!rule.matches(request)) continue;
      const key = `${rule.name} ${request.client}`;
      const alert = raised.get(key);
      if (alert !== undefined) {
        alert.count++;
        if (Math.floor(clock / 60) > alert.minute) {
          alert.minute = Math.floor(clock / 60);
          level.still(clock);
        }
        continue;
      }
      const own = times.get(key) ?? [];
      times.set(key, own);
      own.push(request.at);
      const first = own[own.length - rule.threshold];
      if (first === undefined || request.at - first > WITHIN) continue;
      const made = {
        rule: rule.name,
        client: request.client,
        count: rule.threshold,
        first,
        minute: Math.floor(clock / 60),
      };
      alerts.push(made);
      raised.set(key, made);
      level.alert(clock, rule.critical);
    }
  }
  if (requests.length > 0)
    level.end(requests.reduce((latest, request) => Math.max(latest, request.at), requests[0].at));
  return {
    alerts: alerts.map(({ rule, client, count, first }) => ({ rule, client, count, first: iso(first) })),
    level: level.history.map(({ at, state }) => ({ at: iso(at), state })),
  };
}

class Level {
  readonly history: { at: number; state: string }[] = [];
  #state = 'normal';
  #quietSince = 0;
  #alerts = 0;

  begin(at: number): void {
    this.history.push({ at, state: 'normal' });
  }

  alert(at: number, critical: boolean): void {
    this.#cool(at);
    this.#quietSince = at;
    this.#alerts++;
    if (critical || this.#alerts >= 3) this.#enter('critical', at);
    else if (this.#state === 'normal') this.#enter('elevated', at);
  }

  still(at: number): void {
    this.#cool(at);
    this.#quietSince = at;
  }

  end(at: number): void {
    this.#cool(at);
  }

  #cool(at: number): void {
    while (this.#state !== 'normal' && at - this.#quietSince >= COOL_DOWN[this.#state]) {
      this.#quietSince += COOL_DOWN[this.#state];
      this.#enter(this.#state === 'critical' ? 'elevated' : 'normal', this.#quietSince);
      // Alerts are counted anew on each level.
      this.#alerts = 0;
    }
  }

  #enter(state: string, at: number): void {
    if (this.#state === state) return;
    this.#state = state;
    this.history.push({ at, state });
  }
}
