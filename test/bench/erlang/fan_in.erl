%% 1000 senders, one receiver, Count messages together.
-module(fan_in).
-behaviour(troupe_bench).
-export([run/1, sender/2]).

-define(SENDERS, 1000).

run(Count) ->
    Each = Count div ?SENDERS,
    [spawn(?MODULE, sender, [self(), Each]) || _ <- lists:seq(1, ?SENDERS)],
    Expected = ?SENDERS * (Each * (Each + 1) div 2),
    case sum(Each * ?SENDERS, 0) of
        Expected -> Each * ?SENDERS;
        _ -> 0
    end.

sender(_Receiver, 0) ->
    ok;
sender(Receiver, Left) ->
    Receiver ! {n, Left},
    sender(Receiver, Left - 1).

sum(0, Sum) ->
    Sum;
sum(Left, Sum) ->
    receive
        {n, Number} -> sum(Left - 1, Sum + Number)
    end.
