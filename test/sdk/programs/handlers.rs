//! Handlers with several commands outstanding: adds up messages and answers, and ends with both when it is cancelled.

use std::cell::RefCell;

use troupe::{event, exit, send, start_call, start_operation, start_timer, Answer, Error, Event, Message, Spawner, Value};

#[link(wasm_import_module = "troupe:json")]
extern "C" {
    fn start_encode(tag: i32, args: *const u8, args_len: usize) -> i32;
}

#[derive(Default)]
struct State {
    sum: i64,
    answers: Vec<Value>,
    parent: String,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

fn with<T>(change: impl FnOnce(&mut State) -> T) -> T {
    STATE.with(|state| change(&mut state.borrow_mut()))
}

fn begin(args: Vec<Value>) -> Result<(), Error> {
    with(|state| state.parent = args[0].as_text().unwrap_or("").to_string());
    start_timer(1, 20.0)?;
    start_call(3, "app:double", [&args[1]])?;
    start_operation(start_encode, 4, [&args[1]])?;
    Spawner::new("app:failing").host("app:h").start(5)
}

fn add(message: Message) -> Result<(), Error> {
    with(|state| state.sum += message.read::<i64>().unwrap_or(0));
    // A handler may wait, too.
    if message.topic() == "slow" {
        troupe::time::sleep(5.0)?;
        with(|state| state.sum += message.read::<i64>().unwrap_or(0));
    }
    Ok(())
}

fn answered(answer: Answer) -> Result<(), Error> {
    let parent = with(|state| {
        state.answers.push(answer.tag.into());
        state.answers.push(answer.result.unwrap_or_else(|error| error.message.into()));
        Some(state.parent.clone()).filter(|_| state.answers.len() == 8)
    });
    parent.map_or(Ok(()), |parent| send(&parent, "answered", ()))
}

fn happened(event: Event) {
    if event.kind() == event::CANCEL {
        let result = with(|state| Value::map().with("sum", state.sum).with("answers", std::mem::take(&mut state.answers)));
        exit(result.with("reason", event.reason()));
    }
}

troupe::handlers! { on_start: begin, on_message: add, on_answer: answered, on_event: happened }
