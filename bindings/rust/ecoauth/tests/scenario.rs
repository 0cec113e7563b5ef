//! The steps of ../../../scenario.json, in Rust.
mod support;

use std::future::Future;
use std::pin::Pin as Pinned;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use ecoauth::{Action, Client, Code, Error, Event, Extras, Flow, GrantState, Options, Seal, Storage};
use support::{pins, proven, MapStore, Sandbox, PATIENCE, SUMMARY};

const APPROVES: &[&str] = &["--auto-approve", "0"];

/// The smallest runtime there is: it shows that futures need none of another crate.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn pin_progress_approve() {
    let sandbox = Sandbox::start(&[]);
    let (on_pin, shown) = pins();
    let (sender, progress) = mpsc::channel();
    let sender = Mutex::new(sender);
    let on_event = move |event: &Event| {
        if let Event::Progress { remaining, .. } = event {
            let _ = sender.lock().unwrap().send(*remaining);
        }
    };
    let client = Client::new(sandbox.options().on_pin(on_pin).on_event(on_event)).unwrap();
    let account = client.account("default").unwrap();
    let authorization = account.authorize_pin();
    let pin = shown.recv_timeout(PATIENCE).unwrap();
    let shape: String = pin.pin().chars().map(|letter| if letter.is_ascii_alphanumeric() { 'X' } else { letter }).collect();
    assert_eq!(shape, "XXXX-XXXX");
    assert!(pin.verification_url.ends_with("/consumerportal/index.html"));
    assert!(pin.remaining > Duration::ZERO && pin.remaining <= Duration::from_secs(900));
    assert_eq!(pin.scope, "smartRead");
    assert!(!format!("{:?}{:#?}{:?}", pin, pin, Event::Pin(pin.clone())).contains(pin.pin()));
    proven("pin");

    let remaining = progress.recv_timeout(PATIENCE).unwrap();
    assert!(remaining > Duration::ZERO && remaining < pin.remaining);
    proven("progress");

    sandbox.control("approve", &format!("pin={}", pin.pin()));
    authorization.wait_for(PATIENCE).unwrap();
    let status = account.status().unwrap();
    assert_eq!((status.state, status.generation, status.scope_satisfied), (GrantState::Active, 1, Some(true)));
    assert_eq!(status.store, "memory");
    proven("approve");
}

#[test]
fn token_and_refresh() {
    let sandbox = Sandbox::start(APPROVES);
    let client = sandbox.client();
    let account = client.account("default").unwrap();
    assert!(account.token_in_memory().is_none());
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    let token = account.token().wait_for(PATIENCE).unwrap();
    assert!(!token.access_token().is_empty());
    assert_eq!(token.authorization_header(), format!("Bearer {}", token.access_token()));
    assert!(token.generation == 1 && token.saved);
    assert!(token.valid_for > Duration::from_secs(3500) && token.valid_for <= Duration::from_secs(3600));
    assert_eq!(account.token_in_memory(), Some((token.access_token().to_string(), 1)));
    assert!(!format!("{:?}{:#?}", token, token).contains(token.access_token()));
    assert!(!format!("{:?}{:#?}", sandbox.options(), client).contains(support::CLIENT_ID));
    proven("token");

    account.refresh().wait_for(PATIENCE).unwrap();
    let second = account.token().wait_for(PATIENCE).unwrap();
    assert!(second.generation == 2 && account.generation() == 2 && second.access_token() != token.access_token());
    assert!(account.report_rejected(token.generation).unwrap());
    let error = account.refresh().wait_for(PATIENCE).unwrap_err();
    assert!(matches!(error, Error::Retry(_)));
    assert_eq!((error.code(), error.action()), (Code::RateLimited, Action::Retry));
    assert!(error.details().retry_after.unwrap() > Duration::ZERO);
    proven("refresh");
}

