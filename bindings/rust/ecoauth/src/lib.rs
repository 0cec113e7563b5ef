#![doc = include_str!("../README.md")]
#![deny(missing_docs)]
#![warn(rust_2018_idioms)]

mod account;
mod client;
mod core;
mod error;
mod operation;
mod options;
mod store;
mod values;

pub use crate::account::{Account, Extras};
pub use crate::client::{has_feature, runtime_info, version, Client};
pub use crate::error::{Action, Code, Details, Error, Result};
pub use crate::operation::{Canceller, Operation};
pub use crate::options::{Flow, KeepFresh, Options, ParameterStyle, Polling, Role};
pub use crate::store::{Seal, Storage, Store, StoreError, StoreResult};
pub use crate::values::{Event, EventKind, Flags, GrantState, LogLevel, Pin, Response, Secret, Status, Token};
