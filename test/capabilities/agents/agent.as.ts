import { lastError, operate, receive, self, send, supervisor, Value } from "troupe";

@external("troupe:http_client", "request")
declare function request(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "get")
declare function get(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "head")
declare function head(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "post")
declare function post(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "put")
declare function put(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "delete")
declare function remove(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "patch")
declare function patch(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:http_client", "request_batch")
declare function batch(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:events", "send")
declare function publish(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:events", "subscribe")
declare function subscribe(args: usize, argsLength: i32, area: usize, capacity: i32): i32;
@external("troupe:events", "unsubscribe")
declare function unsubscribe(args: usize, argsLength: i32, area: usize, capacity: i32): i32;

function called(operation: string, args: Array<Value>): Value | null {
  if (operation == "request") return operate(request, args);
  if (operation == "get") return operate(get, args);
  if (operation == "head") return operate(head, args);
  if (operation == "post") return operate(post, args);
  if (operation == "put") return operate(put, args);
  if (operation == "delete") return operate(remove, args);
  if (operation == "patch") return operate(patch, args);
  if (operation == "request_batch") return operate(batch, args);
  if (operation == "send") return operate(publish, args);
  if (operation == "subscribe") return operate(subscribe, args);
  assert(operation == "unsubscribe");
  return operate(unsubscribe, args);
}

function done(happened: bool): Value | null {
  return happened ? Value.null() : null;
}

function text(answered: string | null): Value | null {
  return answered === null ? null : Value.of(answered as string);
}

function supervised(operation: string, args: Array<Value>): Value | null {
  if (operation == "start") return text(supervisor.start(args[0]));
  const pid = args[0].asString();
  if (operation == "children") return supervisor.children(pid);
  if (operation == "count") return supervisor.count(pid);
  if (operation == "stop") return done(args.length > 1 ? supervisor.stop(pid, args[1].asString()) : supervisor.stop(pid));
  if (operation == "start_child") {
    const child = args.length > 1 ? supervisor.startChild(pid, args[1]) : supervisor.startChild(pid);
    return child === null ? null : Value.map().set("key", child.key).set("pid", child.pid);
  }
  const child = args[1].asString();
  if (operation == "terminate_child") return done(supervisor.terminateChild(pid, child));
  if (operation == "restart_child") return text(supervisor.restartChild(pid, child));
  assert(operation == "delete_child");
  return done(supervisor.deleteChild(pid, child));
}

/** Does what it is told by messages on `do`; what comes on other topics is kept for `mail`. */
export function main(): void {
  const mail = Value.list();
  for (;;) {
    const message = receive();
    const payload = message.payload;
    if (message.topic != "do") {
      mail.push(Value.list([Value.of(message.topic), Value.of(message.from), payload]));
      continue;
    }
    const operation = payload.get("operation").asString();
    const args = payload.get("args").asList();
    let value: Value | null = Value.null();
    if (operation == "mail") value = Value.map().set("mail", mail);
    else if (operation == "become") self.upgrade(args[0].asString());
    else if (operation == "burst") {
      const count = args[1].asInt();
      for (let i: i64 = 1; i <= count && value !== null; i++) {
        value = operate(publish, [args[0], Value.of("burst"), Value.null(), Value.of(i)]);
      }
    } else if (payload.get("capability").asString() == "supervisor") value = supervised(operation, args);
    else value = called(operation, args);
    const answer = Value.map().set("n", payload.get("n"));
    if (value !== null) answer.set("value", value);
    else {
      const error = lastError();
      answer.set("error", Value.map().set("kind", error.get("kind")).set("message", error.get("message")));
    }
    send(message.from, "did", answer);
  }
}
