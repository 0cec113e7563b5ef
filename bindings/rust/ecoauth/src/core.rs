//! What clients, accounts and operations share: the library's client, its reader, and the table of operations under way.
use std::any::Any;
use std::cell::Cell;
use std::collections::HashMap;
use std::ffi::CString;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr::null_mut;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use ecoauth_sys as sys;

use crate::error::{Action, Error, Result};
use crate::operation::Waiter;
use crate::store::Thrown;
use crate::values::{copy_completion, copy_event, Event, Pin};

/// The program's functions for events.
#[derive(Default)]
pub(crate) struct Handlers {
    pub on_pin: Option<Box<dyn Fn(&Pin) + Send + Sync>>,
    pub on_event: Option<Box<dyn Fn(&Event) + Send + Sync>>,
}

pub(crate) struct Core {
    client: *mut sys::ecoauth_client,
    process: u32,
    handlers: Handlers,
    thrown: Thrown,
    state: Mutex<State>,
    changed: Condvar,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// The library's clients may be used from any thread; everything else in it is behind locks, or Send and Sync itself.
unsafe impl Send for Core {}
unsafe impl Sync for Core {}

#[derive(Default)]
struct State {
    closed: bool,
    freed: bool,
    done: bool,
    reading: bool,
    borrowed: usize,
    pending: HashMap<i64, Arc<Waiter>>,
}

thread_local! {
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a function of the program that the library waits for: what waits inside it would wait for itself.
pub(crate) fn inside_callback<T>(function: impl FnOnce() -> T) -> T {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            INSIDE.with(|inside| inside.set(self.0));
        }
    }
    let _leave = Leave(INSIDE.with(|inside| inside.replace(true)));
    function()
}

pub(crate) fn refuse_inside_callback() -> Result<()> {
    if INSIDE.with(Cell::get) {
        return Err(Error::new(sys::ECOAUTH_ERROR_REENTRANT, Action::Bug, "a call that waits was made from inside a callback"));
    }
    Ok(())
}

pub(crate) fn to_c(text: &str) -> Result<CString> {
    CString::new(text).map_err(|_| Error::invalid("a text holds a NUL character"))
}

