use crate::decoder::Decoder;
use crate::error::Error;
use crate::payload::{decode, Decode};
use crate::value::Value;

/// Kinds of events, as [`Event::kind`] spells them.
pub mod event {
    /// A process that is monitored has ended.
    pub const EXIT: &str = "pid.exit";
    /// A linked one has failed, with `trap_links`.
    pub const LINK_DOWN: &str = "pid.link.down";
    /// Somebody wants this process to end.
    pub const CANCEL: &str = "pid.cancel";
    /// The entry has changed, with `upgradable`.
    pub const OUTDATED: &str = "pid.outdated";
}

/// Bytes of a record before its topic: kind; lengths of topic, sender and payload; count or tag.
const HEADER: usize = 20;
const EVENT: u32 = 3;
const ANSWER: u32 = 4;
const FAILURE: u32 = 5;

/// A record of the ABI.
#[derive(Clone, Debug)]
struct Record(Vec<u8>);

impl Record {
    fn word(&self, index: usize) -> u32 {
        let at = index * 4;
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    /// The first, second or third of the byte strings behind the words.
    fn part(&self, which: usize) -> &[u8] {
        let start = HEADER + (0..which).map(|before| self.word(1 + before) as usize).sum::<usize>();
        &self.0[start..start + self.word(1 + which) as usize]
    }

    fn text(&self, which: usize) -> &str {
        std::str::from_utf8(self.part(which)).expect("the host writes UTF-8")
    }

    fn value(&self) -> Value {
        decode(self.part(2)).expect("the host writes payloads")
    }
}

/// A message from another process.
#[derive(Clone, Debug)]
pub struct Message(Record);

impl Message {
    pub fn topic(&self) -> &str {
        self.0.text(0)
    }

    /// PID of the sender.
    pub fn from(&self) -> &str {
        self.0.text(1)
    }

    /// How many payloads the sender gave. One is the payload itself, any other number a list of them.
    pub fn count(&self) -> usize {
        self.0.word(4) as usize
    }

    /// The payload, whatever it is.
    pub fn payload(&self) -> Value {
        self.0.value()
    }

    /// The payload as a type; INVALID where it is another.
    pub fn read<T: Decode>(&self) -> Result<T, Error> {
        decode(self.0.part(2))
    }

    /// For reading the payload piece by piece.
    pub fn decoder(&self) -> Decoder<'_> {
        Decoder::new(self.0.part(2))
    }
}

/// Something that happened to a process: the end of one that is monitored or linked, the wish that this one ends.
#[derive(Clone, Debug)]
pub struct Event {
    record: Record,
    fields: Value,
}

impl Event {
    /// One of `event::EXIT`, `LINK_DOWN`, `CANCEL` and `OUTDATED`.
    pub fn kind(&self) -> &str {
        self.record.text(0)
    }

    /// PID of the process that it is about.
    pub fn from(&self) -> &str {
        self.record.text(1)
    }

    /// EXIT and LINK_DOWN: how the process ended.
    pub fn result(&self) -> Result<&Value, &Error> {
        let result = self.fields.get("result");
        result.get("error").as_error().map_or_else(|| Ok(result.get("value")), Err)
    }

    /// CANCEL: why, or "".
    pub fn reason(&self) -> &str {
        self.fields.get("reason").as_text().unwrap_or("")
    }
}

/// The answer to a command that was started with a tag.
#[derive(Clone, Debug)]
pub struct Answer {
    pub tag: i32,
    pub result: Result<Value, Error>,
}

/// What came in.
#[derive(Clone, Debug)]
pub enum Arrival {
    Message(Message),
    /// A message on a topic that was given to `listen`.
    TopicMessage(Message),
    Event(Event),
    Answer(Answer),
}

impl Arrival {
    /// From a record as the host writes it.
    pub(crate) fn of(bytes: Vec<u8>) -> Arrival {
        let record = Record(bytes);
        match record.word(0) {
            EVENT => {
                let fields = record.value();
                Arrival::Event(Event { record, fields })
            }
            kind @ (ANSWER | FAILURE) => {
                let tag = record.word(4) as i32;
                let result = match (kind, record.value()) {
                    (FAILURE, Value::Error(error)) => Err(*error),
                    (_, value) => Ok(value),
                };
                Arrival::Answer(Answer { tag, result })
            }
            1 => Arrival::Message(Message(record)),
            _ => Arrival::TopicMessage(Message(record)),
        }
    }

    /// The message that it is.
    pub fn message(self) -> Option<Message> {
        match self {
            Arrival::Message(message) | Arrival::TopicMessage(message) => Some(message),
            _ => None,
        }
    }

    /// The event that it is.
    pub fn event(self) -> Option<Event> {
        match self {
            Arrival::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The answer that it is.
    pub fn answer(self) -> Option<Answer> {
        match self {
            Arrival::Answer(answer) => Some(answer),
            _ => None,
        }
    }
}
