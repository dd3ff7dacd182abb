%% That a supervisor gives up shows in nothing but its report: it ends with `shutdown`, as one that was asked to. A handler
%% runs in the process that reports, so what it notes is in order with what that process does.
-module(otp_logger).
-export([log/2]).

log(#{msg := {report, #{label := {supervisor, shutdown}, report := Report}}}, _Config) ->
    case proplists:get_value(reason, Report) of
        reached_max_restart_intensity -> otp_recorder:gives_up();
        _ -> ok
    end;
log(_Event, _Config) ->
    ok.
