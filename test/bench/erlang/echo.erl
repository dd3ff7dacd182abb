%% A process that sends everything back, and round trips with it.
-module(echo).
-export([start/0, stop/1, loop/0]).

start() ->
    spawn(?MODULE, loop, []).

stop(Echo) ->
    exit(Echo, kill).

loop() ->
    receive
        {ping, From, Value} ->
            From ! {pong, Value},
            loop()
    end.
