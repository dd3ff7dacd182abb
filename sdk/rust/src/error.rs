use std::fmt;

use crate::value::Value;

/// What went wrong, coarsely enough to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    NotFound,
    AlreadyExists,
    Invalid,
    PermissionDenied,
    Unavailable,
    Internal,
    Canceled,
    Conflict,
    Timeout,
    RateLimited,
    Unknown,
}

/// In the order of their codes: -1, -2 and so on.
const KINDS: [(Kind, &str); 11] = [
    (Kind::NotFound, "NOT_FOUND"),
    (Kind::AlreadyExists, "ALREADY_EXISTS"),
    (Kind::Invalid, "INVALID"),
    (Kind::PermissionDenied, "PERMISSION_DENIED"),
    (Kind::Unavailable, "UNAVAILABLE"),
    (Kind::Internal, "INTERNAL"),
    (Kind::Canceled, "CANCELED"),
    (Kind::Conflict, "CONFLICT"),
    (Kind::Timeout, "TIMEOUT"),
    (Kind::RateLimited, "RATE_LIMITED"),
    (Kind::Unknown, "UNKNOWN"),
];

impl Kind {
    /// What a call that fails with this kind answers.
    pub fn code(self) -> i32 {
        -1 - self as i32
    }

    /// `NOT_FOUND`, as it is written in every language.
    pub fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    /// The kind of a code; `Unknown` for anything that is none.
    pub fn of_code(code: i32) -> Kind {
        KINDS.iter().map(|entry| entry.0).find(|kind| kind.code() == code).unwrap_or(Kind::Unknown)
    }

    /// The kind of a name; `Unknown` for anything that is none.
    pub fn of_name(name: &str) -> Kind {
        KINDS.iter().find(|entry| entry.1 == name).map_or(Kind::Unknown, |entry| entry.0)
    }
}

/// An error of the system, the same in every language.
#[derive(Clone, PartialEq)]
pub struct Error {
    pub kind: Kind,
    pub message: String,
    /// Whether trying again may help; `None`: unknown.
    pub retryable: Option<bool>,
    /// A map, if there are any.
    pub details: Option<Value>,
    /// Where it happened, as the language that it comes from says it.
    pub stack: Option<String>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), retryable: None, details: None, stack: None }
    }

    pub fn retryable(mut self, retryable: bool) -> Error {
        self.retryable = Some(retryable);
        self
    }

    /// A map: `error.details(Value::map().with("limit", 5))`.
    pub fn details(mut self, details: Value) -> Error {
        self.details = Some(details);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind.name(), self.message)
    }
}

/// As `Display`: an `expect` would else take along what writes floats, a third of a small module.
impl fmt::Debug for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl std::error::Error for Error {}
