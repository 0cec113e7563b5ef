//! One user's grant.
use std::fmt;
use std::ptr::{null, null_mut};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ecoauth_sys as sys;

use crate::core::{to_c, Core};
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::options::{to_ms, Flow};
use crate::values::{copy_status, Completion, Response, Status, Token};

/// One user's grant under a name. `Send` and `Sync`. It may live longer than its client, and answers [`Error::Closed`] then.
///
/// What may wait returns an [`Operation`] that has begun: `.await` it, or [`wait`](Operation::wait) for it.
pub struct Account {
    core: Arc<Core>,
    handle: RwLock<Handle>,
}

struct Handle(*mut sys::ecoauth_account);

// The library's accounts may be used from any thread.
unsafe impl Send for Handle {}
unsafe impl Sync for Handle {}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Account(..)")
    }
}

/// What a request may have beside its usual parts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extras<'a> {
    /// Names and values; none that the library sends itself.
    pub headers: &'a [(&'a str, &'a str)],
    /// Up to 64 MiB; 0: 4 MiB.
    pub max_response_bytes: usize,
}

impl Extras<'_> {
    /// Refuses line feeds: one in a value would begin a header of its own.
    fn lines(&self) -> Result<String> {
        let mut lines = String::new();
        for (name, value) in self.headers {
            if name.contains('\n') || value.contains('\n') {
                return Err(Error::invalid("a header holds a line feed"));
            }
            lines += &format!("{}: {}\n", name, value);
        }
        Ok(lines)
    }
}

type Failure = *mut *mut sys::ecoauth_error;

fn nothing(_: Completion) {}

impl Account {
    pub(crate) fn new(core: &Arc<Core>, handle: *mut sys::ecoauth_account) -> Account {
        Account { core: Arc::clone(core), handle: RwLock::new(Handle(handle)) }
    }

    /// Lends the pointer to one call that does not wait.
    fn with<T>(&self, function: impl FnOnce(*mut sys::ecoauth_account) -> T) -> Result<T> {
        self.core.check_process()?;
        let handle = self.handle.read().unwrap_or_else(PoisonError::into_inner);
        if handle.0.is_null() {
            return Err(Error::closed());
        }
        Ok(function(handle.0))
    }

    fn call(&self, function: impl FnOnce(*mut sys::ecoauth_account, Failure) -> i32) -> Result<i32> {
        let mut error = null_mut();
        let result = self.with(|account| function(account, &mut error))?;
        unsafe { Error::take(result, error) }
    }

    fn begin<T>(
        &self,
        convert: fn(Completion) -> T,
        start: impl FnOnce(*mut sys::ecoauth_account, *mut i64, Failure) -> i32,
    ) -> Operation<T> {
        Operation::begin(&self.core, convert, |operation, error| self.with(|account| start(account, operation, error)))
    }

    fn begin_text<T>(
        &self,
        convert: fn(Completion) -> T,
        text: &str,
        start: impl FnOnce(*mut sys::ecoauth_account, *const std::os::raw::c_char, *mut i64, Failure) -> i32,
    ) -> Operation<T> {
        let text = to_c(text);
        Operation::begin(&self.core, convert, |operation, error| {
            let text = text?;
            self.with(|account| start(account, text.as_ptr(), operation, error))
        })
    }

    /// Gets a PIN, hands it to `Options::on_pin`, waits until the user has approved it, and saves the tokens. Cancelled, the PIN stays
    /// valid, and the next authorization shows it again.
    pub fn authorize_pin(&self) -> Operation<()> {
        self.begin(nothing, |account, operation, error| unsafe {
            sys::ecoauth_account_authorize_pin_start(account, operation, error)
        })
    }

    /// The user says "done": the server is asked as soon as it allows.
    pub fn check_now(&self) -> Result<()> {
        self.call(|account, error| unsafe { sys::ecoauth_account_check_now(account, error) }).map(|_| ())
    }

    /// The address to open in a browser.
    pub fn authorize_url(&self, flow: Flow, redirect_uri: &str) -> Operation<String> {
        self.begin_text(
            |ended| ended.text,
            redirect_uri,
            |account, text, operation, error| unsafe {
                sys::ecoauth_account_authorize_url_start(account, flow.number(), text, operation, error)
            },
        )
    }

    /// Takes the whole address to which the browser was sent back.
    pub fn complete_redirect(&self, redirected_url: &str) -> Operation<()> {
        self.begin_text(nothing, redirected_url, |account, text, operation, error| unsafe {
            sys::ecoauth_account_complete_redirect_start(account, text, operation, error)
        })
    }

    /// An access token, refreshed when needed.
    pub fn token(&self) -> Operation<Token> {
        self.token_valid_for(Duration::ZERO)
    }

    /// One that is valid for at least so long.
    pub fn token_valid_for(&self, least: Duration) -> Operation<Token> {
        self.begin(
            |ended| ended.token.expect("the library's success has a token"),
            |account, operation, error| unsafe { sys::ecoauth_account_get_token_start(account, to_ms(least), operation, error) },
        )
    }

    /// The access token in memory and its generation, if there is one that has not expired; for hot paths. It never refreshes.
    pub fn token_in_memory(&self) -> Option<(String, i64)> {
        let mut buffer = vec![0u8; 2048];
        loop {
            let (mut needed, mut generation) = (0, 0);
            let result = self.with(|account| unsafe {
                sys::ecoauth_account_copy_token(account, buffer.as_mut_ptr().cast(), buffer.len(), &mut needed, &mut generation)
            });
            match result {
                Ok(sys::ECOAUTH_ERROR_BUFFER_TOO_SMALL) => buffer = vec![0; needed],
                Ok(0..) => {
                    let end = buffer.iter().position(|byte| *byte == 0)?;
                    buffer.truncate(end);
                    return Some((String::from_utf8(buffer).ok()?, generation));
                }
                _ => return None,
            }
        }
    }

