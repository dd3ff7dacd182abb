%% Round trips of a small map. Texts are binaries, as in Erlang's own libraries for JSON.
-module(map_roundtrip).
-behaviour(troupe_bench).
-export([run/1]).

run(Count) ->
    Echo = echo:start(),
    Done = run(Echo, map(), Count, 0),
    echo:stop(Echo),
    Done.

run(_Echo, _Map, 0, Done) ->
    Done;
run(Echo, Map, N, Done) ->
    Echo ! {ping, self(), Map#{id := N}},
    receive
        {pong, #{id := N, tags := [_, _, _]}} -> run(Echo, Map, N - 1, Done + 1);
        {pong, _} -> run(Echo, Map, N - 1, Done)
    end.

%% Not a literal, see nested_roundtrip.
map() ->
    binary_to_term(term_to_binary(#{id => 0, name => <<"alice">>, tags => [<<"a">>, <<"b">>, <<"c">>], n => 42})).
