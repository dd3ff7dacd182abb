//! The most frequent words of standard input. Lines are dealt to processes that count; each ends with what it has counted.

use std::collections::BTreeMap;

use troupe::{operate, select, send, sources, spawn_monitored, Error, Kind, Value, FOREVER};

#[link(wasm_import_module = "troupe:io")]
extern "C" {
    #[link_name = "args"]
    fn io_args(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    fn readline(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
    fn print(args: *const u8, args_len: usize, out: *mut u8, cap: usize) -> i32;
}

const COUNTERS: usize = 3;

/// The next line of standard input; `None` at the end.
fn next_line() -> Result<Option<Value>, Error> {
    match operate(readline, ()) {
        Ok(line) => Ok(Some(line)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn count() -> Result<(), Error> {
    let given = operate(io_args, ())?;
    let most = match given.at(0).as_text() {
        None => 5,
        Some(text) => text.parse().map_err(|_| Error::new(Kind::Invalid, format!("how many words is {}?", text)))?,
    };
    let counters: Vec<String> =
        (0..COUNTERS).map(|number| spawn_monitored("words:counter", "words:work", [number])).collect::<Result<_, _>>()?;

    let mut turns = counters.iter().cycle();
    while let (Some(line), Some(counter)) = (next_line()?, turns.next()) {
        send(counter, "line", line)?;
    }
    for counter in &counters {
        send(counter, "end", ())?;
    }

    let mut total = BTreeMap::<String, i64>::new();
    for _ in &counters {
        let end = select(sources::EVENTS, FOREVER)?.event().expect("only events were asked for");
        if let Value::Map(counted) = end.result().map_err(Error::clone)? {
            for (word, times) in counted {
                *total.entry(word.clone()).or_default() += times.as_int().unwrap_or(0);
            }
        }
    }
    let mut ranking: Vec<(String, i64)> = total.into_iter().collect();
    ranking.sort_by_key(|(_, times)| -times);
    for (word, times) in ranking.into_iter().take(most) {
        operate(print, [format!("{:>4} {}", times, word)])?;
    }
    Ok(())
}
troupe::main!(count);
