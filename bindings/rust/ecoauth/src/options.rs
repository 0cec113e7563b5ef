//! The settings of a client.
use std::fmt;
use std::os::raw::c_char;
use std::time::Duration;

use ecoauth_sys as sys;

use crate::core::{to_c, Handlers};
use crate::error::{numbered, Result};
use crate::store::{Seal, Storage, Thrown};
use crate::values::{Event, LogLevel, Pin};

numbered! {
    /// When tokens are refreshed (`<ecoauth/options.h>`).
    KeepFresh { OnDemand = sys::ECOAUTH_KEEP_FRESH_ON_DEMAND, Always = sys::ECOAUTH_KEEP_FRESH_ALWAYS } else KeepFresh::OnDemand
}
numbered! {
    /// Who refreshes.
    Role { Owner = sys::ECOAUTH_ROLE_OWNER, Follower = sys::ECOAUTH_ROLE_FOLLOWER } else Role::Owner
}
numbered! {
    /// When the server is asked whether a PIN was approved.
    Polling { Auto = sys::ECOAUTH_POLLING_AUTO, OnDemand = sys::ECOAUTH_POLLING_ON_DEMAND } else Polling::Auto
}
numbered! {
    /// Where the parameters of a token request travel.
    ParameterStyle { Body = sys::ECOAUTH_PARAMETERS_BODY, Query = sys::ECOAUTH_PARAMETERS_QUERY } else ParameterStyle::Body
}
numbered! {
    /// Ways of authorizing by a browser (`<ecoauth/account.h>`).
    Flow { Code = sys::ECOAUTH_FLOW_CODE, CodePkce = sys::ECOAUTH_FLOW_CODE_PKCE, Utility = sys::ECOAUTH_FLOW_UTILITY } else Flow::Code
}

type Text = unsafe extern "C" fn(*mut sys::ecoauth_options, *const c_char) -> i32;
type Number = unsafe extern "C" fn(*mut sys::ecoauth_options, i32) -> i32;
type Time = unsafe extern "C" fn(*mut sys::ecoauth_options, i64) -> i32;

enum Value {
    Text(Text, String),
    Number(Number, i32),
    Time(Time, Duration),
    AdvisoryWindow(i32, i32),
    MandatoryWindow(Duration, i32),
}

/// A builder for the settings of a client; what is not set is the library's default (`<ecoauth/options.h>`).
pub struct Options {
    storage: Storage,
    seal: Option<Seal>,
    values: Vec<Value>,
    handlers: Handlers,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options(..)")
    }
}

