%% Arm timers of 10 to 11 seconds, a thousand at a time, and cancel them.
-module(timer_arm_few).
-behaviour(troupe_bench).
-export([run/1]).

run(Count) ->
    timer_arm:run(Count, 1000).
