//! What the tests share: a sandbox, options for it, a store, and the word for a proven step.
#![allow(dead_code)]
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::{mpsc, Arc, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use ecoauth::{Client, Options, Pin, Storage, Store, StoreResult};

pub const CLIENT_ID: &str = "RustTestRustTestRustTestRustTest";
pub const SUMMARY: &str = "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%3A%22%22%7D%7D";
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Printed as the last act of a test, past its harness, which may keep what tests print; run_binding.py counts it.
pub fn proven(step: &str) {
    say(&format!("scenario {}: passed", step));
}

pub fn say(line: &str) {
    std::io::stdout().write_all(format!("\n{}\n", line).as_bytes()).unwrap();
}

pub struct Sandbox {
    process: Child,
    pub url: String,
}

impl Sandbox {
    pub fn start(arguments: &[&str]) -> Sandbox {
        let program = std::env::var("ECOAUTH_SANDBOX").expect("ECOAUTH_SANDBOX names the sandbox");
        let mut process =
            Command::new(program).args(["--port", "0", "--interval", "1"]).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("ecoauth-sandbox ready: ").expect(&line).to_string();
        Sandbox { process, url }
    }

    pub fn control(&self, what: &str, form: &str) {
        let answer = self.exchange("POST", what, form);
        assert!(answer.starts_with("HTTP/1.1 200"), "{} {}: {}", what, form, answer);
    }

    pub fn token_requests(&self) -> usize {
        self.exchange("GET", "log", "").matches("\"/token\"").count()
    }

    fn exchange(&self, method: &str, what: &str, form: &str) -> String {
        let address = self.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        write!(
            stream,
            "{} /sandbox/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
            method, what, address, form.len(), form
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub fn options(&self) -> Options {
        self.options_with(Storage::memory())
    }

    pub fn options_with(&self, storage: Storage) -> Options {
        Options::new(storage).client_id(CLIENT_ID).base_url(&self.url)
    }

    pub fn client(&self) -> Client {
        Client::new(self.options()).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A handler for PINs, and where they arrive.
pub fn pins() -> (impl Fn(&Pin) + Send + Sync + 'static, mpsc::Receiver<Pin>) {
    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    (move |pin: &Pin| drop(sender.lock().unwrap().send(pin.clone())), receiver)
}

type Disturb = Box<dyn Fn() -> StoreResult<()> + Send>;

/// A map that remembers which threads called it.
#[derive(Default)]
pub struct MapStore {
    pub records: Mutex<HashMap<String, (i64, Vec<u8>)>>,
    pub threads: Mutex<HashSet<ThreadId>>,
    pub disturb: Mutex<Option<Disturb>>,
}

impl MapStore {
    pub fn new() -> Arc<MapStore> {
        Arc::default()
    }

    fn begin(&self) -> StoreResult<()> {
        self.threads.lock().unwrap().insert(std::thread::current().id());
        let disturb = self.disturb.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        disturb.as_ref().map_or(Ok(()), |disturb| disturb())
    }
}

impl Store for MapStore {
    fn load(&self, key: &str) -> StoreResult<Option<Vec<u8>>> {
        self.begin()?;
        Ok(self.records.lock().unwrap().get(key).map(|(_, record)| record.clone()))
    }

    fn save(&self, key: &str, expected_seq: i64, record: &[u8], new_seq: i64) -> StoreResult<bool> {
        self.begin()?;
        let mut records = self.records.lock().unwrap();
        if records.get(key).map_or(0, |(seq, _)| *seq) != expected_seq {
            return Ok(false);
        }
        records.insert(key.to_string(), (new_seq, record.to_vec()));
        Ok(true)
    }

    fn erase(&self, key: &str) -> StoreResult<()> {
        self.begin()?;
        self.records.lock().unwrap().remove(key);
        Ok(())
    }

    fn lists(&self) -> bool {
        true
    }

    fn list(&self) -> StoreResult<Vec<String>> {
        self.begin()?;
        Ok(self.records.lock().unwrap().keys().cloned().collect())
    }
}