macro_rules! setters {
    ($($(#[$about:meta])* $name:ident($($argument:ident: $kind:ty),+) => $value:expr;)+) => {
        $($(#[$about])*
        pub fn $name(mut self, $($argument: $kind),+) -> Options {
            self.values.push($value);
            self
        })+
    };
}

impl Options {
    /// Options with a store, and every default.
    pub fn new(storage: Storage) -> Options {
        Options { storage, seal: None, values: Vec::new(), handlers: Handlers::default() }
    }

    setters! {
        /// The application key, a secret.
        client_id(value: &str) => Value::Text(sys::ecoauth_options_set_client_id, value.to_string());
        /// The scope to ask for.
        scope(value: &str) => Value::Text(sys::ecoauth_options_set_scope, value.to_string());
        /// The server.
        base_url(value: &str) => Value::Text(sys::ecoauth_options_set_base_url, value.to_string());
        /// The `User-Agent`.
        user_agent(value: &str) => Value::Text(sys::ecoauth_options_set_user_agent, value.to_string());
        /// CA certificates to trust instead of the system's.
        ca_file(value: &str) => Value::Text(sys::ecoauth_options_set_ca_file, value.to_string());
        /// An HTTP proxy.
        proxy(value: &str) => Value::Text(sys::ecoauth_options_set_proxy, value.to_string());
        /// The parameter `ecobee_type`; empty: not sent.
        token_format(value: &str) => Value::Text(sys::ecoauth_options_set_token_format, value.to_string());
        /// The portal's address to show with a PIN.
        verification_url(value: &str) => Value::Text(sys::ecoauth_options_set_verification_url, value.to_string());
        /// Up to which level there are [`Event::Log`]s.
        log_level(value: LogLevel) => Value::Number(sys::ecoauth_options_set_log_level, value.number());
        /// When tokens are refreshed.
        keep_fresh(value: KeepFresh) => Value::Number(sys::ecoauth_options_set_keep_fresh, value.number());
        /// Who refreshes.
        role(value: Role) => Value::Number(sys::ecoauth_options_set_role, value.number());
        /// When the server is asked whether a PIN was approved.
        polling(value: Polling) => Value::Number(sys::ecoauth_options_set_polling, value.number());
        /// Where the parameters of a token request travel.
        parameter_style(value: ParameterStyle) => Value::Number(sys::ecoauth_options_set_parameter_style, value.number());
        /// How long one request may take.
        request_timeout(value: Duration) => Value::Time(sys::ecoauth_options_set_request_timeout_ms, value);
        /// How long connecting may take of it.
        connect_timeout(value: Duration) => Value::Time(sys::ecoauth_options_set_connect_timeout_ms, value);
        /// How long the end of a client may wait for running exchanges.
        shutdown_timeout(value: Duration) => Value::Time(sys::ecoauth_options_set_shutdown_timeout_ms, value);
        /// Between which percentages of its life a token is refreshed in the background.
        advisory_window(first_percent: i32, last_percent: i32) => Value::AdvisoryWindow(first_percent, last_percent);
        /// How long before its end a token is not handed out without a refresh.
        mandatory_window(min_left: Duration, left_percent: i32) => Value::MandatoryWindow(min_left, left_percent);
    }

    /// Encrypts records.
    pub fn seal(mut self, seal: Seal) -> Options {
        self.seal = Some(seal);
        self
    }

    /// Who shows PINs. Called on the client's own thread, like `on_event`; calls that wait are refused inside it.
    pub fn on_pin(mut self, handler: impl Fn(&Pin) + Send + Sync + 'static) -> Options {
        self.handlers.on_pin = Some(Box::new(handler));
        self
    }

    /// Who gets events. A panic in a handler is kept for [`crate::Client::take_panic`].
    pub fn on_event(mut self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Options {
        self.handlers.on_event = Some(Box::new(handler));
        self
    }

    /// The library's options. Whoever gets them gives them to `ecoauth_client_new()`, which tells what they have refused.
    pub(crate) fn build(self) -> Result<(*mut sys::ecoauth_options, Handlers, Thrown)> {
        let thrown = Thrown::default();
        let options = unsafe { sys::ecoauth_options_new() };
        match fill(options, self.storage, self.seal, &self.values, &thrown) {
            Ok(()) => Ok((options, self.handlers, thrown)),
            Err(error) => {
                unsafe { sys::ecoauth_options_free(options) };
                Err(error)
            }
        }
    }
}

fn fill(
    options: *mut sys::ecoauth_options,
    storage: Storage,
    seal: Option<Seal>,
    values: &[Value],
    thrown: &Thrown,
) -> Result<()> {
    let store = storage.make(thrown)?;
    if let Some(seal) = seal {
        if let Err(error) = seal.apply(store, thrown) {
            unsafe { sys::ecoauth_store_free(store) };
            return Err(error);
        }
    }
    unsafe {
        sys::ecoauth_options_set_store(options, store);
        sys::ecoauth_options_set_dispatch(options, sys::ECOAUTH_DISPATCH_POLL);
        for value in values {
            match value {
                Value::Text(set, value) => set(options, to_c(value)?.as_ptr()),
                Value::Number(set, value) => set(options, *value),
                Value::Time(set, value) => set(options, to_ms(*value)),
                Value::AdvisoryWindow(first, last) => sys::ecoauth_options_set_advisory_window(options, *first, *last),
                Value::MandatoryWindow(left, percent) => sys::ecoauth_options_set_mandatory_window(options, to_ms(*left), *percent),
            };
        }
    }
    Ok(())
}

pub(crate) fn to_ms(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
