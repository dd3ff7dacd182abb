%% Plays scenarios with the supervisors of OTP. Reads one Erlang term a line from the file named after `-scenarios`, plays
%% them in processes of their own, many at the same time, and prints for each one line:
%%
%%     Number TAB Worst TAB Line TAB Line ...
%%
%% Worst: milliseconds that it took between two pauses, at most; where that is not well below the period, whether two
%% restarts fell into it was left to chance. Lines are those of README.md.
-module(otp_compare).
-export([main/0]).

-define(AT_ONCE, 40).

main() ->
    ok = logger:remove_handler(default),
    ok = logger:add_handler(otp_compare, otp_logger, #{}),
    ok = logger:set_primary_config(level, error),
    {ok, [[Path]]} = init:get_argument(scenarios),
    {ok, Scenarios} = file:consult(Path),
    otp_turns:start_link(?AT_ONCE),
    Self = self(),
    [spawn_link(fun() -> Self ! {played, element(1, S), otp_scenario:play(S)} end) || S <- Scenarios],
    [print() || _ <- Scenarios],
    halt().

print() ->
    receive
        {played, Number, {Worst, Lines}} ->
            io:put_chars([integer_to_list(Number), "\t", integer_to_list(Worst), ["\t" ++ Line || Line <- Lines], "\n"])
    end.
