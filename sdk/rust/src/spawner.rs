use crate::error::Error;
use crate::exchange::{check, fetch, fetch_text};
use crate::imports;
use crate::payload::{decode, encode};
use crate::value::Value;

/// A process to start, with all that can be said of it.
///
/// ```no_run
/// let pid = troupe::Spawner::new("shop:till").host("shop:procs").name("till").arg(7).spawn()?;
/// # Ok::<(), troupe::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spawner {
    request: Value,
    args: Vec<Value>,
    messages: Vec<Value>,
    context: Value,
}

impl Spawner {
    /// By the registry id of the entry.
    pub fn new(id: &str) -> Spawner {
        Spawner {
            request: Value::map().with("id", id),
            args: Vec::new(),
            messages: Vec::new(),
            context: Value::map(),
        }
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Spawner {
        self.request = self.request.with(key, value);
        self
    }

    pub fn host(self, host: &str) -> Spawner {
        self.with("host", host)
    }

    /// One more argument.
    pub fn arg(mut self, value: impl Into<Value>) -> Spawner {
        self.args.push(value.into());
        self
    }

    /// Get an EXIT event at its end.
    pub fn monitor(self) -> Spawner {
        self.with("monitor", true)
    }

    /// Die with it, if one of both fails.
    pub fn link(self) -> Spawner {
        self.with("link", true)
    }

    /// Registered under a name; if a process holds it already, that is the one which is given.
    pub fn name(self, name: &str) -> Spawner {
        self.with("name", name)
    }

    /// A message that is there before all others.
    pub fn message(mut self, topic: &str, payload: impl Into<Value>) -> Spawner {
        self.messages.push(Value::list().and(topic).and(payload));
        self
    }

    /// A context value.
    pub fn context(mut self, key: &str, value: impl Into<Value>) -> Spawner {
        self.context = self.context.with(key, value);
        self
    }

    /// Another export than the entry says.
    pub fn method(self, method: &str) -> Spawner {
        self.with("method", method)
    }

    /// Who it acts as; needs `imports: [security]`.
    pub fn actor(self, id: &str, meta: impl Into<Value>) -> Spawner {
        self.with("actor", Value::map().with("id", id).with("meta", meta))
    }

    /// The policies that decide what it may do; needs `imports: [security]`.
    pub fn scope(self, policies: &[&str]) -> Spawner {
        let list = policies.iter().fold(Value::list(), |list, policy| list.and(*policy));
        self.with("scope", list)
    }

    /// For `exec` and `start`: TIMEOUT after so many milliseconds.
    pub fn timeout(self, milliseconds: f64) -> Spawner {
        self.with("timeout", milliseconds)
    }

    /// Start it: its PID.
    pub fn spawn(self) -> Result<String, Error> {
        let request = self.packed();
        fetch_text(|out, cap| unsafe { imports::spawn_with(request.as_ptr(), request.len(), out, cap) })
    }

    /// Run it to its end: its value.
    pub fn exec(self) -> Result<Value, Error> {
        let request = self.packed();
        decode(&fetch(|out, cap| unsafe { imports::exec_with(request.as_ptr(), request.len(), out, cap) })?)
    }

    /// Run it without waiting: an `Answer` with this tag is its value.
    pub fn start(self, tag: i32) -> Result<(), Error> {
        let request = self.packed();
        check(unsafe { imports::start_exec(tag, request.as_ptr(), request.len()) }).map(drop)
    }

    fn packed(self) -> Vec<u8> {
        let mut request = self.request.with("args", self.args);
        if !self.messages.is_empty() {
            request = request.with("messages", self.messages);
        }
        if self.context != Value::map() {
            request = request.with("context", self.context);
        }
        encode(&request)
    }
}
