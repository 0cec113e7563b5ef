//! The C interface of ecoauth, as it is. Its manual is `<ecoauth/ecoauth.h>`; the crate `ecoauth` is the safe way to it.
#![allow(non_camel_case_types)]

use std::ffi::c_void;
use std::os::raw::c_char;

mod numbers;
mod sigpipe;

pub use numbers::*;

macro_rules! opaque {
    ($($name:ident)*) => { $(
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
            _pinned: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
        }
    )* };
}

opaque! {
    ecoauth_error
    ecoauth_client
    ecoauth_account
    ecoauth_options
    ecoauth_store
    ecoauth_blob
    ecoauth_token
    ecoauth_status
    ecoauth_response
    ecoauth_event
    ecoauth_account_list
}

pub type ecoauth_finalizer_fn = unsafe extern "C" fn(user_data: *mut c_void);
pub type ecoauth_pin_fn = unsafe extern "C" fn(
    user_data: *mut c_void,
    account_key: *const c_char,
    pin: *const c_char,
    verification_url: *const c_char,
    remaining_ms: i64,
);
pub type ecoauth_event_fn = unsafe extern "C" fn(user_data: *mut c_void, event: *const ecoauth_event);
pub type ecoauth_log_fn = unsafe extern "C" fn(user_data: *mut c_void, level: i32, line: *const c_char);
pub type ecoauth_wakeup_fn = unsafe extern "C" fn(user_data: *mut c_void);
pub type ecoauth_store_load_fn = unsafe extern "C" fn(user_data: *mut c_void, key: *const c_char, out: *mut ecoauth_blob) -> i32;
pub type ecoauth_store_save_fn = unsafe extern "C" fn(
    user_data: *mut c_void,
    key: *const c_char,
    expected_seq: i64,
    data: *const c_void,
    size_bytes: usize,
    new_seq: i64,
) -> i32;
pub type ecoauth_store_erase_fn = unsafe extern "C" fn(user_data: *mut c_void, key: *const c_char) -> i32;
pub type ecoauth_store_list_fn = unsafe extern "C" fn(user_data: *mut c_void, out: *mut ecoauth_blob) -> i32;
pub type ecoauth_store_lock_fn = unsafe extern "C" fn(user_data: *mut c_void, key: *const c_char, timeout_ms: i64) -> i32;
pub type ecoauth_store_unlock_fn = unsafe extern "C" fn(user_data: *mut c_void, key: *const c_char);
pub type ecoauth_seal_key_fn = unsafe extern "C" fn(user_data: *mut c_void, key_id: *const c_char, out: *mut ecoauth_blob) -> i32;

