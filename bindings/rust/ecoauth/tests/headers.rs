//! Every number and every function of the headers, read from the headers themselves, has its place in Rust.
mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;

use ecoauth::{Action, Code, EventKind, Flags, Flow, GrantState, KeepFresh, LogLevel, ParameterStyle, Polling, Role};

fn header(name: &str) -> String {
    let folder = std::env::var("ECOAUTH_HEADERS").expect("ECOAUTH_HEADERS names the headers' folder");
    fs::read_to_string(format!("{}/ecoauth/{}", folder, name)).unwrap()
}

/// The names and numbers with a prefix.
fn numbers(file: &str, prefix: &str) -> BTreeMap<String, i32> {
    let mut found = BTreeMap::new();
    for line in header(file).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["#define", name, number] = words.as_slice() {
            let number = number.trim_start_matches('(').trim_end_matches(')').parse();
            if let (Some(name), Ok(number)) = (name.strip_prefix(prefix), number) {
                found.insert(name.to_string(), number);
            }
        }
    }
    assert!(!found.is_empty(), "{}", prefix);
    found
}

/// "PIN_EXPIRED" for PinExpired.
fn snake(name: &str) -> String {
    let mut made = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !made.is_empty() {
            made.push('_');
        }
        made.push(letter.to_ascii_uppercase());
    }
    made
}

fn own<T: Debug + Copy>(all: &[T], number: fn(T) -> i32) -> BTreeMap<String, i32> {
    all.iter().map(|each| (snake(&format!("{:?}", each)), number(*each))).collect()
}

#[test]
fn every_number() {
    let codes: Vec<Code> = Code::all().collect();
    assert_eq!(own(&codes, Code::number), numbers("error.h", "ECOAUTH_ERROR_"));
    for code in codes {
        assert_eq!(code.name(), snake(&format!("{:?}", code)));
    }
    assert_eq!(own(Action::ALL, Action::number), numbers("error.h", "ECOAUTH_ACTION_"));
    for action in Action::ALL {
        assert_eq!(action.name(), snake(&format!("{:?}", action)));
    }
    let mut kinds = own(EventKind::ALL, EventKind::number);
    kinds.remove("UNKNOWN");
    assert_eq!(kinds, numbers("event.h", "ECOAUTH_EVENT_"));
    assert_eq!(own(LogLevel::ALL, LogLevel::number), numbers("event.h", "ECOAUTH_LOG_"));
    assert_eq!(own(GrantState::ALL, GrantState::number), numbers("status.h", "ECOAUTH_GRANT_"));
    assert_eq!(own(KeepFresh::ALL, KeepFresh::number), numbers("options.h", "ECOAUTH_KEEP_FRESH_"));
    assert_eq!(own(Role::ALL, Role::number), numbers("options.h", "ECOAUTH_ROLE_"));
    assert_eq!(own(Polling::ALL, Polling::number), numbers("options.h", "ECOAUTH_POLLING_"));
    assert_eq!(own(ParameterStyle::ALL, ParameterStyle::number), numbers("options.h", "ECOAUTH_PARAMETERS_"));
    assert_eq!(own(Flow::ALL, Flow::number), numbers("account.h", "ECOAUTH_FLOW_"));
    let flags: BTreeMap<String, i32> = [
        ("AUTHORIZING", Flags::AUTHORIZING),
        ("REFRESHING", Flags::REFRESHING),
        ("AMBIGUOUS", Flags::AMBIGUOUS),
        ("UNSAVED", Flags::UNSAVED),
        ("DEGRADED", Flags::DEGRADED),
        ("CLOCK_SUSPECT", Flags::CLOCK_SUSPECT),
    ]
    .map(|(name, flag)| (name.to_string(), flag.0))
    .into();
    assert_eq!(flags, numbers("status.h", "ECOAUTH_FLAG_"));
    assert!(Flags(64 | 1).contains(Flags::AUTHORIZING) && !Flags(64).contains(Flags::AUTHORIZING));
    support::proven("errors");
}

/// The raw crate says the same as the headers: every number, and every function with as many arguments.
#[test]
fn the_raw_crate() {
    let source = |name| fs::read_to_string(format!("{}/../ecoauth-sys/src/{}", env!("CARGO_MANIFEST_DIR"), name)).unwrap();
    let raw = source("lib.rs") + &source("numbers.rs");
    let mut functions = BTreeMap::new();
    for file in fs::read_dir(format!("{}/ecoauth", std::env::var("ECOAUTH_HEADERS").unwrap())).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let text = header(&name);
        for part in text.split("\nECOAUTH_EXPORT ").skip(1) {
            let declaration = part.split(");").next().unwrap();
            let (head, arguments) = declaration.split_once('(').unwrap();
            let function = head.rsplit(|letter: char| !(letter.is_alphanumeric() || letter == '_')).next().unwrap();
            let count = if arguments == "void" { 0 } else { arguments.matches(',').count() + 1 };
            functions.insert(function.to_string(), count);
        }
        if ["account.h", "error.h", "event.h", "options.h", "status.h", "store.h"].contains(&name.as_str()) {
            for (constant, number) in numbers(&name, "ECOAUTH_") {
                let line = format!("pub const ECOAUTH_{}: i32 = {};", constant, number);
                assert!(raw.contains(&line), "{}", line);
            }
        }
    }
    let mut declared = BTreeMap::new();
    for part in raw.split("pub fn ecoauth_").skip(1) {
        let (name, rest) = part.split_once('(').unwrap();
        declared.insert(format!("ecoauth_{}", name), rest.split(')').next().unwrap().matches(':').count());
    }
    assert_eq!(declared, functions);
}
