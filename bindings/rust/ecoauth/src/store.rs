//! Stores of the program's own: static functions for C that call a trait.
use std::ffi::c_void;
use std::os::raw::c_char;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ecoauth_sys as sys;

use crate::core::{inside_callback, to_c};
use crate::error::{Cause, Error, Result};
use crate::values::text;

/// Why a store's method failed. `?` makes `Fatal` of every error.
#[derive(Debug)]
pub enum StoreError {
    /// For now: the library tries again.
    RetryLater(Box<dyn std::error::Error + Send + Sync>),
    /// A person has to look. It is the `source()` of the error that follows.
    Fatal(Box<dyn std::error::Error + Send + Sync>),
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for StoreError {
    fn from(error: E) -> StoreError {
        StoreError::Fatal(Box::new(error))
    }
}

/// What a store's methods return.
pub type StoreResult<T> = std::result::Result<T, StoreError>;

/// A store of the program's own. Its methods are called on threads of the library, one at a time per account; they may block. Calls
/// that wait for the library are refused inside them. A panic counts as `Fatal`.
pub trait Store: Send + Sync + 'static {
    /// The record, or `None` when there is none. Damage is an error, never `None`.
    fn load(&self, key: &str) -> StoreResult<Option<Vec<u8>>>;
    /// Replaces the record durably if the stored one was saved with `expected_seq` (0: there is none), and keeps `new_seq` with it;
    /// false when it was not.
    fn save(&self, key: &str, expected_seq: i64, record: &[u8], new_seq: i64) -> StoreResult<bool>;
    /// Forgets the record, durably; no error when there is none.
    fn erase(&self, key: &str) -> StoreResult<()>;

    /// Whether `list` can be called.
    fn lists(&self) -> bool {
        false
    }
    /// The keys that have a record.
    fn list(&self) -> StoreResult<Vec<String>> {
        Ok(Vec::new())
    }

    /// Whether `lock` and `unlock` can be called: without, only one process may use an account.
    fn locks(&self) -> bool {
        false
    }
    /// Takes the right to refresh this record for this process; false when another holds it for so long. It ends with the process.
    fn lock(&self, _key: &str, _timeout: Duration) -> StoreResult<bool> {
        Ok(true)
    }
    /// Gives it back.
    fn unlock(&self, _key: &str) {}
}

/// Where a client keeps its records.
pub struct Storage(Kind);

enum Kind {
    Memory,
    File(PathBuf, bool),
    Own(Arc<dyn Store>),
}

impl Storage {
    /// As long as the client lives.
    pub fn memory() -> Storage {
        Storage(Kind::Memory)
    }

    /// In a folder with one file per record, safe against crashes and shared safely between processes of one machine.
    pub fn file(folder: impl Into<PathBuf>) -> Storage {
        Storage(Kind::File(folder.into(), false))
    }

    /// The same, also refreshing on a network file system. Only when one machine uses it.
    pub fn file_on_network(folder: impl Into<PathBuf>) -> Storage {
        Storage(Kind::File(folder.into(), true))
    }

    /// In a store of the program's own.
    pub fn own(store: Arc<dyn Store>) -> Storage {
        Storage(Kind::Own(store))
    }

    pub(crate) fn make(self, thrown: &Thrown) -> Result<*mut sys::ecoauth_store> {
        let store = match self.0 {
            Kind::Memory => unsafe { sys::ecoauth_store_new_memory() },
            Kind::File(folder, network) => {
                let folder = to_c(folder.to_str().ok_or_else(|| Error::invalid("the folder's name is not UTF-8"))?)?;
                unsafe {
                    let store = sys::ecoauth_store_new_file(folder.as_ptr());
                    if network && !store.is_null() {
                        sys::ecoauth_store_allow_network(store);
                    }
                    store
                }
            }
            Kind::Own(store) => {
                let (lists, locks) = (store.lists(), store.locks());
                let kept = Box::into_raw(Box::new(KeptStore { store, thrown: thrown.clone() }));
                unsafe {
                    sys::ecoauth_store_new_callbacks(
                        kept.cast(),
                        Some(finalize_store),
                        Some(load),
                        Some(save),
                        Some(erase),
                        if lists { Some(list as sys::ecoauth_store_list_fn) } else { None },
                        if locks { Some(lock as sys::ecoauth_store_lock_fn) } else { None },
                        if locks { Some(unlock as sys::ecoauth_store_unlock_fn) } else { None },
                    )
                }
            }
        };
        if store.is_null() {
            return Err(Error::invalid("the store was refused"));
        }
        Ok(store)
    }
}

