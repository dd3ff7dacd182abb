%% A token goes round a ring of 1000 processes until it has made Count hops.
-module(ring).
-behaviour(troupe_bench).
-export([run/1, member/2]).

-define(SIZE, 1000).

run(Count) ->
    Leader = self(),
    Members = lists:foldl(
        fun(_, [Next | _] = Ring) -> [spawn(?MODULE, member, [Next, Leader]) | Ring] end,
        [Leader],
        lists:seq(2, ?SIZE)
    ),
    First = hd(Members),
    First ! {token, Count - 1},
    lead(First),
    [exit(Member, kill) || Member <- Members, Member =/= Leader],
    Count.

lead(Next) ->
    receive
        finished -> ok;
        {token, 0} -> ok;
        {token, Left} -> Next ! {token, Left - 1}, lead(Next)
    end.

member(Next, Leader) ->
    receive
        {token, 0} -> Leader ! finished, member(Next, Leader);
        {token, Left} -> Next ! {token, Left - 1}, member(Next, Leader)
    end.
