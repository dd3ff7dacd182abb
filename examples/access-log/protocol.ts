/** What the processes of this deployment say to one another. Times are whole unix seconds of the log. */

/** Whole lines of the log, with their line ends; the last chunk's last line may lack one. */
export interface Chunk {
  /** 0, 1, 2... in file order. */
  number: number;
  bytes: Uint8Array;
}

/** job -> parser: a chunk; `crash` makes the parser trap half-way, to show what happens then. */
export interface Task extends Chunk {
  crash: boolean;
}

/** A request that a rule wants to see: client, time, method, target, status, user agent. */
export type Watched = [string, number, string, string, number, string];

/** parser -> job: what one chunk holds. Its arrival is the acknowledgement of the chunk. Flat lists hold key, count, key, count... */
export interface Counted {
  number: number;
  lines: number;
  malformed: number;
  requests: number;
  bytes: number;
  /** Time of the first request, and the latest time of any; 0 where there is no request. */
  first: number;
  latest: number;
  /** Status code, count. */
  status: number[];
  /** Unix minute (seconds / 60), count. */
  minutes: number[];
  /** Size in bytes, count. */
  sizes: number[];
  paths: (string | number)[];
  clients: (string | number)[];
  watched: Watched[];
}

/** What the parsers hand over to the rules: a request with one of these status codes, or one of these texts in its target. */
export interface Watching {
  status: number[];
  /** In lower case; compared with the target in lower case. */
  text: string[];
}

/** An alert that the rules raised: `count` requests since `first`, the first request of the burst that raised it. */
export interface Alert {
  rule: string;
  client: string;
  count: number;
  first: number;
}

export type LevelName = 'normal' | 'elevated' | 'critical';

export interface LevelChange {
  at: number;
  state: LevelName;
}

/** job -> whoever watches it. `size` is null where the length of the log is not known beforehand (a packed file). */
export interface Progress {
  bytes: number;
  size: number | null;
  requests: number;
  alerts: number;
  level: LevelName;
  restarts: number;
}

/** What `--json` prints. All times are UTC. */
export interface Report {
  lines: number;
  malformed: number;
  requests: number;
  bytes: number;
  status: { [code: string]: number };
  minutes: [string, number][];
  top_paths: [string, number][];
  top_clients: [string, number][];
  /** Null where there is no request. */
  size_percentiles: { p50: number | null; p90: number | null; p99: number | null };
  alerts: { rule: string; client: string; count: number; first: string }[];
  level: { at: string; state: LevelName }[];
  /** Only where a table was full: which figures are no longer exact, and by how much at most. */
  approximate?: { [figure: string]: string };
}
