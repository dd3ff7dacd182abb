%% Round trips of a binary of 64 KiB, which Erlang shares between processes.
-module(binary_roundtrip).
-behaviour(troupe_bench).
-export([run/1]).

-define(SIZE, 65536).

run(Count) ->
    Echo = echo:start(),
    Done = run(Echo, binary:copy(<<7>>, ?SIZE), Count, 0),
    echo:stop(Echo),
    Done.

run(_Echo, _Binary, 0, Done) ->
    Done;
run(Echo, Binary, N, Done) ->
    Echo ! {ping, self(), Binary},
    receive
        {pong, <<7, _/binary>> = Back} when byte_size(Back) =:= ?SIZE -> run(Echo, Binary, N - 1, Done + 1);
        {pong, _} -> run(Echo, Binary, N - 1, Done)
    end.
