%% Plays one scenario. After each step it waits until nothing moves any more.
-module(otp_scenario).
-export([play/1]).

%% Milliseconds after which it is said that the tree does not come to rest.
-define(RESTLESS, 8000).

%% {Worst, Lines}, as otp_compare prints them.
play({_Number, Root, Failing, Steps}) ->
    process_flag(trap_exit, true),
    Recorder = otp_recorder:start_link(),
    otp_recorder:fail(Recorder, Failing),
    otp_turns:take(),
    Begun = now_ms(),
    First = case otp_tree:start_link(Recorder, Root) of
        {ok, _} -> "started";
        {error, _} -> "not started"
    end,
    Opening = ["start" | rest(Recorder, First)],
    {Worst, Since, Lines} = lists:foldl(fun(Step, State) -> step(Step, Recorder, State) end,
                                        {0, Begun, [Opening]}, Steps),
    Closing = ["stop" | stop(Recorder)],
    Last = now_ms() - Since,
    otp_turns:give(),
    {max(Worst, Last), lists:append(lists:reverse([Closing | Lines]))}.

step({pause, Milliseconds}, _Recorder, {Worst, Since, Lines}) ->
    Busy = now_ms() - Since,
    otp_turns:give(),
    timer:sleep(Milliseconds),
    otp_turns:take(),
    {max(Worst, Busy), now_ms(), [["pause"] | Lines]};
step(Step, Recorder, {Worst, Since, Lines}) ->
    Answer = do(Step, Recorder),
    {Worst, Since, [[label(Step) | rest(Recorder, Answer)] | Lines]}.

label(Step) -> atom_to_list(element(1, Step)).

do({'end', Under, Victims, Failing}, Recorder) ->
    otp_recorder:fail(Recorder, Failing),
    case {pid(Recorder, Under), [{pid(Recorder, Key), How} || {Key, How} <- Victims]} of
        {undefined, _} -> "nobody";
        {Supervisor, Found} ->
            Live = [Victim || {Pid, _} = Victim <- Found, Pid =/= undefined],
            % All of them end before their supervisor sees that one has.
            erlang:suspend_process(Supervisor),
            [finish(Pid, How) || {Pid, How} <- Live],
            erlang:resume_process(Supervisor),
            integer_to_list(length(Live)) ++ " ended"
    end;
do({kill, Key, Failing}, Recorder) ->
    otp_recorder:fail(Recorder, Failing),
    on(Recorder, Key, fun(Pid) -> exit(Pid, kill), "killed" end);
do({start_child, Key, Node, Failing}, Recorder) ->
    otp_recorder:fail(Recorder, Failing),
    call(Recorder, Key, start_child, [otp_tree:child(Recorder, Node)]);
do({start_dynamic, Key, Extra, Failing}, Recorder) ->
    otp_recorder:fail(Recorder, Failing),
    call(Recorder, Key, start_child, [[Extra]]);
do({restart_child, Key, Child, Failing}, Recorder) ->
    otp_recorder:fail(Recorder, Failing),
    call(Recorder, Key, restart_child, [Child]);
do({terminate_child, Key, {_, _} = Child}, Recorder) ->
    case pid(Recorder, Child) of
        undefined -> "nobody";
        Pid -> call(Recorder, Key, terminate_child, [Pid])
    end;
do({terminate_child, Key, Child}, Recorder) ->
    call(Recorder, Key, terminate_child, [Child]);
do({delete_child, Key, Child}, Recorder) ->
    call(Recorder, Key, delete_child, [Child]);
do({count_children, Key}, Recorder) ->
    on(Recorder, Key, fun(Pid) ->
        Counts = supervisor:count_children(Pid),
        Names = [active, supervisors, workers],
        lists:flatten(lists:join(" ", [integer_to_list(proplists:get_value(Name, Counts)) || Name <- Names]))
    end).

finish(Pid, How) ->
    Monitor = monitor(process, Pid),
    otp_worker:finish(Pid, How),
    receive {'DOWN', Monitor, process, Pid, _} -> ok end.

