/** What the processes of this example tell one another. */

/** What a tally knows of one client. */
export interface Tally {
  /** Numbers that have come. */
  counted: number;
  /** The one that came last. */
  last: number;
  /** How often a number was not the one after the last. */
  odd: number;
}

/** By the PID of the client. */
export type Tallies = { [client: string]: Tally };

/** The answer to `report`: who counts, and what. */
export interface Report {
  readonly id: string;
  readonly pid: string;
  readonly tallies: Tallies;
}

/** What a client has to say at the end. */
export interface Sent {
  readonly sent: number;
  /** Nanoseconds that it had to wait for an answer at most. */
  readonly longest: number;
}