type Keys = dyn Fn(Option<&str>) -> StoreResult<Option<Vec<u8>>> + Send + Sync;

/// Where the keys come from that encrypt records before any store sees them (`<ecoauth/store.h>`, "Sealing").
pub struct Seal(Source);

enum Source {
    Keys(Box<Keys>),
    File(PathBuf),
    Descriptor(i32),
    SecretService(Option<String>, Option<String>),
}

impl Seal {
    /// A function that hands over keys of 32 random bytes: the current one for `None`, else the one of this id.
    pub fn with_keys(keys: impl Fn(Option<&str>) -> StoreResult<Option<Vec<u8>>> + Send + Sync + 'static) -> Seal {
        Seal(Source::Keys(Box::new(keys)))
    }

    /// A file that no other user can read.
    pub fn with_file(path: impl Into<PathBuf>) -> Seal {
        Seal(Source::File(path.into()))
    }

    /// A descriptor that is read once.
    pub fn with_descriptor(descriptor: i32) -> Seal {
        Seal(Source::Descriptor(descriptor))
    }

    /// The user's keyring; `None` is the library's default.
    pub fn with_secret_service(label: Option<String>, bus_address: Option<String>) -> Seal {
        Seal(Source::SecretService(label, bus_address))
    }

    pub(crate) fn apply(self, store: *mut sys::ecoauth_store, thrown: &Thrown) -> Result<()> {
        let result = match self.0 {
            Source::Keys(keys) => {
                let kept = Box::into_raw(Box::new(KeptKeys { keys, thrown: thrown.clone() }));
                unsafe { sys::ecoauth_store_seal_with_callback(store, Some(seal_key), kept.cast(), Some(finalize_keys)) }
            }
            Source::File(path) => {
                let path = to_c(path.to_str().ok_or_else(|| Error::invalid("the key's path is not UTF-8"))?)?;
                unsafe { sys::ecoauth_store_seal_with_file(store, path.as_ptr()) }
            }
            Source::Descriptor(descriptor) => unsafe { sys::ecoauth_store_seal_with_fd(store, descriptor) },
            Source::SecretService(label, bus) => {
                let label = label.as_deref().map(to_c).transpose()?;
                let bus = bus.as_deref().map(to_c).transpose()?;
                let pointer = |text: &Option<std::ffi::CString>| text.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
                unsafe { sys::ecoauth_store_seal_with_secret_service(store, pointer(&label), pointer(&bus)) }
            }
        };
        if result < 0 {
            return Err(Error::new(result, crate::Action::FixConfig, "the option seal was refused"));
        }
        Ok(())
    }
}

/// What a store has returned last, for the error that comes of it.
#[derive(Clone, Default)]
pub(crate) struct Thrown(Arc<Mutex<Option<Cause>>>);

impl Thrown {
    pub(crate) fn get(&self) -> Option<Cause> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, cause: Cause) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    }
}

struct KeptStore {
    store: Arc<dyn Store>,
    thrown: Thrown,
}

struct KeptKeys {
    keys: Box<Keys>,
    thrown: Thrown,
}

#[derive(Debug)]
struct Panicked(String);

impl std::fmt::Display for Panicked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "panic in a store: {}", self.0)
    }
}

impl std::error::Error for Panicked {}

