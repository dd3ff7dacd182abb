%% Of one scenario: what has happened since it was last asked, who is alive, how often each key was started, and how many
%% starts are still to fail.
-module(otp_recorder).
-export([start_link/0, fail/2, fails/2, started/4, gives_up/0, lines/1, clock/1, alive/1]).
-export([init/0]).

-define(MOST, 8).

start_link() ->
    spawn_link(?MODULE, init, []).

%% So many more of the next starts of these keys fail.
fail(Recorder, Failing) -> call(Recorder, {fail, Failing}).

%% Whether this start is to fail; then it is noted.
fails(Recorder, Key) -> call(Recorder, {fails, Key}).

%% Type: supervisor, or the manner of a worker. The caller's end will be noted.
started(Recorder, Type, Key, Pid) ->
    put(otp_recorder, Recorder),
    call(Recorder, {started, Type, Key, Pid}).

%% By the supervisor that gives up.
gives_up() -> call(get(otp_recorder), {gives_up, self()}).

lines(Recorder) -> call(Recorder, lines).

%% A number that grows with everything that happens.
clock(Recorder) -> call(Recorder, clock).

%% [{Key, Pid}], in the order of their start.
alive(Recorder) -> call(Recorder, alive).

call(Recorder, Request) ->
    Recorder ! {self(), Request},
    receive {Recorder, Answer} -> Answer end.

init() -> loop(#{lines => [], alive => [], fail => #{}, gave_up => [], starts => #{}, clock => 0}).

loop(#{alive := Alive, clock := Clock} = State) ->
    receive
        {From, Request} ->
            {Answer, Next} = handle(Request, State),
            From ! {self(), Answer},
            loop(Next);
        {'DOWN', _Monitor, process, Pid, Reason} ->
            {value, {Pid, Type, Key, Number}, Rest} = lists:keytake(Pid, 1, Alive),
            Next = State#{alive := Rest, clock := Clock + 1},
            case ended(Type, Reason, lists:member(Pid, maps:get(gave_up, State))) of
                none -> loop(Next);
                How -> loop(note([How, " ", name(Type, Key, Number)], Next))
            end
    end.

handle({fail, Failing}, #{fail := Fail} = State) ->
    Add = fun(_Key, Left, More) -> min(Left + More, ?MOST) end,
    {ok, State#{fail := maps:merge_with(Add, Fail, Failing)}};
handle({fails, Key}, #{fail := Fail} = State) ->
    case Fail of
        #{Key := Left} when Left > 0 -> {true, note(["refuses ", name(Key)], State#{fail := Fail#{Key := Left - 1}})};
        _ -> {false, State}
    end;
handle({started, Type, Key, Pid}, #{alive := Alive, starts := Starts, clock := Clock} = State) ->
    monitor(process, Pid),
    Number = maps:get(Key, Starts, 0) + 1,
    Next = State#{alive := Alive ++ [{Pid, Type, Key, Number}], starts := Starts#{Key => Number}, clock := Clock + 1},
    case Type of
        supervisor -> {ok, Next};
        _ -> {ok, note(["starts ", name(Type, Key, Number)], Next)}
    end;
handle({gives_up, Pid}, #{gave_up := GaveUp} = State) ->
    {ok, State#{gave_up := [Pid | GaveUp]}};
handle(lines, #{lines := Lines} = State) ->
    {lists:reverse(Lines), State#{lines := []}};
handle(clock, #{clock := Clock} = State) ->
    {Clock, State};
handle(alive, #{alive := Alive} = State) ->
    {[{Key, Pid} || {Pid, _, Key, _} <- Alive], State}.

note(Line, #{lines := Lines, clock := Clock} = State) ->
    State#{lines := [lists:flatten(Line) | Lines], clock := Clock + 1}.

ended(supervisor, _, true) -> "gives up";
ended(supervisor, {shutdown, {failed_to_start_child, _, _}}, _) -> "cannot start";
ended(supervisor, killed, _) -> "cut";
ended(supervisor, _, _) -> none;
ended(_, normal, _) -> "returns";
ended(_, failure, _) -> "fails";
ended(deaf, shutdown, _) -> "cut";
ended(_, shutdown, _) -> "stops";
ended(_, killed, _) -> "cut".

%% Which of all processes of its key a worker is.
name(supervisor, Key, _Number) -> name(Key);
name(_, Key, Number) -> [name(Key), "#", integer_to_list(Number)].

name({Template, Extra}) -> [atom_to_list(Template), "/", atom_to_list(Extra)];
name(Key) -> atom_to_list(Key).
