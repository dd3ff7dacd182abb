%% The side of Erlang: takes "Workload Count" from standard input, a line each, runs it in a process of its own and
%% answers "ok Value Done", or "error Reason". Value is nanoseconds an operation, or what the workload itself measured.
%% Done is how many operations had the right result.
-module(troupe_bench).
-export([main/0]).

-callback run(Count :: pos_integer()) ->
    Done :: non_neg_integer() | {measured, Value :: number(), Done :: non_neg_integer()}.

main() ->
    case io:get_line("") of
        eof ->
            halt(0);
        Line ->
            [Workload, Count] = string:lexemes(Line, " \n"),
            answer(round_of(list_to_atom(Workload), list_to_integer(Count))),
            main()
    end.

round_of(Workload, Count) ->
    Begun = erlang:monotonic_time(nanosecond),
    {Runner, Monitor} = spawn_monitor(fun() -> exit({ended, Workload:run(Count)}) end),
    receive
        {'DOWN', Monitor, process, Runner, {ended, {measured, Value, Done}}} ->
            {Value, Done};
        {'DOWN', Monitor, process, Runner, {ended, Done}} ->
            {(erlang:monotonic_time(nanosecond) - Begun) / Count, Done};
        {'DOWN', Monitor, process, Runner, Reason} ->
            {error, Reason}
    end.

answer({error, Reason}) ->
    io:format("error ~0p~n", [Reason]);
answer({Value, Done}) ->
    io:format("ok ~.3f ~b~n", [float(Value), Done]).
