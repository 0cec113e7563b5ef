//! An operation under way: a future, or to be waited for.
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ecoauth_sys as sys;

use crate::core::{refuse_inside_callback, Core};
use crate::error::{Action, Code, Error, Result};
use crate::values::Completion;

/// Where the end of an operation is put, by the reader thread.
#[derive(Default)]
pub(crate) struct Waiter {
    state: Mutex<WaiterState>,
    ended: Condvar,
}

#[derive(Default)]
struct WaiterState {
    end: Option<Result<Completion>>,
    waker: Option<Waker>,
}

impl Waiter {
    fn lock(&self) -> MutexGuard<'_, WaiterState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn settle(&self, end: Result<Completion>) {
        let waker = {
            let mut state = self.lock();
            state.end = Some(end);
            self.ended.notify_all();
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// An operation that has begun. `.await` it in any runtime, or [`wait`](Operation::wait). Dropping it cancels it; what a server still
/// sends is saved all the same.
#[must_use = "dropping an operation cancels it"]
pub struct Operation<T> {
    core: Arc<Core>,
    waiter: Arc<Waiter>,
    /// None when it could not begin: its end is in the waiter then.
    number: Option<i64>,
    convert: fn(Completion) -> T,
    taken: bool,
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Operation({:?})", self.number)
    }
}

impl<T> Operation<T> {
    pub(crate) fn begin(
        core: &Arc<Core>,
        convert: fn(Completion) -> T,
        start: impl FnOnce(*mut i64, *mut *mut sys::ecoauth_error) -> Result<i32>,
    ) -> Operation<T> {
        let waiter = Arc::new(Waiter::default());
        let mut refused = None;
        let started = core.start(&waiter, |operation, error| {
            start(operation, error).unwrap_or_else(|problem| {
                let code = problem.details().number;
                refused = Some(problem);
                code
            })
        });
        let number = match started {
            Ok(number) => Some(number),
            Err(error) => {
                waiter.settle(Err(refused.unwrap_or(error)));
                None
            }
        };
        Operation { core: Arc::clone(core), waiter, number, convert, taken: false }
    }

    /// Waits for its end. Refused inside handlers and stores.
    pub fn wait(self) -> Result<T> {
        self.wait_until(None)
    }

    /// Waits so long; then it is cancelled, and the error is [`Error::TimedOut`].
    pub fn wait_for(self, timeout: Duration) -> Result<T> {
        let end = Instant::now().checked_add(timeout);
        self.wait_until(end)
    }

    fn wait_until(mut self, mut until: Option<Instant>) -> Result<T> {
        refuse_inside_callback()?;
        self.core.check_process()?;
        let (waiter, mut timed_out) = (Arc::clone(&self.waiter), false);
        let mut state = waiter.lock();
        loop {
            if let Some(end) = state.end.take() {
                drop(state);
                self.taken = true;
                return match end {
                    Err(error) if timed_out && error.code() == Code::Cancelled => {
                        Err(Error::new(sys::ECOAUTH_ERROR_TIMEOUT, Action::Retry, "the time given to the call is over"))
                    }
                    end => end.map(self.convert),
                };
            }
            state = match until {
                None => waiter.ended.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(end) => {
                    let left = end.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        drop(state);
                        self.canceller().cancel();
                        (until, timed_out) = (None, true);
                        waiter.lock()
                    } else {
                        waiter.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                    }
                }
            };
        }
    }

    /// Cancels it from elsewhere.
    pub fn canceller(&self) -> Canceller {
        Canceller { core: Arc::clone(&self.core), number: self.number }
    }
}

impl<T> Future for Operation<T> {
    type Output = Result<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<T>> {
        let this = self.get_mut();
        if let Err(forked) = this.core.check_process() {
            return Poll::Ready(Err(forked));
        }
        let end = {
            let mut state = this.waiter.lock();
            if state.end.is_none() {
                state.waker = Some(context.waker().clone());
            }
            state.end.take()
        };
        match end {
            None => Poll::Pending,
            Some(end) => {
                this.taken = true;
                Poll::Ready(end.map(this.convert))
            }
        }
    }
}

impl<T> Drop for Operation<T> {
    fn drop(&mut self) {
        if !self.taken {
            self.canceller().cancel();
        }
    }
}

/// Cancels an operation, from any thread and inside handlers.
#[derive(Clone)]
pub struct Canceller {
    core: Arc<Core>,
    number: Option<i64>,
}

impl Canceller {
    /// Ends it with [`Error::Cancelled`], unless it has ended already.
    pub fn cancel(&self) {
        if let Some(number) = self.number {
            self.core.cancel(number);
        }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canceller({:?})", self.number)
    }
}
