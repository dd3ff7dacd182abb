%% Round trips of a number.
-module(ping_pong).
-behaviour(troupe_bench).
-export([run/1]).

run(Count) ->
    Echo = echo:start(),
    Done = run(Echo, Count, 0),
    echo:stop(Echo),
    Done.

run(_Echo, 0, Done) ->
    Done;
run(Echo, N, Done) ->
    Echo ! {ping, self(), N},
    receive
        {pong, N} -> run(Echo, N - 1, Done + 1);
        {pong, _} -> run(Echo, N - 1, Done)
    end.
