//! What the library hands out, copied into values of Rust.
use std::ffi::CStr;
use std::fmt;
use std::os::raw::c_char;
use std::time::Duration;

use ecoauth_sys as sys;

use crate::error::{numbered, Error};

numbered! {
    /// How a grant is. An unknown one of a later library is `Suspect`.
    GrantState {
        None = sys::ECOAUTH_GRANT_NONE,
        Active = sys::ECOAUTH_GRANT_ACTIVE,
        Suspect = sys::ECOAUTH_GRANT_SUSPECT,
        NeedsReauthorization = sys::ECOAUTH_GRANT_NEEDS_REAUTHORIZATION,
        Blocked = sys::ECOAUTH_GRANT_BLOCKED,
    } else GrantState::Suspect
}

numbered! {
    /// What happened.
    EventKind {
        Pin = sys::ECOAUTH_EVENT_PIN,
        Progress = sys::ECOAUTH_EVENT_PROGRESS,
        State = sys::ECOAUTH_EVENT_STATE,
        Token = sys::ECOAUTH_EVENT_TOKEN,
        Completed = sys::ECOAUTH_EVENT_COMPLETED,
        Log = sys::ECOAUTH_EVENT_LOG,
        Unsaved = sys::ECOAUTH_EVENT_UNSAVED,
        Closed = sys::ECOAUTH_EVENT_CLOSED,
        Unknown = 0,
    } else EventKind::Unknown
}

numbered! {
    /// Levels of log lines.
    LogLevel {
        None = sys::ECOAUTH_LOG_NONE,
        Error = sys::ECOAUTH_LOG_ERROR,
        Warning = sys::ECOAUTH_LOG_WARNING,
        Info = sys::ECOAUTH_LOG_INFO,
        Debug = sys::ECOAUTH_LOG_DEBUG,
        Trace = sys::ECOAUTH_LOG_TRACE,
    } else LogLevel::Trace
}

/// What is so besides the state, as bits; later libraries may add some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(pub i32);

#[allow(missing_docs)]
impl Flags {
    pub const AUTHORIZING: Flags = Flags(sys::ECOAUTH_FLAG_AUTHORIZING);
    pub const REFRESHING: Flags = Flags(sys::ECOAUTH_FLAG_REFRESHING);
    pub const AMBIGUOUS: Flags = Flags(sys::ECOAUTH_FLAG_AMBIGUOUS);
    pub const UNSAVED: Flags = Flags(sys::ECOAUTH_FLAG_UNSAVED);
    pub const DEGRADED: Flags = Flags(sys::ECOAUTH_FLAG_DEGRADED);
    pub const CLOCK_SUSPECT: Flags = Flags(sys::ECOAUTH_FLAG_CLOCK_SUSPECT);

    pub fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Bytes that never show in `Debug`, and are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// The bytes themselves.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    fn as_text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        for byte in &mut self.0 {
            unsafe { std::ptr::write_volatile(byte, 0) };
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// What to show to the user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Pin {
    /// The account's name.
    pub account: String,
    /// Where the user enters it.
    pub verification_url: String,
    /// Until it expires.
    pub remaining: Duration,
    /// The scope asked for.
    pub scope: String,
    pin: Secret,
}

impl Pin {
    /// The PIN itself, exactly as it is to be shown.
    pub fn pin(&self) -> &str {
        self.pin.as_text()
    }
}

/// An access token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Token {
    /// For `Account::report_rejected`.
    pub generation: i64,
    /// How long it was valid for when it was handed out.
    pub valid_for: Duration,
    /// The scope that was granted.
    pub scope: String,
    /// False while the newest token pair could not be saved yet.
    pub saved: bool,
    header: Secret,
}

impl Token {
    /// The token itself.
    pub fn access_token(&self) -> &str {
        self.authorization_header().strip_prefix("Bearer ").unwrap_or_default()
    }

    /// The whole value of an `Authorization` header.
    pub fn authorization_header(&self) -> &str {
        self.header.as_text()
    }
}

/// The API's answer to an authorized request.
#[derive(Clone)]
#[non_exhaustive]
pub struct Response {
    /// The HTTP status.
    pub http_status: u16,
    /// The API's `status.code`, when the body has one.
    pub api_status: Option<i32>,
    /// The body.
    pub body: Vec<u8>,
    /// The `Content-Type`, or empty.
    pub content_type: String,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response(HTTP {}, API {:?}, {} bytes)", self.http_status, self.api_status, self.body.len())
    }
}

/// What an account looked like at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub struct Status {
    pub account: String,
    pub revision: i64,
    pub state: GrantState,
    pub reason: String,
    pub flags: Flags,
    pub generation: i64,
    pub token_valid_for: Duration,
    pub token_age: Option<Duration>,
    pub next_try: Option<Duration>,
    pub pin_valid_for: Duration,
    pub scope_granted: String,
    pub scope_asked: String,
    pub scope_satisfied: Option<bool>,
    pub origin: String,
    pub client_fingerprint: String,
    pub store: String,
    pub seal: String,
}

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Event {
    Pin(Pin),
    Progress {
        account: String,
        remaining: Duration,
    },
    State {
        account: String,
        state: GrantState,
        flags: Flags,
        generation: i64,
        error: Option<Error>,
    },
    Token {
        account: String,
        generation: i64,
    },
    Log {
        level: LogLevel,
        line: String,
        dropped: i64,
    },
    /// A token pair could not be saved; the record is to be kept by the program if it can.
    Unsaved {
        account: String,
        error: Option<Error>,
        record: Secret,
    },
    Closed,
}

/// What a COMPLETED event brings.
pub(crate) struct Completion {
    pub result: i32,
    pub token: Option<Token>,
    pub response: Option<Response>,
    pub text: String,
}