impl Core {
    pub(crate) fn new(options: *mut sys::ecoauth_options, handlers: Handlers, thrown: Thrown) -> Result<Arc<Core>> {
        let (mut client, mut error) = (null_mut(), null_mut());
        unsafe { Error::take(sys::ecoauth_client_new(options, &mut client, &mut error), error)? };
        Ok(Arc::new(Core {
            client,
            process: std::process::id(),
            handlers,
            thrown,
            state: Mutex::default(),
            changed: Condvar::new(),
            panic: Mutex::default(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In a child of the process its locks may be held by threads that the child does not have.
    pub(crate) fn check_process(&self) -> Result<()> {
        if std::process::id() != self.process {
            return Err(Error::new(sys::ECOAUTH_ERROR_FORKED, Action::Bug, "the process forked after the client was made"));
        }
        Ok(())
    }

    pub(crate) fn explain(&self, error: Error) -> Error {
        error.because(&self.thrown)
    }

    /// Lends the pointer to one call; the client is not freed before it returns.
    pub(crate) fn borrow<T>(&self, function: impl FnOnce(*mut sys::ecoauth_client) -> Result<T>) -> Result<T> {
        struct GiveBack<'a>(&'a Core);
        impl Drop for GiveBack<'_> {
            fn drop(&mut self) {
                self.0.lock().borrowed -= 1;
                self.0.changed.notify_all();
            }
        }
        self.check_process()?;
        {
            let mut state = self.lock();
            if state.closed {
                return Err(Error::closed());
            }
            state.borrowed += 1;
        }
        let _give_back = GiveBack(self);
        function(self.client)
    }

    /// Begins an operation. The waiter is settled when it ends, or with the client; never before this returns.
    pub(crate) fn start(
        self: &Arc<Core>,
        waiter: &Arc<Waiter>,
        begin: impl FnOnce(*mut i64, *mut *mut sys::ecoauth_error) -> i32,
    ) -> Result<i64> {
        self.check_process()?;
        let mut state = self.lock();
        if state.closed {
            return Err(Error::closed());
        }
        if !state.reading {
            let core = Arc::clone(self);
            let started = thread::Builder::new().name("ecoauth".to_string()).spawn(move || core.read());
            started.map_err(|error| Error::new(sys::ECOAUTH_ERROR_NO_MEMORY, Action::Retry, &error.to_string()))?;
            state.reading = true;
        }
        let (mut operation, mut error) = (0, null_mut());
        let result = begin(&mut operation, &mut error);
        unsafe { Error::take(result, error) }.map_err(|error| self.explain(error))?;
        state.pending.insert(operation, Arc::clone(waiter));
        Ok(operation)
    }

    pub(crate) fn cancel(&self, operation: i64) {
        if self.check_process().is_ok() {
            let state = self.lock();
            if !state.freed {
                unsafe { sys::ecoauth_client_cancel(self.client, operation) };
            }
        }
    }

    pub(crate) fn take_panic(&self) -> Option<Box<dyn Any + Send>> {
        self.panic.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The reader thread. It ends with the CLOSED event.
    fn read(&self) {
        loop {
            let mut event = null_mut();
            let result = unsafe { sys::ecoauth_client_next_event(self.client, sys::ECOAUTH_WAIT_FOREVER, &mut event, null_mut()) };
            if result < 0 {
                break;
            }
            let kind = unsafe { sys::ecoauth_event_kind(event) };
            self.handle(event);
            unsafe { sys::ecoauth_event_free(event) };
            if kind == sys::ECOAUTH_EVENT_CLOSED {
                break;
            }
        }
        let mut state = self.lock();
        state.reading = false;
        self.changed.notify_all();
        if state.closed {
            self.free(state);
        }
    }

    fn handle(&self, event: *const sys::ecoauth_event) {
        if unsafe { sys::ecoauth_event_kind(event) } == sys::ECOAUTH_EVENT_COMPLETED {
            let (operation, ended) = unsafe { (sys::ecoauth_event_operation(event), copy_completion(event)) };
            let waiter = self.lock().pending.remove(&operation);
            if let Some(waiter) = waiter {
                waiter.settle(ended.map_err(|error| self.explain(error)));
            }
        } else if let Some(event) = unsafe { copy_event(event) } {
            if let (Event::Pin(pin), Some(handler)) = (&event, &self.handlers.on_pin) {
                self.guard(|| handler(pin));
            }
            if let Some(handler) = &self.handlers.on_event {
                self.guard(|| handler(&event));
            }
        }
    }

    fn guard(&self, function: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| inside_callback(function))) {
            *self.panic.lock().unwrap_or_else(PoisonError::into_inner) = Some(panic);
        }
    }

    /// Ends the client, within the shutdown time-out; inside a callback it only begins to.
    pub(crate) fn close(&self) {
        if self.check_process().is_err() {
            return;
        }
        {
            let mut state = self.lock();
            if state.done {
                return;
            }
            if !state.freed {
                state.closed = true;
                unsafe { sys::ecoauth_client_close_start(self.client, null_mut()) };
            }
            if INSIDE.with(Cell::get) && state.reading {
                return;
            }
        }
        let mut state = self.lock();
        while state.reading {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        self.free(state);
    }

    /// Once, when nobody reads any more and every borrowed pointer has been given back; others wait for it.
    fn free(&self, mut state: MutexGuard<'_, State>) {
        while state.borrowed > 0 || (state.freed && !state.done) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if state.freed {
            return;
        }
        state.freed = true;
        let pending: Vec<_> = state.pending.drain().collect();
        drop(state);
        unsafe { sys::ecoauth_client_free(self.client) };
        for (_, waiter) in pending {
            waiter.settle(Err(Error::closed()));
        }
        self.lock().done = true;
        self.changed.notify_all();
    }
}
