//! Counts the words of the lines that it gets; its value is a map.

use std::collections::BTreeMap;

use troupe::{args, receive, Error, Value};

fn counter() -> Result<Value, Error> {
    let number = args()[0].as_int().unwrap_or(0);
    let mut counted = BTreeMap::<String, i64>::new();
    loop {
        let message = receive();
        if message.topic() == "end" {
            return Ok(Value::Map(counted.into_iter().map(|(word, times)| (word, times.into())).collect()));
        }
        let line: String = message.read().map_err(|error| error.details(Value::map().with("counter", number)))?;
        for word in line.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()) {
            *counted.entry(word.to_lowercase()).or_default() += 1;
        }
    }
}
troupe::main!(counter);
