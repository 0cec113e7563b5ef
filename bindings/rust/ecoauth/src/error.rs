//! Errors: one kind per action, which is what a program can do.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ecoauth_sys as sys;

use crate::values::{milliseconds, text};

/// An enumeration of the headers: its names and numbers, and what an unknown number of a later library becomes.
macro_rules! numbered {
    ($(#[$about:meta])* $name:ident { $($(#[$note:meta])* $variant:ident = $number:expr),+ $(,)? } else $unknown:expr) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $(#[allow(missing_docs)] $(#[$note])* $variant),+ }

        impl $name {
            /// All that this release knows.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The number of the C interface.
            pub fn number(self) -> i32 {
                match self { $($name::$variant => $number),+ }
            }

            #[allow(dead_code)]
            pub(crate) fn from_number(number: i32) -> $name {
                match number { $(n if n == $number => $name::$variant,)+ _ => $unknown }
            }
        }
    };
}
pub(crate) use numbered;

/// A result code, explained in `<ecoauth/error.h>`. Of an unknown one of a later library [`Details::number`] is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Code {
    InvalidArgument,
    WrongState,
    NoMemory,
    Internal,
    Cancelled,
    Timeout,
    Reentrant,
    Forked,
    Closed,
    Unsupported,
    NotFound,
    BufferTooSmall,
    NeedsAuthorization,
    PinExpired,
    Declined,
    InvalidClient,
    UnauthorizedClient,
    Scope,
    Rejected,
    AccountLocked,
    AccountDisabled,
    Server,
    RateLimited,
    Revoked,
    Protocol,
    Network,
    Tls,
    Clock,
    Callback,
    Store,
    StorePermission,
    StoreLocked,
    StoreCorrupt,
    StoreNewer,
    StoreForeign,
    Unsaved,
    /// One of a later library.
    Unknown(i32),
}

/// The codes and their numbers.
const CODES: &[(Code, i32)] = &[
    (Code::InvalidArgument, sys::ECOAUTH_ERROR_INVALID_ARGUMENT),
    (Code::WrongState, sys::ECOAUTH_ERROR_WRONG_STATE),
    (Code::NoMemory, sys::ECOAUTH_ERROR_NO_MEMORY),
    (Code::Internal, sys::ECOAUTH_ERROR_INTERNAL),
    (Code::Cancelled, sys::ECOAUTH_ERROR_CANCELLED),
    (Code::Timeout, sys::ECOAUTH_ERROR_TIMEOUT),
    (Code::Reentrant, sys::ECOAUTH_ERROR_REENTRANT),
    (Code::Forked, sys::ECOAUTH_ERROR_FORKED),
    (Code::Closed, sys::ECOAUTH_ERROR_CLOSED),
    (Code::Unsupported, sys::ECOAUTH_ERROR_UNSUPPORTED),
    (Code::NotFound, sys::ECOAUTH_ERROR_NOT_FOUND),
    (Code::BufferTooSmall, sys::ECOAUTH_ERROR_BUFFER_TOO_SMALL),
    (Code::NeedsAuthorization, sys::ECOAUTH_ERROR_NEEDS_AUTHORIZATION),
    (Code::PinExpired, sys::ECOAUTH_ERROR_PIN_EXPIRED),
    (Code::Declined, sys::ECOAUTH_ERROR_DECLINED),
    (Code::InvalidClient, sys::ECOAUTH_ERROR_INVALID_CLIENT),
    (Code::UnauthorizedClient, sys::ECOAUTH_ERROR_UNAUTHORIZED_CLIENT),
    (Code::Scope, sys::ECOAUTH_ERROR_SCOPE),
    (Code::Rejected, sys::ECOAUTH_ERROR_REJECTED),
    (Code::AccountLocked, sys::ECOAUTH_ERROR_ACCOUNT_LOCKED),
    (Code::AccountDisabled, sys::ECOAUTH_ERROR_ACCOUNT_DISABLED),
    (Code::Server, sys::ECOAUTH_ERROR_SERVER),
    (Code::RateLimited, sys::ECOAUTH_ERROR_RATE_LIMITED),
    (Code::Revoked, sys::ECOAUTH_ERROR_REVOKED),
    (Code::Protocol, sys::ECOAUTH_ERROR_PROTOCOL),
    (Code::Network, sys::ECOAUTH_ERROR_NETWORK),
    (Code::Tls, sys::ECOAUTH_ERROR_TLS),
    (Code::Clock, sys::ECOAUTH_ERROR_CLOCK),
    (Code::Callback, sys::ECOAUTH_ERROR_CALLBACK),
    (Code::Store, sys::ECOAUTH_ERROR_STORE),
    (Code::StorePermission, sys::ECOAUTH_ERROR_STORE_PERMISSION),
    (Code::StoreLocked, sys::ECOAUTH_ERROR_STORE_LOCKED),
    (Code::StoreCorrupt, sys::ECOAUTH_ERROR_STORE_CORRUPT),
    (Code::StoreNewer, sys::ECOAUTH_ERROR_STORE_NEWER),
    (Code::StoreForeign, sys::ECOAUTH_ERROR_STORE_FOREIGN),
    (Code::Unsaved, sys::ECOAUTH_ERROR_UNSAVED),
];