extern "C" {
    pub fn ecoauth_error_code(error: *const ecoauth_error) -> i32;
    pub fn ecoauth_error_message(error: *const ecoauth_error) -> *const c_char;
    pub fn ecoauth_error_advice(error: *const ecoauth_error) -> *const c_char;
    pub fn ecoauth_error_action(error: *const ecoauth_error) -> i32;
    pub fn ecoauth_error_retry_after_ms(error: *const ecoauth_error) -> i64;
    pub fn ecoauth_error_oauth_error(error: *const ecoauth_error) -> *const c_char;
    pub fn ecoauth_error_oauth_description(error: *const ecoauth_error) -> *const c_char;
    pub fn ecoauth_error_oauth_uri(error: *const ecoauth_error) -> *const c_char;
    pub fn ecoauth_error_http_status(error: *const ecoauth_error) -> i32;
    pub fn ecoauth_error_api_status(error: *const ecoauth_error) -> i32;
    pub fn ecoauth_error_free(error: *mut ecoauth_error);
    pub fn ecoauth_result_name(result: i32) -> *const c_char;
    pub fn ecoauth_action_name(action: i32) -> *const c_char;
    pub fn ecoauth_options_new() -> *mut ecoauth_options;
    pub fn ecoauth_options_free(options: *mut ecoauth_options);
    pub fn ecoauth_options_set_client_id(options: *mut ecoauth_options, client_id: *const c_char) -> i32;
    pub fn ecoauth_options_set_scope(options: *mut ecoauth_options, scope: *const c_char) -> i32;
    pub fn ecoauth_options_set_base_url(options: *mut ecoauth_options, base_url: *const c_char) -> i32;
    pub fn ecoauth_options_set_store(options: *mut ecoauth_options, store: *mut ecoauth_store) -> i32;
    pub fn ecoauth_options_set_pin_callback(
        options: *mut ecoauth_options,
        callback: Option<ecoauth_pin_fn>,
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
    ) -> i32;
    pub fn ecoauth_options_set_event_callback(
        options: *mut ecoauth_options,
        callback: Option<ecoauth_event_fn>,
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
    ) -> i32;
    pub fn ecoauth_options_set_log_callback(
        options: *mut ecoauth_options,
        most_verbose: i32,
        callback: Option<ecoauth_log_fn>,
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
    ) -> i32;
    pub fn ecoauth_options_set_log_level(options: *mut ecoauth_options, most_verbose: i32) -> i32;
    pub fn ecoauth_options_set_wakeup_callback(
        options: *mut ecoauth_options,
        callback: Option<ecoauth_wakeup_fn>,
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
    ) -> i32;
    pub fn ecoauth_options_set_dispatch(options: *mut ecoauth_options, dispatch: i32) -> i32;
    pub fn ecoauth_options_set_user_agent(options: *mut ecoauth_options, user_agent: *const c_char) -> i32;
    pub fn ecoauth_options_set_ca_file(options: *mut ecoauth_options, ca_file: *const c_char) -> i32;
    pub fn ecoauth_options_set_proxy(options: *mut ecoauth_options, proxy: *const c_char) -> i32;
    pub fn ecoauth_options_set_request_timeout_ms(options: *mut ecoauth_options, timeout_ms: i64) -> i32;
    pub fn ecoauth_options_set_connect_timeout_ms(options: *mut ecoauth_options, timeout_ms: i64) -> i32;
    pub fn ecoauth_options_set_shutdown_timeout_ms(options: *mut ecoauth_options, timeout_ms: i64) -> i32;
    pub fn ecoauth_options_set_advisory_window(options: *mut ecoauth_options, first_percent: i32, last_percent: i32) -> i32;
    pub fn ecoauth_options_set_mandatory_window(options: *mut ecoauth_options, min_left_ms: i64, left_percent: i32) -> i32;
    pub fn ecoauth_options_set_keep_fresh(options: *mut ecoauth_options, keep_fresh: i32) -> i32;
    pub fn ecoauth_options_set_role(options: *mut ecoauth_options, role: i32) -> i32;
    pub fn ecoauth_options_set_polling(options: *mut ecoauth_options, polling: i32) -> i32;
    pub fn ecoauth_options_set_parameter_style(options: *mut ecoauth_options, style: i32) -> i32;
    pub fn ecoauth_options_set_token_format(options: *mut ecoauth_options, token_format: *const c_char) -> i32;
    pub fn ecoauth_options_set_verification_url(options: *mut ecoauth_options, verification_url: *const c_char) -> i32;
    pub fn ecoauth_client_new(
        options: *mut ecoauth_options,
        client: *mut *mut ecoauth_client,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_client_free(client: *mut ecoauth_client);
    pub fn ecoauth_client_close_start(client: *mut ecoauth_client, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_client_quiesce(client: *mut ecoauth_client, timeout_ms: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_client_dispatch(client: *mut ecoauth_client, timeout_ms: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_client_next_event(
        client: *mut ecoauth_client,
        timeout_ms: i64,
        event: *mut *mut ecoauth_event,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_client_wakeup_fd(client: *mut ecoauth_client, fd: *mut i32, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_client_cancel(client: *mut ecoauth_client, operation: i64) -> i32;
    pub fn ecoauth_client_accounts(
        client: *mut ecoauth_client,
        timeout_ms: i64,
        accounts: *mut *mut ecoauth_account_list,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_list_size(accounts: *const ecoauth_account_list) -> usize;
    pub fn ecoauth_account_list_key(accounts: *const ecoauth_account_list, index: usize) -> *const c_char;
    pub fn ecoauth_account_list_free(accounts: *mut ecoauth_account_list);
    pub fn ecoauth_account_open(
        client: *mut ecoauth_client,
        key: *const c_char,
        account: *mut *mut ecoauth_account,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_close(account: *mut ecoauth_account);
    pub fn ecoauth_account_authorize_pin(account: *mut ecoauth_account, timeout_ms: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_authorize_pin_start(
        account: *mut ecoauth_account,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_check_now(account: *mut ecoauth_account, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_authorize_url(
        account: *mut ecoauth_account,
        flow: i32,
        redirect_uri: *const c_char,
        timeout_ms: i64,
        buffer: *mut c_char,
        size_bytes: usize,
        needed_bytes: *mut usize,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_authorize_url_start(
        account: *mut ecoauth_account,
        flow: i32,
        redirect_uri: *const c_char,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_complete_redirect(
        account: *mut ecoauth_account,
        redirected_url: *const c_char,
        timeout_ms: i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_complete_redirect_start(
        account: *mut ecoauth_account,
        redirected_url: *const c_char,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_get_token(
        account: *mut ecoauth_account,
        min_valid_ms: i64,
        timeout_ms: i64,
        token: *mut *mut ecoauth_token,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_get_token_start(
        account: *mut ecoauth_account,
        min_valid_ms: i64,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_copy_token(
        account: *mut ecoauth_account,
        buffer: *mut c_char,
        size_bytes: usize,
        needed_bytes: *mut usize,
        generation: *mut i64,
    ) -> i32;
    pub fn ecoauth_account_generation(account: *mut ecoauth_account) -> i64;
    pub fn ecoauth_account_authorization_header(
        account: *mut ecoauth_account,
        buffer: *mut c_char,
        size_bytes: usize,
        needed_bytes: *mut usize,
        generation: *mut i64,
    ) -> i32;
    pub fn ecoauth_account_report_rejected(account: *mut ecoauth_account, generation: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_refresh(account: *mut ecoauth_account, timeout_ms: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_refresh_start(account: *mut ecoauth_account, operation: *mut i64, error: *mut *mut ecoauth_error)
        -> i32;
    pub fn ecoauth_account_request(
        account: *mut ecoauth_account,
        method: *const c_char,
        target: *const c_char,
        data: *const c_void,
        size_bytes: usize,
        content_type: *const c_char,
        timeout_ms: i64,
        response: *mut *mut ecoauth_response,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_request_start(
        account: *mut ecoauth_account,
        method: *const c_char,
        target: *const c_char,
        data: *const c_void,
        size_bytes: usize,
        content_type: *const c_char,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_request_with(
        account: *mut ecoauth_account,
        method: *const c_char,
        target: *const c_char,
        headers: *const c_char,
        data: *const c_void,
        size_bytes: usize,
        content_type: *const c_char,
        max_response_bytes: i64,
        timeout_ms: i64,
        response: *mut *mut ecoauth_response,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_request_with_start(
        account: *mut ecoauth_account,
        method: *const c_char,
        target: *const c_char,
        headers: *const c_char,
        data: *const c_void,
        size_bytes: usize,
        content_type: *const c_char,
        max_response_bytes: i64,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_import(
        account: *mut ecoauth_account,
        refresh_token: *const c_char,
        timeout_ms: i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_import_start(
        account: *mut ecoauth_account,
        refresh_token: *const c_char,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_sign_out(account: *mut ecoauth_account, timeout_ms: i64, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_sign_out_start(
        account: *mut ecoauth_account,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_status(
        account: *mut ecoauth_account,
        status: *mut *mut ecoauth_status,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_last_error(account: *mut ecoauth_account, error: *mut *mut ecoauth_error) -> i32;
    pub fn ecoauth_account_wait(
        account: *mut ecoauth_account,
        seen_revision: i64,
        timeout_ms: i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_account_wait_start(
        account: *mut ecoauth_account,
        seen_revision: i64,
        operation: *mut i64,
        error: *mut *mut ecoauth_error,
    ) -> i32;
    pub fn ecoauth_event_kind(event: *const ecoauth_event) -> i32;
    pub fn ecoauth_event_account_key(event: *const ecoauth_event) -> *const c_char;
    pub fn ecoauth_event_operation(event: *const ecoauth_event) -> i64;
    pub fn ecoauth_event_result(event: *const ecoauth_event) -> i32;
    pub fn ecoauth_event_error(event: *const ecoauth_event) -> *const ecoauth_error;
    pub fn ecoauth_event_token(event: *const ecoauth_event) -> *const ecoauth_token;
    pub fn ecoauth_event_response(event: *const ecoauth_event) -> *const ecoauth_response;
    pub fn ecoauth_event_pin(event: *const ecoauth_event) -> *const c_char;
    pub fn ecoauth_event_verification_url(event: *const ecoauth_event) -> *const c_char;
    pub fn ecoauth_event_remaining_ms(event: *const ecoauth_event) -> i64;
    pub fn ecoauth_event_state(event: *const ecoauth_event) -> i32;
    pub fn ecoauth_event_flags(event: *const ecoauth_event) -> i32;
    pub fn ecoauth_event_generation(event: *const ecoauth_event) -> i64;
    pub fn ecoauth_event_text(event: *const ecoauth_event) -> *const c_char;
    pub fn ecoauth_event_log_level(event: *const ecoauth_event) -> i32;
    pub fn ecoauth_event_dropped(event: *const ecoauth_event) -> i64;
    pub fn ecoauth_event_data(event: *const ecoauth_event) -> *const c_void;
    pub fn ecoauth_event_data_bytes(event: *const ecoauth_event) -> usize;
    pub fn ecoauth_event_free(event: *mut ecoauth_event);
    pub fn ecoauth_state_name(state: i32) -> *const c_char;
    pub fn ecoauth_status_revision(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_grant_state(status: *const ecoauth_status) -> i32;
    pub fn ecoauth_status_reason(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_flags(status: *const ecoauth_status) -> i32;
    pub fn ecoauth_status_generation(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_token_valid_ms(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_token_age_ms(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_next_try_ms(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_pin_valid_ms(status: *const ecoauth_status) -> i64;
    pub fn ecoauth_status_scope_granted(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_scope_asked(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_scope_satisfied(status: *const ecoauth_status) -> i32;
    pub fn ecoauth_status_account_key(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_origin(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_client_fingerprint(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_store(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_seal(status: *const ecoauth_status) -> *const c_char;
    pub fn ecoauth_status_free(status: *mut ecoauth_status);
    pub fn ecoauth_token_access_token(token: *const ecoauth_token) -> *const c_char;
    pub fn ecoauth_token_authorization_header(token: *const ecoauth_token) -> *const c_char;
    pub fn ecoauth_token_generation(token: *const ecoauth_token) -> i64;
    pub fn ecoauth_token_valid_ms(token: *const ecoauth_token) -> i64;
    pub fn ecoauth_token_scope(token: *const ecoauth_token) -> *const c_char;
    pub fn ecoauth_token_free(token: *mut ecoauth_token);
    pub fn ecoauth_response_http_status(response: *const ecoauth_response) -> i32;
    pub fn ecoauth_response_api_status(response: *const ecoauth_response) -> i32;
    pub fn ecoauth_response_body(response: *const ecoauth_response) -> *const c_char;
    pub fn ecoauth_response_body_bytes(response: *const ecoauth_response) -> usize;
    pub fn ecoauth_response_content_type(response: *const ecoauth_response) -> *const c_char;
    pub fn ecoauth_response_free(response: *mut ecoauth_response);
    pub fn ecoauth_blob_set(blob: *mut ecoauth_blob, data: *const c_void, size_bytes: usize) -> i32;
    pub fn ecoauth_store_new_memory() -> *mut ecoauth_store;
    pub fn ecoauth_store_new_file(folder: *const c_char) -> *mut ecoauth_store;
    pub fn ecoauth_store_allow_network(store: *mut ecoauth_store) -> i32;
    pub fn ecoauth_store_new_callbacks(
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
        load: Option<ecoauth_store_load_fn>,
        save: Option<ecoauth_store_save_fn>,
        erase: Option<ecoauth_store_erase_fn>,
        list: Option<ecoauth_store_list_fn>,
        lock: Option<ecoauth_store_lock_fn>,
        unlock: Option<ecoauth_store_unlock_fn>,
    ) -> *mut ecoauth_store;
    pub fn ecoauth_store_seal_with_callback(
        store: *mut ecoauth_store,
        seal_key: Option<ecoauth_seal_key_fn>,
        user_data: *mut c_void,
        finalizer: Option<ecoauth_finalizer_fn>,
    ) -> i32;
    pub fn ecoauth_store_seal_with_fd(store: *mut ecoauth_store, fd: i32) -> i32;
    pub fn ecoauth_store_seal_with_file(store: *mut ecoauth_store, path: *const c_char) -> i32;
    pub fn ecoauth_store_seal_with_secret_service(
        store: *mut ecoauth_store,
        label: *const c_char,
        bus_address: *const c_char,
    ) -> i32;
    pub fn ecoauth_store_free(store: *mut ecoauth_store);
    pub fn ecoauth_version() -> i32;
    pub fn ecoauth_version_string() -> *const c_char;
    pub fn ecoauth_has_feature(feature: *const c_char) -> i32;
    pub fn ecoauth_runtime_info(what: *const c_char) -> *const c_char;
}
