%% Round trips, with pauses of 1 to 4 ms between them, while 100 other processes never wait: the 99th percentile, in ms.
-module(hogs).
-behaviour(troupe_bench).
-export([run/1, spin/1]).

-define(HOGS, 100).

run(Count) ->
    Hogs = [spawn(?MODULE, spin, [0]) || _ <- lists:seq(1, ?HOGS)],
    Echo = echo:start(),
    Taken = lists:sort(pings(Echo, Count, [])),
    [exit(Pid, kill) || Pid <- [Echo | Hogs]],
    {measured, lists:nth((Count * 99 + 99) div 100, Taken) / 1.0e6, length(Taken)}.

spin(N) ->
    spin(N + 1).

pings(_Echo, 0, Taken) ->
    Taken;
pings(Echo, N, Taken) ->
    timer:sleep(1 + N rem 4),
    Begun = erlang:monotonic_time(nanosecond),
    Echo ! {ping, self(), N},
    receive
        {pong, N} -> pings(Echo, N - 1, [erlang:monotonic_time(nanosecond) - Begun | Taken])
    end.
