;; The ABI of Troupe, version 1, as a module: everything that can be imported, and every export that the host looks for.
;; What each function does is in ../README.md. A test compares this file with both and runs it.
;;
;; $x $x_len    pointer and length of UTF-8 text or of one MessagePack value
;; $out $cap    an area for the result, which is the length; a larger result is held for take_result
;; (result i32) a length, or 0; negative: the code of an error, of which last_error tells more
(module
  ;; Own identity, and results that did not fit.
  (import "troupe:process" "pid" (func $pid (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "id" (func $id (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "args" (func $args (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "context" (func $context (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "take_result" (func $take_result (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "last_error" (func $last_error (param $out i32) (param $cap i32) (result i32)))

  ;; Messages out.
  (import "troupe:process" "send" (func $send
    (param $dest i32) (param $dest_len i32) (param $topic i32) (param $topic_len i32) (param $payload i32)
    (param $payload_len i32) (result i32)))
  (import "troupe:process" "send_list" (func $send_list
    (param $dest i32) (param $dest_len i32) (param $topic i32) (param $topic_len i32) (param $payloads i32)
    (param $payloads_len i32) (result i32)))

  ;; Children.
  (import "troupe:process" "spawn" (func $spawn
    (param $id i32) (param $id_len i32) (param $host i32) (param $host_len i32) (param $args i32)
    (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "spawn_monitored" (func $spawn_monitored
    (param $id i32) (param $id_len i32) (param $host i32) (param $host_len i32) (param $args i32)
    (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "spawn_linked" (func $spawn_linked
    (param $id i32) (param $id_len i32) (param $host i32) (param $host_len i32) (param $args i32)
    (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "spawn_linked_monitored" (func $spawn_linked_monitored
    (param $id i32) (param $id_len i32) (param $host i32) (param $host_len i32) (param $args i32)
    (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "spawn_with" (func $spawn_with
    (param $request i32) (param $request_len i32) (param $out i32) (param $cap i32) (result i32)))

  ;; Other processes and names.
  (import "troupe:process" "monitor" (func $monitor (param $pid i32) (param $pid_len i32) (result i32)))
  (import "troupe:process" "unmonitor" (func $unmonitor (param $pid i32) (param $pid_len i32) (result i32)))
  (import "troupe:process" "link" (func $link (param $pid i32) (param $pid_len i32) (result i32)))
  (import "troupe:process" "unlink" (func $unlink (param $pid i32) (param $pid_len i32) (result i32)))
  (import "troupe:process" "cancel" (func $cancel
    (param $dest i32) (param $dest_len i32) (param $reason i32) (param $reason_len i32) (result i32)))
  (import "troupe:process" "terminate" (func $terminate (param $dest i32) (param $dest_len i32) (result i32)))
  (import "troupe:process" "register" (func $register
    (param $name i32) (param $name_len i32) (param $pid i32) (param $pid_len i32) (result i32)))
  (import "troupe:process" "lookup" (func $lookup
    (param $name i32) (param $name_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "unregister" (func $unregister (param $name i32) (param $name_len i32) (result i32)))
  (import "troupe:process" "set_options" (func $set_options
    (param $trap_links i32) (param $upgradable i32) (result i32)))
  (import "troupe:process" "get_options" (func $get_options (result i32)))

  ;; Messages in, without waiting.
  (import "troupe:process" "listen" (func $listen (param $topic i32) (param $topic_len i32) (result i32)))
  (import "troupe:process" "unlisten" (func $unlisten (param $topic i32) (param $topic_len i32) (result i32)))
  (import "troupe:process" "try_receive" (func $try_receive (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "try_select" (func $try_select
    (param $sources i32) (param $out i32) (param $cap i32) (result i32)))

  ;; Messages in: these wait.
  (import "troupe:process" "receive" (func $receive (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "receive_timeout" (func $receive_timeout
    (param $limit f64) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "receive_on" (func $receive_on
    (param $topic i32) (param $topic_len i32) (param $limit f64) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "select" (func $select
    (param $sources i32) (param $limit f64) (param $out i32) (param $cap i32) (result i32)))

  ;; Results of other programs: these wait.
  (import "troupe:process" "exec" (func $exec
    (param $id i32) (param $id_len i32) (param $host i32) (param $host_len i32) (param $args i32)
    (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "exec_with" (func $exec_with
    (param $request i32) (param $request_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:process" "call" (func $call
    (param $id i32) (param $id_len i32) (param $args i32) (param $args_len i32) (param $out i32) (param $cap i32)
    (result i32)))

  ;; Commands whose answers come as records.
  (import "troupe:process" "start_timer" (func $start_timer (param $tag i32) (param $milliseconds f64) (result i32)))
  (import "troupe:process" "start_exec" (func $start_exec
    (param $tag i32) (param $request i32) (param $request_len i32) (result i32)))
  (import "troupe:process" "start_call" (func $start_call
    (param $tag i32) (param $id i32) (param $id_len i32) (param $args i32) (param $args_len i32) (result i32)))
  (import "troupe:process" "abandon" (func $abandon (param $tag i32)))

  ;; The end. `exit`, `fail` and `fail_with` do not return.
  (import "troupe:process" "exit" (func $exit (param $value i32) (param $value_len i32)))
  (import "troupe:process" "fail" (func $fail
    (param $kind i32) (param $message i32) (param $message_len i32) (param $retryable i32) (param $details i32)
    (param $details_len i32)))
  (import "troupe:process" "fail_with" (func $fail_with (param $error i32) (param $error_len i32)))
  (import "troupe:process" "upgrade" (func $upgrade
    (param $id i32) (param $id_len i32) (param $args i32) (param $args_len i32) (result i32)))

  ;; The capability `time`.
  (import "troupe:time" "now" (func $now (result i64)))
  (import "troupe:time" "unix" (func $unix (result f64)))
  (import "troupe:time" "sleep" (func $sleep (param $milliseconds f64) (result i32)))

  ;; The capability `logger`.
  (import "troupe:log" "debug" (func $debug
    (param $text i32) (param $text_len i32) (param $fields i32) (param $fields_len i32) (result i32)))
  (import "troupe:log" "info" (func $info
    (param $text i32) (param $text_len i32) (param $fields i32) (param $fields_len i32) (result i32)))
  (import "troupe:log" "warn" (func $warn
    (param $text i32) (param $text_len i32) (param $fields i32) (param $fields_len i32) (result i32)))
  (import "troupe:log" "error" (func $error
    (param $text i32) (param $text_len i32) (param $fields i32) (param $fields_len i32) (result i32)))

  ;; What AssemblyScript's own library imports; `seed` needs the capability `random`.
  (import "env" "abort" (func $abort (param $message i32) (param $file i32) (param $line i32) (param $column i32)))
  (import "env" "seed" (func $seed (result f64)))

  ;; The operations of all other capabilities have these two types: `troupe:<capability>` `<operation>`, which waits where
  ;; the operation does, and `start_<operation>`, whose answer comes as a record.
  (import "troupe:json" "encode" (func $json_encode
    (param $args i32) (param $args_len i32) (param $out i32) (param $cap i32) (result i32)))
  (import "troupe:json" "start_encode" (func $json_start_encode
    (param $tag i32) (param $args i32) (param $args_len i32) (result i32)))

  ;; All addresses are in this memory.
  (memory (export "memory") 1)

  ;; The version that the module is made for; 1 where it says nothing.
  (global (export "troupe_abi") i32 (i32.const 1))

  ;; Called before anything else.
  (func (export "_initialize"))

  ;; Where the host may write a record of this length. From then on the place is the host's.
  (func (export "troupe_alloc") (param $length i32) (result i32)
    (i32.const 1024))

  ;; The handlers. Without the export that the entry's `method:` names, the process lives by them. Each is given a record:
  ;; five words (kind, length of topic, of sender, of payload, extra), then topic, sender and payload.
  ;; `on_start` gets the arguments as a MessagePack list instead.
  (func (export "on_start") (param $at i32) (param $length i32))

  ;; This one ends the process with the payload of its first message.
  (func (export "on_message") (param $at i32) (param $length i32)
    (call $exit
      (i32.add
        (i32.add (local.get $at) (i32.const 20))
        (i32.add (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at))))
      (i32.load offset=12 (local.get $at))))

  (func (export "on_event") (param $at i32) (param $length i32))

  (func (export "on_answer") (param $at i32) (param $length i32))
)
