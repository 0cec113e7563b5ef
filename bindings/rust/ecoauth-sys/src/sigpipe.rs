//! SIGPIPE, as it was before the library was loaded.

/// What a dynamically linked POCO does to the thread that loads it is undone here, before `main`: it blocks SIGPIPE.
#[used]
#[link_section = ".init_array"]
static RESTORE_SIGPIPE: extern "C" fn() = restore_sigpipe;

extern "C" fn restore_sigpipe() {
    const SIGPIPE: i32 = 13;
    const SIG_UNBLOCK: i32 = 1;
    /// Not smaller than any C library's sigset_t on Linux.
    #[repr(C, align(8))]
    struct SignalSet([u8; 128]);
    extern "C" {
        fn sigemptyset(set: *mut SignalSet) -> i32;
        fn sigaddset(set: *mut SignalSet, signal: i32) -> i32;
        fn pthread_sigmask(how: i32, set: *const SignalSet, old: *mut SignalSet) -> i32;
    }
    let mut only = SignalSet([0; 128]);
    unsafe {
        sigemptyset(&mut only);
        sigaddset(&mut only, SIGPIPE);
        pthread_sigmask(SIG_UNBLOCK, &only, core::ptr::null_mut());
    }
}