impl Code {
    /// All that this release knows.
    pub fn all() -> impl Iterator<Item = Code> {
        CODES.iter().map(|(code, _)| *code)
    }

    /// The number of the C interface.
    pub fn number(self) -> i32 {
        match self {
            Code::Unknown(number) => number,
            known => CODES.iter().find(|(code, _)| *code == known).map_or(0, |(_, number)| *number),
        }
    }

    /// The code's name in the C interface, "PIN_EXPIRED"; "UNKNOWN" for one of a later library.
    pub fn name(self) -> String {
        unsafe { text(sys::ecoauth_result_name(self.number())) }
    }

    pub(crate) fn from_number(number: i32) -> Code {
        CODES.iter().find(|(_, known)| *known == number).map_or(Code::Unknown(number), |(code, _)| *code)
    }
}

numbered! {
    /// What a program can do about an error.
    Action {
        None = sys::ECOAUTH_ACTION_NONE,
        Wait = sys::ECOAUTH_ACTION_WAIT,
        Retry = sys::ECOAUTH_ACTION_RETRY,
        Reauthorize = sys::ECOAUTH_ACTION_REAUTHORIZE,
        UserAction = sys::ECOAUTH_ACTION_USER_ACTION,
        FixConfig = sys::ECOAUTH_ACTION_FIX_CONFIG,
        FixStorage = sys::ECOAUTH_ACTION_FIX_STORAGE,
        Bug = sys::ECOAUTH_ACTION_BUG,
    } else Action::UserAction
}

impl Action {
    /// The action's name in the C interface, "REAUTHORIZE".
    pub fn name(self) -> String {
        unsafe { text(sys::ecoauth_action_name(self.number())) }
    }
}

/// Whatever a store of the program has returned.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// What is known about a failed call. None of it is a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Details {
    /// What happened.
    pub code: Code,
    /// The code's number.
    pub number: i32,
    /// What a program can do.
    pub action: Action,
    /// What happened, one line.
    pub message: String,
    /// What a person can do, one line.
    pub advice: String,
    /// The earliest time for the next try.
    pub retry_after: Option<Duration>,
    /// The server's `error`, or empty.
    pub oauth_error: String,
    /// The server's `error_description`, or empty.
    pub oauth_description: String,
    /// The server's `error_uri`, or empty.
    pub oauth_uri: String,
    /// The HTTP status, when there was an answer.
    pub http_status: Option<u16>,
    /// The API's `status.code`, when there was one.
    pub api_status: Option<i32>,
    cause: Option<Cause>,
}

/// A failed call. The kind is what a program can do, or what Rust programs look for first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The operation was cancelled.
    Cancelled(Box<Details>),
    /// The time given to the call is over.
    TimedOut(Box<Details>),
    /// The client or account has been closed.
    Closed(Box<Details>),
    /// The process forked after the client was made: make a new one in the child.
    Forked(Box<Details>),
    /// Go on waiting; the library does it by itself.
    Wait(Box<Details>),
    /// Try again, not before [`Details::retry_after`].
    Retry(Box<Details>),
    /// A person must authorize again.
    Reauthorize(Box<Details>),
    /// A person must do what [`Details::advice`] says.
    UserAction(Box<Details>),
    /// The configuration is wrong.
    Config(Box<Details>),
    /// The store needs attention. What a store of the program has returned is the `source()`.
    Storage(Box<Details>),
    /// A defect: report it.
    Defect(Box<Details>),
    /// Nothing can be done about it.
    Other(Box<Details>),
}