/// Runs one callback. Whatever goes wrong, a panic too, is kept and is FATAL, or RETRY when it says so.
fn call(thrown: &Thrown, function: impl FnOnce() -> StoreResult<i32>) -> i32 {
    match catch_unwind(AssertUnwindSafe(|| inside_callback(function))) {
        Ok(Ok(result)) => result,
        Ok(Err(StoreError::RetryLater(error))) => {
            thrown.put(error.into());
            sys::ECOAUTH_STORE_RETRY
        }
        Ok(Err(StoreError::Fatal(error))) => {
            thrown.put(error.into());
            sys::ECOAUTH_STORE_FATAL
        }
        Err(panic) => {
            let said = panic.downcast_ref::<&str>().map(|said| said.to_string());
            let said = said.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            thrown.put(Arc::new(Panicked(said)));
            sys::ECOAUTH_STORE_FATAL
        }
    }
}

unsafe fn hand_over(blob: *mut sys::ecoauth_blob, data: &[u8]) -> i32 {
    match sys::ecoauth_blob_set(blob, data.as_ptr().cast(), data.len()) {
        0 => sys::ECOAUTH_STORE_OK,
        _ => sys::ECOAUTH_STORE_RETRY,
    }
}

fn answer(yes: bool) -> i32 {
    if yes {
        sys::ECOAUTH_STORE_OK
    } else {
        sys::ECOAUTH_STORE_CONFLICT
    }
}

unsafe fn kept<'a>(user_data: *mut c_void) -> &'a KeptStore {
    &*user_data.cast::<KeptStore>()
}

unsafe extern "C" fn finalize_store(user_data: *mut c_void) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(user_data.cast::<KeptStore>()))));
}

unsafe extern "C" fn finalize_keys(user_data: *mut c_void) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(Box::from_raw(user_data.cast::<KeptKeys>()))));
}

unsafe extern "C" fn load(user_data: *mut c_void, key: *const c_char, out: *mut sys::ecoauth_blob) -> i32 {
    let kept = kept(user_data);
    call(&kept.thrown, || {
        Ok(match kept.store.load(&text(key))? {
            Some(record) => hand_over(out, &record),
            None => sys::ECOAUTH_STORE_NOT_FOUND,
        })
    })
}

unsafe extern "C" fn save(
    user_data: *mut c_void,
    key: *const c_char,
    expected_seq: i64,
    data: *const c_void,
    size_bytes: usize,
    new_seq: i64,
) -> i32 {
    let kept = kept(user_data);
    let record = if size_bytes == 0 { &[] } else { std::slice::from_raw_parts(data.cast::<u8>(), size_bytes) };
    call(&kept.thrown, || kept.store.save(&text(key), expected_seq, record, new_seq).map(answer))
}

unsafe extern "C" fn erase(user_data: *mut c_void, key: *const c_char) -> i32 {
    let kept = kept(user_data);
    call(&kept.thrown, || kept.store.erase(&text(key)).map(|()| sys::ECOAUTH_STORE_OK))
}

unsafe extern "C" fn list(user_data: *mut c_void, out: *mut sys::ecoauth_blob) -> i32 {
    let kept = kept(user_data);
    call(&kept.thrown, || Ok(hand_over(out, kept.store.list()?.join("\n").as_bytes())))
}

unsafe extern "C" fn lock(user_data: *mut c_void, key: *const c_char, timeout_ms: i64) -> i32 {
    let kept = kept(user_data);
    let timeout = u64::try_from(timeout_ms).map_or(Duration::MAX, Duration::from_millis);
    call(&kept.thrown, || kept.store.lock(&text(key), timeout).map(answer))
}

unsafe extern "C" fn unlock(user_data: *mut c_void, key: *const c_char) {
    let kept = kept(user_data);
    call(&kept.thrown, || {
        kept.store.unlock(&text(key));
        Ok(sys::ECOAUTH_STORE_OK)
    });
}

unsafe extern "C" fn seal_key(user_data: *mut c_void, key_id: *const c_char, out: *mut sys::ecoauth_blob) -> i32 {
    let kept = &*user_data.cast::<KeptKeys>();
    call(&kept.thrown, || {
        let id = if key_id.is_null() { None } else { Some(text(key_id)) };
        Ok(match (kept.keys)(id.as_deref())? {
            Some(key) => hand_over(out, &key),
            None => sys::ECOAUTH_STORE_NOT_FOUND,
        })
    })
}
