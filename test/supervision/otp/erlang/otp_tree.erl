%% The supervisors of a scenario's tree, as the real behaviour.
-module(otp_tree).
-behaviour(supervisor).
-export([start_link/2, child/2]).
-export([init/1]).

start_link(Recorder, {supervisor, _, _, _, _, _} = Node) ->
    supervisor:start_link(?MODULE, {Recorder, Node}).

init({Recorder, {supervisor, Key, _, _, {Strategy, Max, Period, AutoShutdown}, Children}}) ->
    otp_recorder:started(Recorder, supervisor, Key, self()),
    Flags = #{strategy => Strategy, intensity => Max, period => Period, auto_shutdown => AutoShutdown},
    {ok, {Flags, [child(Recorder, Node) || Node <- Children]}}.

%% The specification of a child. That of a dynamic one gets its extra argument at its start.
child(Recorder, {worker, Key, Manner, Restart, Significant, Shutdown}) ->
    #{id => Key, start => {otp_worker, start_link, [Recorder, Manner, Key]}, restart => Restart,
      significant => Significant, shutdown => Shutdown, type => worker};
child(Recorder, {supervisor, Key, Restart, Significant, _, _} = Node) ->
    #{id => Key, start => {?MODULE, start_link, [Recorder, Node]}, restart => Restart,
      significant => Significant, shutdown => infinity, type => supervisor}.
