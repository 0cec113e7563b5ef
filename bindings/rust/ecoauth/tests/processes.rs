//! What needs processes of its own: this program starts itself. It has no test harness, so that `main` is plain and has one thread.
mod support;

use std::fs;
use std::os::raw::c_int;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ecoauth::{Client, Error, Options, Storage};
use support::{pins, proven, MapStore, Sandbox, CLIENT_ID, PATIENCE, SUMMARY};

extern "C" {
    fn fork() -> c_int;
    fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn _exit(code: c_int) -> !;
}

const SIGPIPE: u64 = 1 << 12;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["host", "request", url, folder] => request(url, folder),
        ["host", "exit", url] => exit_with_an_authorization(url, Storage::memory()),
        ["host", "exit-own-store", url] => exit_with_an_authorization(url, Storage::own(MapStore::new())),
        _ => {
            sigpipe();
            reopened();
            forked();
            two_processes();
            exit();
        }
    }
}

fn client(url: &str, storage: Storage) -> Client {
    Client::new(Options::new(storage).client_id(CLIENT_ID).base_url(url)).unwrap()
}

fn request(url: &str, folder: &str) {
    let client = client(url, Storage::file(folder));
    let answer = client.account("default").unwrap().get(SUMMARY).wait_for(PATIENCE).unwrap();
    assert_eq!((answer.http_status, answer.api_status), (200, Some(0)));
}

/// Never dropped, as in programs that end by `process::exit`.
fn exit_with_an_authorization(url: &str, storage: Storage) {
    let (on_pin, shown) = pins();
    let options = Options::new(storage).client_id(CLIENT_ID).base_url(url).on_pin(on_pin);
    let client = Box::leak(Box::new(Client::new(options).unwrap()));
    Box::leak(Box::new(client.account("default").unwrap().authorize_pin()));
    shown.recv_timeout(PATIENCE).unwrap();
}

fn host(arguments: &[&str]) -> Child {
    let program = std::env::current_exe().unwrap();
    Command::new(program).arg("host").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn finished(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{:?}", output);
}

fn exit() {
    let (sandbox, next) = (Sandbox::start(&[]), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= 100 {
                    return;
                }
                finished(host(&[if number % 2 == 0 { "exit" } else { "exit-own-store" }, &sandbox.url]));
            });
        }
    });
    proven("exit");
}

fn two_processes() {
    let sandbox = Sandbox::start(&["--auto-approve", "0", "--refresh-policy", "strict"]);
    let folder = std::env::temp_dir().join(format!("ecoauth-rust.{}", std::process::id()));
    let name = folder.to_str().unwrap();
    let first = client(&sandbox.url, Storage::file(name));
    first.account("default").unwrap().authorize_pin().wait_for(PATIENCE).unwrap();
    drop(first);
    sandbox.control("expire", "what=access");
    let before = sandbox.token_requests();
    let both = [host(&["request", &sandbox.url, name]), host(&["request", &sandbox.url, name])];
    both.into_iter().for_each(finished);
    assert_eq!(sandbox.token_requests(), before + 1);
    fs::remove_dir_all(folder).unwrap();
    proven("two-processes");
}

fn forked() {
    let sandbox = Sandbox::start(&["--auto-approve", "0"]);
    let parent = client(&sandbox.url, Storage::memory());
    let account = parent.account("default").unwrap();
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    let process = unsafe { fork() };
    if process == 0 {
        let begin = Instant::now();
        let refused = matches!(account.token().wait(), Err(Error::Forked(_)))
            && matches!(account.status(), Err(Error::Forked(_)))
            && matches!(parent.account("x"), Err(Error::Forked(_)));
        drop((account, parent));
        let at_once = begin.elapsed() < Duration::from_secs(1);
        let works = client_works(&sandbox.url);
        unsafe { _exit(i32::from(!refused) + 2 * i32::from(!at_once) + 4 * i32::from(!works)) }
    }
    let mut status = -1;
    assert_eq!(unsafe { waitpid(process, &mut status, 0) }, process);
    assert_eq!(status, 0);
    account.refresh().wait_for(PATIENCE).unwrap();
    assert_eq!(account.token().wait_for(PATIENCE).unwrap().generation, 2);
    proven("fork");
}

fn client_works(url: &str) -> bool {
    let client = client(url, Storage::memory());
    let works = client.account("default").map_or(false, |account| account.authorize_pin().wait_for(PATIENCE).is_ok());
    works
}

/// The thread's blocked signals, and whether the process ignores SIGPIPE.
fn signals() -> (u64, bool) {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    (mask("SigBlk:"), mask("SigIgn:") & SIGPIPE != 0)
}

fn sigpipe() {
    let before = signals();
    assert!(before.0 & SIGPIPE == 0, "SIGPIPE is blocked after the library's load");
    let sandbox = Sandbox::start(&["--auto-approve", "0"]);
    let client = client(&sandbox.url, Storage::memory());
    let account = client.account("default").unwrap();
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    sandbox.control("fault", "name=reset&count=3&at=api");
    for _ in 0..4 {
        if let Err(error) = account.get(SUMMARY).wait_for(PATIENCE) {
            assert!(matches!(error, Error::Retry(_)), "{:?}", error);
        }
    }
    assert_eq!(account.get(SUMMARY).wait_for(PATIENCE).unwrap().http_status, 200);
    assert_eq!(signals(), before);
    proven("sigpipe");
}

fn entries(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn resident_bytes() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<i64>().unwrap() * 1024
}

fn reopened() {
    let (mut memory, mut descriptors, mut threads) = (0, 0, 0);
    for run in 0..10000 {
        if run == 1000 {
            (memory, descriptors, threads) = (resident_bytes(), entries("/proc/self/fd"), entries("/proc/self/task"));
        }
        let client = Client::new(Options::new(Storage::own(MapStore::new())).client_id(CLIENT_ID).on_pin(|_| {})).unwrap();
        client.account("default").unwrap().status().unwrap();
    }
    // With operations: each has a reader thread.
    let sandbox = Sandbox::start(&["--auto-approve", "0"]);
    let before = entries("/proc/self/fd");
    for _ in 0..8 {
        assert!(client_works(&sandbox.url));
    }
    assert!(entries("/proc/self/fd") <= before + 2);
    drop(sandbox);
    assert_eq!(entries("/proc/self/fd"), descriptors);
    let end = Instant::now() + PATIENCE; // a thread that has ended is listed for a moment longer
    while entries("/proc/self/task") > threads {
        assert!(Instant::now() < end, "threads: {}, then {}", threads, entries("/proc/self/task"));
        thread::sleep(Duration::from_millis(10));
    }
    let grown = resident_bytes() - memory;
    println!("grown by {} KiB over 9,000 clients", grown / 1024);
    assert!(grown < 8 << 20, "grown by {} bytes", grown);
    proven("reopen");
}
