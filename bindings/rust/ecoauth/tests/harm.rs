//! What must not happen to the program, as ../../../scenario.json lists it. What needs processes is in processes.rs.
mod support;

use std::error::Error as _;
use std::sync::{mpsc, Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ecoauth::{Client, Code, Error, Event, Storage, StoreError};
use support::{pins, proven, say, MapStore, Sandbox, PATIENCE};

const APPROVES: &[&str] = &["--auto-approve", "0"];

#[test]
fn ticking() {
    let sandbox = Sandbox::start(&[]);
    let client = sandbox.client();
    let account = client.account("default").unwrap();
    let (over, ended) = mpsc::channel::<()>();
    let ticker = thread::spawn(move || {
        let (mut gaps, mut last) = (Vec::new(), Instant::now());
        while ended.recv_timeout(Duration::from_millis(10)) == Err(mpsc::RecvTimeoutError::Timeout) {
            gaps.push(last.elapsed());
            last = Instant::now();
        }
        gaps
    });
    let error = account.authorize_pin().wait_for(Duration::from_secs(2)).unwrap_err();
    assert!(matches!(error, Error::TimedOut(_)));
    drop(over);
    let gaps = ticker.join().unwrap();
    assert!(gaps.len() >= 50 && gaps.iter().max().unwrap() < &Duration::from_millis(500), "{:?}", gaps);
    proven("ticking");
}

/// Nothing of the program's is held by the program: the library's own hold is what keeps it, to the end and no longer.
#[test]
fn garbage() {
    let sandbox = Sandbox::start(APPROVES);
    for _ in 0..5 {
        let (watched, (on_pin, shown)) = (MapStore::new(), pins());
        let (store, handler) = (Arc::downgrade(&watched), Arc::new(on_pin));
        let weak = Arc::downgrade(&handler);
        let client = Client::new(sandbox.options_with(Storage::own(watched)).on_pin(move |pin| handler(pin))).unwrap();
        let account = client.account("default").unwrap();
        account.authorize_pin().wait_for(PATIENCE).unwrap();
        account.refresh().wait_for(PATIENCE).unwrap();
        shown.recv_timeout(PATIENCE).unwrap();
        assert!(store.upgrade().is_some() && weak.upgrade().is_some());
        drop(client);
        assert!(store.upgrade().is_none(), "the store is still held");
        drop(account);
        // The reader thread may be at its last line.
        let end = Instant::now() + PATIENCE;
        while weak.upgrade().is_some() {
            assert!(Instant::now() < end, "the handler is still held");
            thread::sleep(Duration::from_millis(5));
        }
    }
    proven("garbage");
}

#[test]
fn thrown() {
    let sandbox = Sandbox::start(APPROVES);
    let store = MapStore::new();
    let options = sandbox.options_with(Storage::own(store.clone())).on_event(|_: &Event| panic!("from a handler"));
    let client = Client::new(options).unwrap();
    client.account("default").unwrap().authorize_pin().wait_for(PATIENCE).unwrap();
    let panic = client.take_panic().expect("a panic was kept");
    assert_eq!(*panic.downcast_ref::<&str>().unwrap(), "from a handler");
    drop(client);

    let broken = |disturb: Option<fn() -> Result<(), StoreError>>| {
        *store.disturb.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = disturb.map(|disturb| Box::new(disturb) as _);
        let client = Client::new(sandbox.options_with(Storage::own(store.clone()))).unwrap();
        client.account("default").unwrap().token().wait_for(Duration::from_secs(2))
    };
    let error = broken(Some(|| Err(std::io::Error::new(std::io::ErrorKind::Other, "the disk has gone").into()))).unwrap_err();
    assert!(matches!(error, Error::Storage(_)) && error.code() == Code::Callback, "{:?}", error);
    assert_eq!(error.source().unwrap().to_string(), "the disk has gone");
    let error = broken(Some(|| panic!("a panic in a store"))).unwrap_err();
    assert!(matches!(error, Error::Storage(_)), "{:?}", error);
    assert_eq!(error.source().unwrap().to_string(), "panic in a store: a panic in a store");
    broken(Some(|| Err(StoreError::RetryLater("busy".into())))).unwrap_err();
    assert_eq!(broken(None).unwrap().generation, 1);
    proven("thrown");
}

#[test]
fn closed() {
    let sandbox = Sandbox::start(&[]);
    let (on_pin, shown) = pins();
    let client = Client::new(sandbox.options().on_pin(on_pin)).unwrap();
    let (account, ended) = (client.account("default").unwrap(), client.account("ended").unwrap());
    let authorization = account.authorize_pin();
    shown.recv_timeout(PATIENCE).unwrap();
    client.close();
    let error = authorization.wait_for(PATIENCE).unwrap_err();
    assert!(matches!(error, Error::Cancelled(_) | Error::Closed(_)), "{:?}", error);
    client.close();
    ended.close();
    ended.close();
    let uses = [
        account.token().wait().unwrap_err(),
        account.status().unwrap_err(),
        ended.token().wait().unwrap_err(),
        ended.refresh().wait().unwrap_err(),
        ended.status().unwrap_err(),
        client.account("default").unwrap_err(),
        client.accounts(PATIENCE).unwrap_err(),
        client.quiesce(PATIENCE).unwrap_err(),
    ];
    for error in uses {
        assert!(matches!(error, Error::Closed(_)), "{:?}", error);
    }
    assert!(ended.token_in_memory().is_none() && ended.generation() == 0);
    drop(client);
    assert!(matches!(account.status(), Err(Error::Closed(_))));

    // Closed while many threads use it.
    let busy = Sandbox::start(APPROVES);
    for _ in 0..20 {
        let client = busy.client();
        let account = client.account("default").unwrap();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| loop {
                    let state = account.status();
                    let _ = account.token().wait_for(PATIENCE);
                    let _ = (account.token_in_memory(), client.account("x"));
                    if matches!(state, Err(Error::Closed(_))) {
                        return;
                    }
                });
            }
            thread::sleep(Duration::from_millis(10));
            client.close();
        });
    }
    proven("closed");
}

