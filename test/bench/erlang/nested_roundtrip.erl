%% Round trips of an order: maps in lists in maps, 500 bytes as JSON.
-module(nested_roundtrip).
-behaviour(troupe_bench).
-export([run/1]).

run(Count) ->
    Echo = echo:start(),
    Done = run(Echo, order(), Count, 0),
    echo:stop(Echo),
    Done.

run(_Echo, _Order, 0, Done) ->
    Done;
run(Echo, Order, N, Done) ->
    Echo ! {ping, self(), Order#{id := N}},
    receive
        {pong, #{id := N, items := [_, _, #{count := 7}]}} -> run(Echo, Order, N - 1, Done + 1);
        {pong, _} -> run(Echo, Order, N - 1, Done)
    end.

%% Not a literal: those are shared instead of copied, and an order that came from outside is none.
order() ->
    binary_to_term(term_to_binary(#{
        id => 0,
        user => #{
            name => <<"alice">>,
            mail => <<"alice@example.org">>,
            roles => [<<"admin">>, <<"editor">>, <<"viewer">>],
            address => #{
                street => <<"Main street 1">>,
                city => <<"Springfield">>,
                zip => <<"12345">>,
                geo => #{lat => 12.5, lon => 44.25}
            }
        },
        items => [
            #{sku => <<"A-100">>, count => 2, price => 9.99, tags => [<<"x">>, <<"y">>]},
            #{sku => <<"B-200">>, count => 1, price => 19.5, tags => [<<"z">>]},
            #{sku => <<"C-300">>, count => 7, price => 1.25, tags => []}
        ],
        meta => #{
            created => 1700000000,
            source => <<"web">>,
            flags => #{a => true, b => false},
            note => <<"handle with care please">>
        }
    })).
