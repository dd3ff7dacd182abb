%% Lets so many scenarios play at the same time, so that each is done quickly on a busy machine too. Those that pause do
%% not count.
-module(otp_turns).
-export([start_link/1, take/0, give/0]).

start_link(Many) ->
    true = register(?MODULE, spawn_link(fun() -> loop(Many, queue:new()) end)).

%% Waits for a turn.
take() ->
    ?MODULE ! {take, self()},
    receive {?MODULE, go} -> ok end.

give() -> ?MODULE ! give.

loop(Free, Waiting) ->
    receive
        {take, Pid} -> next(Free, queue:in(Pid, Waiting));
        give -> next(Free + 1, Waiting)
    end.

next(0, Waiting) -> loop(0, Waiting);
next(Free, Waiting) ->
    case queue:out(Waiting) of
        {{value, Pid}, Others} ->
            Pid ! {?MODULE, go},
            loop(Free - 1, Others);
        {empty, _} -> loop(Free, Waiting)
    end.