/// A handler may close its client, and what waits is refused there and in a store.
#[test]
fn inside_callbacks() {
    let sandbox = Sandbox::start(APPROVES);
    let slot: Arc<Mutex<Option<Arc<Client>>>> = Arc::default();
    let (sender, codes) = mpsc::channel();
    let (inside, sender) = (Arc::clone(&slot), Mutex::new(sender));
    let options = sandbox.options().on_pin(move |_| {
        let client = inside.lock().unwrap().take().unwrap();
        let account = client.account("default").unwrap();
        sender.lock().unwrap().send(account.token().wait().unwrap_err().code()).unwrap();
        client.close();
    });
    let client = Arc::new(Client::new(options).unwrap());
    *slot.lock().unwrap() = Some(Arc::clone(&client));
    let ended = client.account("default").unwrap().authorize_pin().wait_for(PATIENCE);
    assert!(matches!(ended, Ok(()) | Err(Error::Cancelled(_)) | Err(Error::Closed(_))), "{:?}", ended);
    assert_eq!(codes.recv_timeout(PATIENCE).unwrap(), Code::Reentrant);
    assert!(matches!(client.account("default"), Err(Error::Closed(_))));

    let store = MapStore::new();
    let client = Arc::new(Client::new(sandbox.options_with(Storage::own(store.clone()))).unwrap());
    let (sender, codes) = mpsc::channel();
    let waits = Arc::clone(&client);
    *store.disturb.lock().unwrap() = Some(Box::new(move || {
        let _ = sender.send(waits.account("default").unwrap().token().wait().unwrap_err().code());
        Ok(())
    }));
    client.account("default").unwrap().authorize_pin().wait_for(PATIENCE).unwrap();
    assert_eq!(codes.recv_timeout(PATIENCE).unwrap(), Code::Reentrant);
    *store.disturb.lock().unwrap() = None;
    say("scenario teardown: not applicable: no isolates");
}