pub(crate) fn milliseconds(number: i64) -> Duration {
    Duration::from_millis(u64::try_from(number).unwrap_or(0))
}

fn known(number: i64) -> Option<Duration> {
    u64::try_from(number).ok().map(Duration::from_millis)
}

pub(crate) unsafe fn text(pointer: *const c_char) -> String {
    if pointer.is_null() {
        return String::new();
    }
    CStr::from_ptr(pointer).to_string_lossy().into_owned()
}

unsafe fn secret(pointer: *const c_char) -> Secret {
    Secret(CStr::from_ptr(pointer).to_bytes().to_vec())
}

unsafe fn bytes(pointer: *const u8, size: usize) -> Vec<u8> {
    if pointer.is_null() || size == 0 {
        return Vec::new();
    }
    std::slice::from_raw_parts(pointer, size).to_vec()
}

unsafe fn copy_token(token: *const sys::ecoauth_token, result: i32) -> Token {
    Token {
        generation: sys::ecoauth_token_generation(token),
        valid_for: milliseconds(sys::ecoauth_token_valid_ms(token)),
        scope: text(sys::ecoauth_token_scope(token)),
        saved: result != sys::ECOAUTH_UNSAVED_BUT_USABLE,
        header: secret(sys::ecoauth_token_authorization_header(token)),
    }
}

unsafe fn copy_response(response: *const sys::ecoauth_response) -> Response {
    Response {
        http_status: u16::try_from(sys::ecoauth_response_http_status(response)).unwrap_or(0),
        api_status: Some(sys::ecoauth_response_api_status(response)).filter(|status| *status >= 0),
        body: bytes(sys::ecoauth_response_body(response).cast(), sys::ecoauth_response_body_bytes(response)),
        content_type: text(sys::ecoauth_response_content_type(response)),
    }
}

pub(crate) unsafe fn copy_status(status: *const sys::ecoauth_status) -> Status {
    let satisfied = sys::ecoauth_status_scope_satisfied(status);
    Status {
        account: text(sys::ecoauth_status_account_key(status)),
        revision: sys::ecoauth_status_revision(status),
        state: GrantState::from_number(sys::ecoauth_status_grant_state(status)),
        reason: text(sys::ecoauth_status_reason(status)),
        flags: Flags(sys::ecoauth_status_flags(status)),
        generation: sys::ecoauth_status_generation(status),
        token_valid_for: milliseconds(sys::ecoauth_status_token_valid_ms(status)),
        token_age: known(sys::ecoauth_status_token_age_ms(status)),
        next_try: known(sys::ecoauth_status_next_try_ms(status)),
        pin_valid_for: milliseconds(sys::ecoauth_status_pin_valid_ms(status)),
        scope_granted: text(sys::ecoauth_status_scope_granted(status)),
        scope_asked: text(sys::ecoauth_status_scope_asked(status)),
        scope_satisfied: if satisfied < 0 { None } else { Some(satisfied == 1) },
        origin: text(sys::ecoauth_status_origin(status)),
        client_fingerprint: text(sys::ecoauth_status_client_fingerprint(status)),
        store: text(sys::ecoauth_status_store(status)),
        seal: text(sys::ecoauth_status_seal(status)),
    }
}

pub(crate) unsafe fn copy_completion(event: *const sys::ecoauth_event) -> Result<Completion, Error> {
    let result = sys::ecoauth_event_result(event);
    if result < 0 {
        return Err(Error::copy(result, sys::ecoauth_event_error(event)));
    }
    let (token, response) = (sys::ecoauth_event_token(event), sys::ecoauth_event_response(event));
    Ok(Completion {
        result,
        token: if token.is_null() { None } else { Some(copy_token(token, result)) },
        response: if response.is_null() { None } else { Some(copy_response(response)) },
        text: text(sys::ecoauth_event_text(event)),
    })
}

/// None for those that handlers do not get: completions are what calls return, and unknown kinds are ignored.
pub(crate) unsafe fn copy_event(event: *const sys::ecoauth_event) -> Option<Event> {
    let account = text(sys::ecoauth_event_account_key(event));
    let remaining = milliseconds(sys::ecoauth_event_remaining_ms(event));
    let failure = sys::ecoauth_event_error(event);
    let error = if failure.is_null() { None } else { Some(Error::copy(sys::ecoauth_error_code(failure), failure)) };
    let generation = sys::ecoauth_event_generation(event);
    Some(match EventKind::from_number(sys::ecoauth_event_kind(event)) {
        EventKind::Pin => Event::Pin(Pin {
            account,
            verification_url: text(sys::ecoauth_event_verification_url(event)),
            remaining,
            scope: text(sys::ecoauth_event_text(event)),
            pin: secret(sys::ecoauth_event_pin(event)),
        }),
        EventKind::Progress => Event::Progress { account, remaining },
        EventKind::State => Event::State {
            account,
            state: GrantState::from_number(sys::ecoauth_event_state(event)),
            flags: Flags(sys::ecoauth_event_flags(event)),
            generation,
            error,
        },
        EventKind::Token => Event::Token { account, generation },
        EventKind::Log => Event::Log {
            level: LogLevel::from_number(sys::ecoauth_event_log_level(event)),
            line: text(sys::ecoauth_event_text(event)),
            dropped: sys::ecoauth_event_dropped(event),
        },
        EventKind::Unsaved => Event::Unsaved {
            account,
            error,
            record: Secret(bytes(sys::ecoauth_event_data(event).cast(), sys::ecoauth_event_data_bytes(event))),
        },
        EventKind::Closed => Event::Closed,
        EventKind::Completed | EventKind::Unknown => return None,
    })
}