on(Recorder, Key, Do) ->
    case pid(Recorder, Key) of
        undefined -> "nobody";
        Pid -> Do(Pid)
    end.

call(Recorder, Key, Function, Args) ->
    on(Recorder, Key, fun(Pid) -> class(apply(supervisor, Function, [Pid | Args])) end).

class(ok) -> "ok";
class({ok, _}) -> "ok";
class({error, already_present}) -> "exists";
class({error, {already_started, _}}) -> "exists";
class({error, running}) -> "running";
class({error, restarting}) -> "restarting";
class({error, not_found}) -> "missing";
class({error, simple_one_for_one}) -> "unsupported";
class({error, _}) -> "failed".

%% The last that was started; undefined: none lives.
pid(Recorder, Key) ->
    case [Pid || {Found, Pid} <- otp_recorder:alive(Recorder), Found =:= Key] of
        [] -> undefined;
        Pids -> lists:last(Pids)
    end.

stop(Recorder) ->
    [exit(Pid, shutdown) || Pid <- root(Recorder)],
    rest(Recorder, "stopped").

%% The root is what this process has started.
root(Recorder) ->
    {links, Links} = process_info(self(), links),
    [Pid || {_, Pid} <- otp_recorder:alive(Recorder), lists:member(Pid, Links)].

%% Wait until nothing moves; answers what has happened and the tree as it is now.
rest(Recorder, Answer) ->
    Tree = settled(Recorder, now_ms() + ?RESTLESS),
    [Answer | otp_recorder:lines(Recorder)] ++ [Tree].

%% At rest is a tree in which each supervisor answers, twice the same, nothing happened in between, and nobody lives who
%% is not in it.
settled(Recorder, Until) ->
    Before = otp_recorder:clock(Recorder),
    Seen = look(Recorder),
    case Seen =/= moving andalso look(Recorder) =:= Seen andalso otp_recorder:clock(Recorder) =:= Before of
        true ->
            {Text, _} = Seen,
            Text;
        false ->
            case now_ms() > Until of
                true -> "restless";
                false ->
                    timer:sleep(1),
                    settled(Recorder, Until)
            end
    end.

%% {Text, Pids} of the whole tree, or `moving`.
look(Recorder) ->
    Alive = otp_recorder:alive(Recorder),
    try
        Known = [tree(Pid, Alive) || Pid <- root(Recorder)],
        Pids = lists:sort(lists:append([Found || {_, Found} <- Known])),
        case lists:sort([Pid || {_, Pid} <- Alive]) of
            Pids -> {lists:flatten(["tree" | [[" ", Text] || {Text, _} <- Known]]), Pids};
            _ -> moving
        end
    catch
        exit:_ -> moving;
        throw:moving -> moving
    end.

tree(Pid, Alive) ->
    Children = [child(Child, Alive) || Child <- lists:reverse(supervisor:which_children(Pid))],
    {Texts, Pids} = lists:unzip(Children),
    {[key(Pid, Alive), "(", lists:join(" ", ordered(Texts)), ")"], [Pid | lists:append(Pids)]}.

%% Dynamic children have no order.
ordered([[_Template, "/" | _] | _] = Texts) -> lists:sort(Texts);
ordered(Texts) -> Texts.

child({_, restarting, _, _}, _) -> throw(moving);
child({Id, undefined, _, _}, _) -> {["-", atom_to_list(Id)], []};
child({_, Pid, supervisor, _}, Alive) -> tree(Pid, Alive);
child({_, Pid, worker, _}, Alive) -> {key(Pid, Alive), [Pid]}.

key(Pid, Alive) ->
    case lists:keyfind(Pid, 2, Alive) of
        {{Template, Extra}, Pid} -> [atom_to_list(Template), "/", atom_to_list(Extra)];
        {Key, Pid} -> atom_to_list(Key);
        false -> throw(moving)
    end.

now_ms() -> erlang:monotonic_time(millisecond).