#[test]
fn request() {
    let sandbox = Sandbox::start(APPROVES);
    let client = sandbox.client();
    let account = client.account("default").unwrap();
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    for generation in 1..=2 {
        let answer = account.get(SUMMARY).wait_for(PATIENCE).unwrap();
        assert_eq!((answer.http_status, answer.api_status), (200, Some(0)));
        assert!(String::from_utf8(answer.body).unwrap().contains("\"thermostatCount\""));
        assert_eq!(account.generation(), generation);
        if generation == 1 {
            sandbox.control("expire", "what=access");
        }
    }
    let with = |headers, max_response_bytes| {
        account.request_with("GET", SUMMARY, None, None, &Extras { headers, max_response_bytes }).wait_for(PATIENCE)
    };
    let error = with(&[], 10).unwrap_err();
    assert_eq!((error.code(), error.action()), (Code::Protocol, Action::FixConfig));
    assert_eq!(with(&[("Authorization", "Bearer x")], 0).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(with(&[("X-Mine", "a\nX-Other: b")], 0).unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(with(&[("X-Mine", "a")], 0).unwrap().http_status, 200);
    proven("request");
}

#[test]
fn cancel() {
    let sandbox = Sandbox::start(&[]);
    let (on_pin, shown) = pins();
    let client = Client::new(sandbox.options().on_pin(on_pin)).unwrap();
    let account = client.account("default").unwrap();

    // From another thread.
    let authorization = account.authorize_pin();
    let canceller = authorization.canceller();
    let first = shown.recv_timeout(PATIENCE).unwrap();
    let begin = Instant::now();
    let other = thread::spawn(move || canceller.cancel());
    let error = authorization.wait().unwrap_err();
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert!(matches!(error, Error::Cancelled(_)), "{:?}", error);
    other.join().unwrap();

    // By time.
    let error = account.authorize_pin().wait_for(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, Error::TimedOut(_)), "{:?}", error);
    // By dropping the future.
    let _ = shown.recv_timeout(PATIENCE).unwrap();
    drop(account.authorize_pin());

    let again = account.authorize_pin();
    let second = shown.recv_timeout(PATIENCE).unwrap();
    assert_eq!(first.pin(), second.pin());
    sandbox.control("approve", &format!("pin={}", second.pin()));
    again.wait_for(PATIENCE).unwrap();
    proven("cancel");
}

#[test]
fn expired() {
    let error =
        failed_authorization(&["--expired-as", "authorization_expired"], |sandbox, _| sandbox.control("expire", "what=pin"));
    assert_eq!((error.code(), error.action()), (Code::PinExpired, Action::Reauthorize));
    proven("expired");
}

#[test]
fn declined() {
    let error = failed_authorization(&[], |sandbox, pin| sandbox.control("decline", &format!("pin={}", pin)));
    assert_eq!((error.code(), error.action()), (Code::Declined, Action::Reauthorize));
    proven("declined");
}

fn failed_authorization(arguments: &[&str], act: impl Fn(&Sandbox, &str)) -> Error {
    let sandbox = Sandbox::start(arguments);
    let (on_pin, shown) = pins();
    let client = Client::new(sandbox.options().on_pin(on_pin)).unwrap();
    let authorization = client.account("default").unwrap().authorize_pin();
    act(&sandbox, shown.recv_timeout(PATIENCE).unwrap().pin());
    let error = authorization.wait_for(PATIENCE).unwrap_err();
    assert!(matches!(error, Error::Reauthorize(_)), "{:?}", error);
    assert!(!error.details().advice.is_empty());
    error
}

#[test]
fn own_store() {
    let sandbox = Sandbox::start(APPROVES);
    let store = MapStore::new();
    let own = |sandbox: &Sandbox| Client::new(sandbox.options_with(Storage::own(store.clone()))).unwrap();
    let client = own(&sandbox);
    let account = client.account("default").unwrap();
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    account.refresh().wait_for(PATIENCE).unwrap();
    assert_eq!(client.accounts(PATIENCE).unwrap(), ["default"]);
    assert_eq!(account.status().unwrap().store, "callbacks");
    drop((account, client));
    assert_eq!(Arc::strong_count(&store), 1); // the library has let go of it
    let second = own(&sandbox);
    assert_eq!(second.account("default").unwrap().token().wait_for(PATIENCE).unwrap().generation, 2);
    let threads = store.threads.lock().unwrap();
    assert!(!threads.is_empty() && !threads.contains(&thread::current().id()));
    proven("own-store");
}

#[test]
fn sealed() {
    let sandbox = Sandbox::start(APPROVES);
    let store = MapStore::new();
    let sealed = || {
        let options: Options = sandbox.options_with(Storage::own(store.clone()));
        Client::new(options.seal(Seal::with_keys(|_| Ok(Some(b"0123456789abcdef0123456789abcdef".to_vec()))))).unwrap()
    };
    let client = sealed();
    let account = client.account("default").unwrap();
    account.authorize_pin().wait_for(PATIENCE).unwrap();
    assert_ne!(account.status().unwrap().seal, "none");
    drop(client);
    assert_eq!(sealed().account("default").unwrap().token().wait_for(PATIENCE).unwrap().generation, 1);
}

/// Several operations at once on one thread, in a runtime of twenty lines.
#[test]
fn futures() {
    let sandbox = Sandbox::start(APPROVES);
    let client = sandbox.client();
    let polls = AtomicUsize::new(0);
    struct Counted<'a, F>(Pinned<Box<F>>, &'a AtomicUsize);
    impl<F: Future> Future for Counted<'_, F> {
        type Output = F::Output;
        fn poll(mut self: Pinned<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.as_mut().poll(context)
        }
    }
    let generation = block_on(async {
        let account = client.account("default")?;
        Counted(Box::pin(account.authorize_pin()), &polls).await?;
        let (first, second) = (account.token(), account.get(SUMMARY));
        let token = first.await?;
        assert_eq!(second.await?.api_status, Some(0));
        let error = account.complete_redirect("nonsense").await.unwrap_err();
        assert!(matches!(error.code(), Code::InvalidArgument | Code::WrongState), "{:?}", error);
        Ok::<_, Error>(token.generation)
    });
    assert_eq!(generation.unwrap(), 1);
    assert!(polls.load(Ordering::Relaxed) <= 3, "polled without having been woken");
}

