%% Spawn a child, wait for its answer, Count times.
-module(spawn_reply).
-behaviour(troupe_bench).
-export([run/1, child/1]).

run(Count) ->
    run(Count, 0).

run(0, Done) ->
    Done;
run(Left, Done) ->
    spawn(?MODULE, child, [self()]),
    receive
        {up, 1} -> run(Left - 1, Done + 1)
    end.

child(Parent) ->
    Parent ! {up, 1}.
