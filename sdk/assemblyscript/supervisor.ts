import { operate } from "./capabilities";
import * as host from "./imports";
import { Value } from "./value";

/** A child as `supervisor.startChild` answers it. */
export class StartedChild {
  /** `pid`: empty where it has ended already. */
  constructor(
    readonly key: string,
    readonly pid: string,
  ) {}
}

/** The capability `supervisor`. Calls wait for the answer; where it is an error they give null or false, see `lastError`. */
export namespace supervisor {
  /**
   * Make a supervisor, which ends with this process: its PID once all children have started. `specification`: `children` (ids
   * or maps with `process`, `name`, `host`, `input`, `restart`, `shutdown`, `start_timeout`, `significant`), `strategy`,
   * `intensity`, `auto_shutdown`.
   */
  export function start(specification: Value): string | null {
    const pid = operate(host.supervisor_start, [specification]);
    return pid === null ? null : pid.asString();
  }

  /** Add a child and start it. `child`: an id or a map; of `simple_one_for_one` a list of further arguments. */
  export function startChild(supervisor: string, child: Value = Value.list()): StartedChild | null {
    const started = operate(host.supervisor_start_child, [Value.of(supervisor), child]);
    if (started === null) return null;
    return new StartedChild(started.get("key").asString(), started.get("pid").asString());
  }

  /** Stop a child, by its key or PID. It is kept unless it is temporary. */
  export function terminateChild(supervisor: string, child: string): bool {
    return operate(host.supervisor_terminate_child, [Value.of(supervisor), Value.of(child)]) !== null;
  }

  /** Start a child that does not run again: its PID. */
  export function restartChild(supervisor: string, child: string): string | null {
    const pid = operate(host.supervisor_restart_child, [Value.of(supervisor), Value.of(child)]);
    return pid === null ? null : pid.asString();
  }

  /** Forget a child that does not run. */
  export function deleteChild(supervisor: string, child: string): bool {
    return operate(host.supervisor_delete_child, [Value.of(supervisor), Value.of(child)]) !== null;
  }

  /**
   * A list of maps in the order of their start: `key`, `pid`, `process`, `kind`, `state`, `restart`, `restarts`, `significant`,
   * `error`.
   */
  export function children(supervisor: string): Value | null {
    return operate(host.supervisor_children, [Value.of(supervisor)]);
  }

  /** A map: `children`, `active`, `supervisors`, `workers`. */
  export function count(supervisor: string): Value | null {
    return operate(host.supervisor_count, [Value.of(supervisor)]);
  }

  /** Stop a supervisor and its children; true once they have ended. */
  export function stop(supervisor: string, reason: string = ""): bool {
    return operate(host.supervisor_stop, [Value.of(supervisor), Value.of(reason)]) !== null;
  }
}
