/** What `--help` of a command adds to the list of its options: here, so that it is shown without loading what the command does. */

export const DEV_HELP = `
Like run, and it watches the folder: what changes is checked, compiled where it must be, and brought into what runs. While
something is wrong it is shown with the lines around it, and what ran before goes on. A command is started again after
each change, and so are services that have failed, however late their restart would be. Settings in .troupe.yaml are taken
at the start only.

AssemblyScript is not optimized, so that it is there at once: it runs slower than with run.

--json prints an object a line, with "event" and "at" (Unix time in seconds): started, applied, broken, restart_needed,
gone, back, unseen, crashed, command_ended.

Exit codes: 0 stopped by Ctrl-C; 2 the call is wrong.`;

export const BUILD_HELP = `
Without ids every entry is built whose language has a compiler; the others are what they are. What is written to
build/<namespace>.<name>.wasm is a program of its own: name it as source: file://build/<namespace>.<name>.wasm, and the
compiler is needed no more where the deployment runs.

--json prints {ok, built: [{id, source, output, bytes, duration_ms}]}; outputs within the deployment are relative to it.

Exit codes: 0 all built; 2 the deployment, a source or the call is wrong, and then nothing is written.`;

export const TEST_HELP = `
A test is a function entry with meta.type: test. It is called with no arguments and passes unless it raises an error,
returns one, returns false or takes too long. Tests run one after the other: by meta.suite (the namespace where there is
none), then by meta.order (those without one last), then by id. The services of the deployment run beside them.

--json prints one document when all is over:
  {ok, passed, failed, not_run, interrupted, duration_ms,
   tests: [{id, suite, outcome: "passed" | "failed" | "not_run", duration_ms, error, crashes: [{id, pid, error}]}]}

Exit codes: 0 all passed; 1 a test failed, or not all were run; 2 the deployment or the call is wrong, or no test is found.`;

export const PS_HELP = `
States: new (it has not begun), idle (it waits for a message), blocked (it waits for something else), queued, running.
THREAD 0 is the main thread. MONITORS: how many others it monitors.

--json prints {processes: [{pid, entry, kind, host, thread, state, mailbox, links, monitors, names, name_count}], count, threads,
silent: [{thread, running, why}]}; "count" is that of all, "silent" are threads that did not answer.`;

export const INSPECT_HELP = `
With --why it says whether the process may do <action> to <resource>, which policy decided, and what each policy of its scope
said: troupe inspect --why '{app:plugins|0x00007}' process.send cart --meta host=app:system

Exit codes: 0 answered, allowed or not; 2 there is no such process, or the call is wrong.`;

export const UPGRADE_HELP = `
The folder is read again. What is broken changes nothing. Processes that have asked for it (set_options upgradable) are told by an
OUTDATED event and upgrade themselves; of the others those of services and supervisors are restarted, one after the other:
  --policy restart  services and children of supervisors are stopped in order and started anew; others run on (default)
  --policy replace  a process goes on as the new code where it waits: same PID and mailbox, arguments from its service or supervisor
  --policy leave    only tell those that asked for it
Services that have failed are tried again where their code has changed.
If one of them, or a service that is new, fails before the new code has run for stable_threshold of its service (5s without one;
--stable), everything is brought back to what it was; not for a service that had failed before.

With a target only its processes are dealt with; what else has changed in the folder counts for new processes all the same.

Exit codes: 0 done, or nothing to do; 1 rolled back; 2 the new deployment, or the call, is wrong.`;

export const SERVICES_HELP = `
States: unknown (never started), starting (its process has not waited for anything yet, or it waits for what it requires),
running, stopping, stopped, failed (a restart may be pending), exited (it has returned, or its restarts are used up).
RESTARTS since it last ran for its stable_threshold; SINCE: when it came into its state.

--json prints {services: [{id, state, since, pid, restarts, error: {kind, message}, waits_for}]}, times as Unix seconds.`;
