//! What programs do with the SDK for Rust: each method is one scenario, which ends with what it saw. See ../scenarios.ts.

use troupe::{
    abandon, args, call, cancel, context, encode, event, exec, fail, id, is_upgradable, link, listen, lookup, monitor, operate, pid,
    receive, receive_on, receive_timeout, register, select, send, send_list, sources, spawn, spawn_linked,
    spawn_linked_monitored, spawn_monitored, start_call, start_operation, start_timer, terminate, trap_links, traps_links, try_receive,
    try_select, unlink, unlisten, unmonitor, unregister, upgradable, upgrade, Arrival, Decoder, Error, Kind, Spawner, Value,
    FOREVER,
};

#[link(wasm_import_module = "troupe:json")]
extern "C" {
    #[link_name = "encode"]
    fn json_encode(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    #[link_name = "decode"]
    fn json_decode(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    #[link_name = "start_encode"]
    fn start_json_encode(tag: i32, args: *const u8, args_len: usize) -> i32;
}

type Seen = Result<Value, Error>;

/// The kind of an error, or "ok".
fn outcome<T>(result: Result<T, Error>) -> &'static str {
    result.err().map_or("ok", |error| error.kind.name())
}

fn next_event() -> Result<troupe::Event, Error> {
    let arrival = select(sources::EVENTS, FOREVER)?;
    Ok(arrival.event().expect("only events were asked for"))
}

fn echo() -> Result<(), Error> {
    loop {
        let message = receive();
        if message.topic() == "stop" {
            return Ok(());
        }
        // Nothing is lost by reading, and nothing is left over.
        let mut passed = message.decoder();
        passed.skip()?;
        if !passed.is_empty() {
            return Err(Error::new(Kind::Internal, "misread"));
        }
        let value = message.payload();
        if Decoder::new(&encode(&value)).peek()? != message.decoder().peek()? {
            return Err(Error::new(Kind::Internal, "miswritten"));
        }
        match message.count() {
            1 => send(message.from(), message.topic(), &value)?,
            _ => send_list(message.from(), message.topic(), &value)?,
        }
    }
}
troupe::method!("echo", echo);

fn identity() -> Seen {
    Ok(Value::list().and(pid()).and(id()).and(args()).and(context().get("who").clone()))
}
troupe::method!("identity", identity);

fn adder() -> Result<i64, Error> {
    let mut total = args()[0].as_int().unwrap_or(0);
    loop {
        let message = receive();
        if message.topic() == "stop" {
            return Ok(total);
        }
        total += message.read::<i64>()?;
    }
}
troupe::method!("adder", adder);

fn failing() -> Result<(), Error> {
    Err(Error::new(Kind::Conflict, "no luck").retryable(true).details(Value::map().with("why", "test")))
}
troupe::method!("failing", failing);

fn trapping() {
    core::arch::wasm32::unreachable()
}
troupe::method!("trapping", trapping);

fn panicking() {
    let none: Option<u8> = None;
    none.expect("there is nothing");
}
troupe::method!("panicking", panicking);

fn told(error: &Error) -> Vec<Value> {
    vec![
        error.kind.name().into(),
        error.message.as_str().into(),
        error.retryable.map_or(-1, i32::from).into(),
        error.details.clone().unwrap_or_default(),
    ]
}

fn children() -> Seen {
    let mut seen = Vec::<Value>::new();
    let child = spawn_monitored("app:adder", "app:h", [20])?;
    send(&child, "add", 22)?;
    send(&child, "stop", ())?;
    let exit = next_event()?;
    seen.push(exit.kind().into());
    seen.push((exit.from() == child).into());
    seen.push(exit.result().expect("it did not fail").clone());
    seen.push(outcome(send(&child, "add", ())).into());
    seen.push(outcome(monitor(&child)).into());
    seen.push(outcome(spawn("app:nothing", "app:h", ())).into());

    spawn_monitored("app:failing", "app:h", ())?;
    seen.extend(told(next_event()?.result().expect_err("it fails")));

    trap_links(true);
    spawn_linked("app:trapping", "app:h", ())?;
    let down = next_event()?;
    seen.push(down.kind().into());
    seen.push(down.result().expect_err("it fails").message.as_str().into());
    let other = spawn("app:adder", "app:h", [1])?;
    link(&other)?;
    unlink(&other)?;
    monitor(&other)?;
    unmonitor(&other)?;
    terminate(&other)?;
    seen.push(outcome(select(sources::EVENTS, 20.0)).into());
    let last = spawn_linked_monitored("app:adder", "app:h", [1])?;
    terminate(&last)?;
    seen.push(next_event()?.kind().into());
    seen.push(next_event()?.kind().into());
    Ok(seen.into())
}
troupe::method!("children", children);

fn linked() -> Result<(), Error> {
    spawn_linked("app:failing", "app:h", ())?;
    receive();
    Ok(())
}
troupe::method!("linked", linked);

fn names() -> Seen {
    let adder = Spawner::new("app:sdk").method("adder").host("app:h").name("adder").arg(1).message("add", 2);
    let first = adder.clone().spawn()?;
    let second = adder.spawn()?;
    let mut seen = Value::list().and(first == second).and(lookup("adder")? == first);
    monitor("adder")?;
    send("adder", "stop", ())?;
    seen = seen.and(next_event()?.result().expect("it did not fail").clone());
    seen = seen.and(outcome(lookup("adder")));
    seen = seen.and(outcome(register("me", ""))).and(outcome(register("me", &pid())));
    Ok(seen.and(unregister("me")? as i32).and(unregister("me")? as i32))
}
troupe::method!("names", names);

fn timers() -> Seen {
    let (before, seconds) = (troupe::time::now(), troupe::time::unix());
    let mut seen = Value::list();
    for (tag, milliseconds) in [(1, 30.0), (2, 5.0), (2, 5.0), (3, 1.0)] {
        seen = seen.and(outcome(start_timer(tag, milliseconds)));
    }
    abandon(3);
    for _ in 0..2 {
        let answer = select(sources::ANSWERS, FOREVER)?.answer().expect("only answers were asked for");
        seen = seen.and(if answer.result.is_ok() { 4 } else { 5 }).and(answer.tag);
    }
    seen = seen.and(outcome(troupe::time::sleep(2.0))).and(outcome(troupe::time::sleep(0.0)));
    Ok(seen.and(troupe::time::now() - before >= 30_000_000).and(troupe::time::unix() - seconds >= 0.03))
}
troupe::method!("timers", timers);

fn passing() -> Seen {
    exec("app:trapping", "app:h", ())
}
troupe::method!("passing", passing);

fn options() -> Seen {
    let mut seen = vec![traps_links()];
    trap_links(true);
    seen.push(traps_links());
    seen.push(is_upgradable());
    upgradable(true);
    trap_links(false);
    seen.push(traps_links());
    seen.push(is_upgradable());
    Ok(seen.into_iter().map(Value::from).collect::<Vec<Value>>().into())
}
troupe::method!("options", options);

fn programs() -> Seen {
    let mut seen = Vec::<Value>::new();
    let long = exec("app:lua_repeat", "app:h", [100_000])?;
    seen.push((long.as_text().map_or(0, str::len) as i64).into());
    seen.push(call("app:double", [21])?);
    let error = exec("app:failing", "app:h", ()).expect_err("it fails");
    seen.push(error.kind.name().into());
    seen.extend(told(&error));
    let slow = Spawner::new("app:adder").host("app:h").arg(0).timeout(5.0);
    seen.push(outcome(slow.clone().exec()).into());

    slow.start(7)?;
    start_call(8, "app:double", [4])?;
    for _ in 0..2 {
        let answer = select(sources::ANSWERS, FOREVER)?.answer().expect("only answers were asked for");
        seen.push(answer.tag.into());
        seen.push(answer.result.unwrap_or_else(|error| error.kind.name().into()));
    }
    Ok(seen.into())
}
troupe::method!("programs", programs);

fn several() -> Seen {
    let me = pid();
    let mut seen = Value::list().and(outcome(listen("side")));
    send(&me, "plain", 1)?;
    send(&me, "side", 2)?;
    start_timer(9, 1.0)?;
    troupe::time::sleep(10.0)?;
    cancel(&me, "enough")?;
    for _ in 0..4 {
        seen = match select(sources::ALL, FOREVER)? {
            Arrival::Message(message) => seen.and(1).and(message.payload()),
            Arrival::TopicMessage(message) => seen.and(2).and(message.payload()),
            Arrival::Event(event) if event.kind() == event::CANCEL => seen.and(3).and(event.reason()),
            Arrival::Event(other) => seen.and(other.kind()).and(()),
            Arrival::Answer(answer) => seen.and(4).and(answer.result?),
        };
    }
    seen = seen.and(try_select(sources::ALL).map_or(0, |_| 1)).and(try_receive().map_or(0, |_| 1));
    seen = seen.and(outcome(receive_timeout(1.0))).and(outcome(receive_on("side", 1.0)));
    send(&me, "side", 3)?;
    seen = seen.and(receive_on("side", FOREVER)?.payload()).and(outcome(unlisten("side")));
    send(&me, "side", 4)?;
    Ok(seen.and(receive().payload()))
}
troupe::method!("sources", several);

fn capabilities() -> Seen {
    let mut seen = Value::list().and(operate(json_encode, [5])?).and(outcome(operate(json_decode, ["{"])));
    start_operation(start_json_encode, 4, [6])?;
    let answer = select(sources::ANSWERS, FOREVER)?.answer().expect("only answers were asked for");
    seen = seen.and(answer.tag).and(answer.result?);
    seen = seen.and(outcome(troupe::log::debug("low", ())));
    seen = seen.and(outcome(troupe::log::info("hello", Value::map().with("n", 1))));
    seen = seen.and(outcome(troupe::log::warn("hm", ())));
    Ok(seen.and(outcome(troupe::log::error("oh", [1]))))
}
troupe::method!("capabilities", capabilities);

fn counting() -> Result<i64, Error> {
    upgradable(true);
    let round = args()[0].as_int().unwrap_or(0) + receive().read::<i64>()?;
    if round >= 111 {
        return Ok(round);
    }
    Err(upgrade("", [round]))
}
troupe::method!("counting", counting);

fn hoarding() {
    let mut hoard = Vec::<u8>::new();
    loop {
        if hoard.try_reserve(hoard.len() + 1_048_576).is_err() {
            fail(Error::new(Kind::Internal, "out of memory"));
        }
        hoard.resize(hoard.capacity(), 1);
    }
}
troupe::method!("hoarding", hoarding);

/// wit: "shout: func(text: string) -> string"
///
/// # Safety
/// As the host calls it, with text that it has written.
#[no_mangle]
pub unsafe extern "C" fn shout(at: *const u8, length: usize) -> *const [usize; 2] {
    let text = String::from_utf8_lossy(std::slice::from_raw_parts(at, length)).to_ascii_uppercase();
    let result = Box::new([text.as_ptr() as usize, text.len()]);
    // The instance ends with the call.
    std::mem::forget(text);
    Box::into_raw(result)
}