    /// Counts the token pairs: whether it has changed. 0 without one.
    pub fn generation(&self) -> i64 {
        self.with(|account| unsafe { sys::ecoauth_account_generation(account) }).map_or(0, |generation| generation.max(0))
    }

    /// The API refused the token of this generation: it is refreshed before it is handed out again. True when there is a newer one.
    pub fn report_rejected(&self, generation: i64) -> Result<bool> {
        let result = self.call(|account, error| unsafe { sys::ecoauth_account_report_rejected(account, generation, error) })?;
        Ok(result == sys::ECOAUTH_ALREADY_DONE)
    }

    /// Refreshes now, within the limits of one in 60 s and six in an hour.
    pub fn refresh(&self) -> Operation<()> {
        self.begin(nothing, |account, operation, error| unsafe { sys::ecoauth_account_refresh_start(account, operation, error) })
    }

    /// A GET of the API; `target` is path and query.
    pub fn get(&self, target: &str) -> Operation<Response> {
        self.request("GET", target, None, None)
    }

    /// An authorized request of the API. Without a content type a body is JSON. A refused token is refreshed and the request repeated
    /// once. Any answer of the API is a success.
    pub fn request(&self, method: &str, target: &str, body: Option<&[u8]>, content_type: Option<&str>) -> Operation<Response> {
        self.request_with(method, target, body, content_type, &Extras::default())
    }

    /// The same with headers of the program's, and with another limit of the answer.
    pub fn request_with(
        &self,
        method: &str,
        target: &str,
        body: Option<&[u8]>,
        content_type: Option<&str>,
        extras: &Extras<'_>,
    ) -> Operation<Response> {
        let texts = to_c(method)
            .and_then(|method| Ok((method, to_c(target)?, to_c(&extras.lines()?)?, content_type.map(to_c).transpose()?)));
        Operation::begin(
            &self.core,
            |ended| ended.response.expect("the library's success has a response"),
            |operation, error| {
                let (method, target, headers, content_type) = texts?;
                let content_type = content_type.as_ref().map_or(null(), |text| text.as_ptr());
                let (data, size) = body.map_or((null(), 0), |body| (body.as_ptr().cast(), body.len()));
                let (method, target, headers) = (method.as_ptr(), target.as_ptr(), headers.as_ptr());
                let most = i64::try_from(extras.max_response_bytes).unwrap_or(i64::MAX);
                self.with(|account| unsafe {
                    sys::ecoauth_account_request_with_start(
                        account,
                        method,
                        target,
                        headers,
                        data,
                        size,
                        content_type,
                        most,
                        operation,
                        error,
                    )
                })
            },
        )
    }

    /// Brings a refresh token from elsewhere under the library's care. Whoever had it must not use it any more.
    pub fn import(&self, refresh_token: &str) -> Operation<()> {
        self.begin_text(nothing, refresh_token, |account, text, operation, error| unsafe {
            sys::ecoauth_account_import_start(account, text, operation, error)
        })
    }

    /// Forgets the grant and any pending authorization, on disk too; false when there was nothing.
    pub fn sign_out(&self) -> Operation<bool> {
        self.begin(
            |ended| ended.result != sys::ECOAUTH_ALREADY_DONE,
            |account, operation, error| unsafe { sys::ecoauth_account_sign_out_start(account, operation, error) },
        )
    }

    /// What it looks like, as far as it is known in memory; `wait_for_change(0)` has the store read first.
    pub fn status(&self) -> Result<Status> {
        let mut status = null_mut();
        self.call(|account, error| unsafe { sys::ecoauth_account_status(account, &mut status, error) })?;
        unsafe {
            let copied = copy_status(status);
            sys::ecoauth_status_free(status);
            Ok(copied)
        }
    }

    /// The most recent failure, in foreground or background; a success clears it.
    pub fn last_error(&self) -> Result<Option<Error>> {
        let mut error = null_mut();
        let result = self.with(|account| unsafe { sys::ecoauth_account_last_error(account, &mut error) })?;
        if result == sys::ECOAUTH_ERROR_NOT_FOUND {
            return Ok(None);
        }
        unsafe {
            let copied = Error::copy(result, error);
            sys::ecoauth_error_free(error);
            if result < 0 {
                Err(copied)
            } else {
                Ok(Some(copied))
            }
        }
    }

    /// Waits until the status has another revision than this one; with 0, until the store has been read.
    pub fn wait_for_change(&self, seen_revision: i64) -> Operation<()> {
        self.begin(nothing, |account, operation, error| unsafe {
            sys::ecoauth_account_wait_start(account, seen_revision, operation, error)
        })
    }

    /// Ends the handle, as dropping it does; the grant and running operations are not touched. Again it does nothing.
    pub fn close(&self) {
        if self.core.check_process().is_ok() {
            let mut handle = self.handle.write().unwrap_or_else(PoisonError::into_inner);
            unsafe { sys::ecoauth_account_close(handle.0) };
            handle.0 = null_mut();
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.close();
    }
}

#[allow(dead_code)]
fn stated<T: Send + Sync>() {}
const _: fn() = || {
    stated::<Account>();
    stated::<crate::Client>();
    stated::<Operation<Token>>();
    stated::<Error>();
};
