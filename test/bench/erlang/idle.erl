%% Bytes of a process that waits for a message: what `erlang:memory(total)` grows by.
-module(idle).
-behaviour(troupe_bench).
-export([run/1]).

run(Count) ->
    Others = processes(),
    Before = used(),
    spawn_idle(Count),
    Waiting = waiting(Others, Count),
    Value = (used() - Before) / Count,
    [exit(Pid, kill) || Pid <- processes() -- Others],
    {measured, Value, Waiting}.

spawn_idle(0) ->
    ok;
spawn_idle(Left) ->
    spawn(echo, loop, []),
    spawn_idle(Left - 1).

%% How many wait; looks again as long as some have not run yet.
waiting(Others, Count) ->
    case length([Pid || Pid <- processes() -- Others, process_info(Pid, status) =:= {status, waiting}]) of
        Count ->
            Count;
        _ ->
            timer:sleep(10),
            waiting(Others, Count)
    end.

used() ->
    erlang:garbage_collect(),
    erlang:memory(total).
