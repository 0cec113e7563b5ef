//! The client, and what is asked of the library itself.
use std::any::Any;
use std::fmt;
use std::ptr::null_mut;
use std::sync::Arc;
use std::time::Duration;

use ecoauth_sys as sys;

use crate::account::Account;
use crate::core::{refuse_inside_callback, to_c, Core};
use crate::error::{Error, Result};
use crate::options::{to_ms, Options};
use crate::values::text;

/// One application: client id, server, store. `Send` and `Sync`. Dropping it closes it.
pub struct Client {
    core: Arc<Core>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

impl Client {
    /// Makes a client. Nothing is started, opened or sent yet.
    pub fn new(options: Options) -> Result<Client> {
        let (options, handlers, thrown) = options.build()?;
        Ok(Client { core: Core::new(options, handlers, thrown)? })
    }

    /// Opens a handle on the account of this name ("default" is the usual one).
    pub fn account(&self, name: &str) -> Result<Account> {
        let name = to_c(name)?;
        let (mut account, mut error) = (null_mut(), null_mut());
        self.core.borrow(|client| unsafe {
            Error::take(sys::ecoauth_account_open(client, name.as_ptr(), &mut account, &mut error), error)
        })?;
        Ok(Account::new(&self.core, account))
    }

    /// The names of the accounts that the store has records of. Waits up to `timeout`.
    pub fn accounts(&self, timeout: Duration) -> Result<Vec<String>> {
        refuse_inside_callback()?;
        let (mut list, mut error) = (null_mut(), null_mut());
        let result = self.core.borrow(|client| unsafe {
            Error::take(sys::ecoauth_client_accounts(client, to_ms(timeout), &mut list, &mut error), error)
        });
        result.map_err(|error| self.core.explain(error))?;
        unsafe {
            let names =
                (0..sys::ecoauth_account_list_size(list)).map(|index| text(sys::ecoauth_account_list_key(list, index))).collect();
            sys::ecoauth_account_list_free(list);
            Ok(names)
        }
    }

    /// Starts nothing new from now on, and waits until running exchanges have finished and everything is saved.
    pub fn quiesce(&self, timeout: Duration) -> Result<()> {
        refuse_inside_callback()?;
        let mut error = null_mut();
        self.core.borrow(|client| unsafe {
            Error::take(sys::ecoauth_client_quiesce(client, to_ms(timeout), &mut error), error).map(|_| ())
        })
    }

    /// Ends the client: running exchanges may finish and are saved, bounded by the shutdown time-out. Operations end as cancelled or
    /// closed. Again it does nothing. Inside a handler or store it only begins to, and does not wait.
    pub fn close(&self) {
        self.core.close();
    }

    /// The panic of a handler, once.
    pub fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.core.take_panic()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.core.close();
    }
}

/// The loaded library's version.
pub fn version() -> String {
    unsafe { text(sys::ecoauth_version_string()) }
}

/// Whether the loaded library can do this (`<ecoauth/runtime.h>`).
pub fn has_feature(name: &str) -> bool {
    to_c(name).map_or(false, |name| unsafe { sys::ecoauth_has_feature(name.as_ptr()) == 1 })
}

/// What the library runs on, for bug reports: "poco", "openssl", "openssl-file" ...
pub fn runtime_info(what: &str) -> Option<String> {
    let what = to_c(what).ok()?;
    let said = unsafe { sys::ecoauth_runtime_info(what.as_ptr()) };
    if said.is_null() {
        return None;
    }
    Some(unsafe { text(said) })
}