#[test]
fn by_a_browser_and_importing() {
    let sandbox = Sandbox::start(&[]);
    let client = sandbox.client();
    let account = client.account("default").unwrap();
    let back = "https://client.example/back";
    let address = account.authorize_url(Flow::Code, back).wait_for(PATIENCE).unwrap();
    let state = address.split("state=").nth(1).unwrap().split('&').next().unwrap();
    let error = account.complete_redirect(&format!("{}?code=abc&state=foreign", back)).wait_for(PATIENCE).unwrap_err();
    assert_eq!(error.code(), Code::WrongState);
    let error = account.complete_redirect(&format!("{}?error=access_denied&state={}", back, state)).wait_for(PATIENCE).unwrap_err();
    assert_eq!(error.code(), Code::Declined);
    let imported = client.account("imported").unwrap();
    let error = imported.import("RefreshTokenThatNobodyHasGivenOut").wait_for(PATIENCE).unwrap_err();
    assert_eq!(error.code(), Code::NeedsAuthorization);
    imported.sign_out().wait_for(PATIENCE).unwrap();
    imported.wait_for_change(0).wait_for(PATIENCE).unwrap();
    assert_eq!(imported.check_now().unwrap_err().code(), Code::WrongState);
}

#[test]
fn options_say_what_is_wrong() {
    let wrong: [(&str, fn(Options) -> Options); 3] = [
        ("base_url", |options| options.base_url("http://ecobee.example")),
        ("client_id", |options| options.client_id("")),
        ("advisory_window", |options| options.advisory_window(60, 50)),
    ];
    for (name, set) in wrong {
        match Client::new(set(Options::new(Storage::memory()))) {
            Err(Error::Config(details)) => assert!(details.message.contains(name) && !details.advice.is_empty(), "{:?}", details),
            other => panic!("{}: {:?}", name, other),
        }
    }
}
