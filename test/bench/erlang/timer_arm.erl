%% Arm timers of 10 to 11 seconds, 100 000 at a time as a server with a timeout for each
%% of its connections has them, and cancel them.
-module(timer_arm).
-behaviour(troupe_bench).
-export([run/1, run/2]).

run(Count) ->
    run(Count, 100000).

run(Count, AtATime) ->
    run(Count, AtATime, 0).

run(0, _AtATime, Done) ->
    Done;
run(Left, AtATime, Done) ->
    Batch = min(Left, AtATime),
    Cancelled = cancel(arm(Batch, []), 0),
    run(Left - Batch, AtATime, Done + Cancelled).

arm(0, Timers) ->
    Timers;
arm(Left, Timers) ->
    arm(Left - 1, [erlang:send_after(10000 + Left rem 1000, self(), timeout) | Timers]).

%% Of a timer that has not fired the answer is how many milliseconds were left.
cancel([], Cancelled) ->
    Cancelled;
cancel([Timer | Timers], Cancelled) ->
    case erlang:cancel_timer(Timer) of
        false -> cancel(Timers, Cancelled);
        _Left -> cancel(Timers, Cancelled + 1)
    end.