/// What calls return.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What is known about it.
    pub fn details(&self) -> &Details {
        match self {
            Error::Cancelled(details) | Error::TimedOut(details) | Error::Closed(details) | Error::Forked(details) => details,
            Error::Wait(details) | Error::Retry(details) | Error::Reauthorize(details) => details,
            Error::UserAction(details) | Error::Config(details) | Error::Storage(details) => details,
            Error::Defect(details) | Error::Other(details) => details,
        }
    }

    /// What happened.
    pub fn code(&self) -> Code {
        self.details().code
    }

    /// What a program can do.
    pub fn action(&self) -> Action {
        self.details().action
    }

    pub(crate) fn new(number: i32, action: Action, message: &str) -> Error {
        Error::of(Details {
            code: Code::from_number(number),
            number,
            action,
            message: message.to_string(),
            advice: String::new(),
            retry_after: None,
            oauth_error: String::new(),
            oauth_description: String::new(),
            oauth_uri: String::new(),
            http_status: None,
            api_status: None,
            cause: None,
        })
    }

    pub(crate) fn closed() -> Error {
        Error::new(sys::ECOAUTH_ERROR_CLOSED, Action::None, "the client or account has been closed")
    }

    pub(crate) fn invalid(message: &str) -> Error {
        Error::new(sys::ECOAUTH_ERROR_INVALID_ARGUMENT, Action::FixConfig, message)
    }

    fn of(details: Details) -> Error {
        let details = Box::new(details);
        match (details.code, details.action) {
            (Code::Cancelled, _) => Error::Cancelled(details),
            (Code::Timeout, _) => Error::TimedOut(details),
            (Code::Closed, _) => Error::Closed(details),
            (Code::Forked, _) => Error::Forked(details),
            (_, Action::None) => Error::Other(details),
            (_, Action::Wait) => Error::Wait(details),
            (_, Action::Retry) => Error::Retry(details),
            (_, Action::Reauthorize) => Error::Reauthorize(details),
            (_, Action::UserAction) => Error::UserAction(details),
            (_, Action::FixConfig) => Error::Config(details),
            (_, Action::FixStorage) => Error::Storage(details),
            (_, Action::Bug) => Error::Defect(details),
        }
    }

    /// Reads the library's error and leaves it alone; there may be none when memory was short.
    pub(crate) unsafe fn copy(result: i32, error: *const sys::ecoauth_error) -> Error {
        if error.is_null() {
            return Error::new(result, Action::None, &text(sys::ecoauth_result_name(result)));
        }
        let retry_after = sys::ecoauth_error_retry_after_ms(error);
        let number = sys::ecoauth_error_code(error);
        Error::of(Details {
            code: Code::from_number(number),
            number,
            action: Action::from_number(sys::ecoauth_error_action(error)),
            message: text(sys::ecoauth_error_message(error)),
            advice: text(sys::ecoauth_error_advice(error)),
            retry_after: if retry_after > 0 { Some(milliseconds(retry_after)) } else { None },
            oauth_error: text(sys::ecoauth_error_oauth_error(error)),
            oauth_description: text(sys::ecoauth_error_oauth_description(error)),
            oauth_uri: text(sys::ecoauth_error_oauth_uri(error)),
            http_status: u16::try_from(sys::ecoauth_error_http_status(error)).ok().filter(|status| *status > 0),
            api_status: Some(sys::ecoauth_error_api_status(error)).filter(|status| *status >= 0),
            cause: None,
        })
    }

    /// Reads it and releases it; `Ok` with the result for a success.
    pub(crate) unsafe fn take(result: i32, error: *mut sys::ecoauth_error) -> Result<i32> {
        if result >= 0 {
            return Ok(result);
        }
        let copied = Error::copy(result, error);
        sys::ecoauth_error_free(error);
        Err(copied)
    }

    /// Puts what a store has returned behind the error that came of it.
    pub(crate) fn because(mut self, thrown: &crate::store::Thrown) -> Error {
        if let Error::Storage(details) = &mut self {
            details.cause = thrown.get();
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.details().message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.details().cause.as_ref().map(|cause| &**cause as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_action_has_its_kind() {
        for code in Code::all() {
            for action in Action::ALL {
                let error = Error::new(code.number(), *action, "text");
                assert_eq!((error.code(), error.action(), error.to_string().as_str()), (code, *action, "text"));
                let expected = match (code, *action) {
                    (Code::Cancelled, _) => matches!(error, Error::Cancelled(_)),
                    (Code::Timeout, _) => matches!(error, Error::TimedOut(_)),
                    (Code::Closed, _) => matches!(error, Error::Closed(_)),
                    (Code::Forked, _) => matches!(error, Error::Forked(_)),
                    (_, Action::None) => matches!(error, Error::Other(_)),
                    (_, Action::Wait) => matches!(error, Error::Wait(_)),
                    (_, Action::Retry) => matches!(error, Error::Retry(_)),
                    (_, Action::Reauthorize) => matches!(error, Error::Reauthorize(_)),
                    (_, Action::UserAction) => matches!(error, Error::UserAction(_)),
                    (_, Action::FixConfig) => matches!(error, Error::Config(_)),
                    (_, Action::FixStorage) => matches!(error, Error::Storage(_)),
                    (_, Action::Bug) => matches!(error, Error::Defect(_)),
                };
                assert!(expected, "{:?} {:?}: {:?}", code, action, error);
            }
        }
    }

    #[test]
    fn numbers_of_a_later_library() {
        let error = Error::new(-9999, Action::from_number(99), "text");
        assert!(matches!(error, Error::UserAction(_)));
        assert_eq!((error.code(), error.code().name().as_str(), error.details().number), (Code::Unknown(-9999), "UNKNOWN", -9999));
        assert_eq!(crate::GrantState::from_number(99), crate::GrantState::Suspect);
        assert_eq!(crate::EventKind::from_number(99), crate::EventKind::Unknown);
    }
}
