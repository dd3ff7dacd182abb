/** What an upgrade does with those that run the old code. */

export const POLICIES = ['restart', 'replace', 'leave'] as const;
/**
 * For processes that have not asked to be told. `restart`: services and children of supervisors are stopped in order and
 * started anew. `replace`: the process goes on as the new code where it waits, with its PID, names and unread messages;
 * arguments are the input of its service, or of the child that it is. `leave`: it runs on as it is. Who is neither a service
 * nor supervised nobody starts again, so `restart` leaves it.
 */
export type Policy = (typeof POLICIES)[number];
