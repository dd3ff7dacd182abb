%% A child that ends as it is told to.
-module(otp_worker).
-export([start_link/3, start_link/4, finish/2]).
-export([init/4]).

start_link(Recorder, Manner, Template, Extra) -> start_link(Recorder, Manner, {Template, Extra}).

start_link(Recorder, Manner, Key) ->
    case otp_recorder:fails(Recorder, Key) of
        true -> {error, refused};
        false -> proc_lib:start_link(?MODULE, init, [self(), Recorder, Manner, Key])
    end.

finish(Pid, normal) -> Pid ! {finish, normal};
finish(Pid, error) -> Pid ! {finish, failure};
finish(Pid, asked) -> exit(Pid, shutdown);
finish(Pid, kill) -> exit(Pid, kill).

init(Parent, Recorder, Manner, Key) ->
    process_flag(trap_exit, Manner =/= deaf),
    otp_recorder:started(Recorder, Manner, Key, self()),
    proc_lib:init_ack({ok, self()}),
    loop(Parent, Manner).

loop(Parent, Manner) ->
    receive
        {finish, Reason} -> exit(Reason);
        {'EXIT', Parent, shutdown} when Manner =:= ignores -> loop(Parent, Manner);
        {'EXIT', _, Reason} -> exit(Reason)
    end.
