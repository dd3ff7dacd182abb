%% A tree of processes, ten children each, whose Count leaves send their numbers up; every node sends on the sum.
-module(skynet).
-behaviour(troupe_bench).
-export([run/1, node/3]).

run(Count) ->
    spawn(?MODULE, node, [self(), 0, Count]),
    Expected = Count * (Count - 1) div 2,
    receive
        Expected -> Count;
        _ -> 0
    end.

node(Parent, Number, 1) ->
    Parent ! Number;
node(Parent, Number, Size) ->
    Part = Size div 10,
    spawn_children(Number, Part, 10),
    Parent ! sum(10, 0).

spawn_children(_Number, _Part, 0) ->
    ok;
spawn_children(Number, Part, Left) ->
    spawn(?MODULE, node, [self(), Number, Part]),
    spawn_children(Number + Part, Part, Left - 1).

sum(0, Sum) ->
    Sum;
sum(Left, Sum) ->
    receive
        Number -> sum(Left - 1, Sum + Number)
    end.
