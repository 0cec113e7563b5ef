// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Callback;
import com.sun.jna.FunctionMapper;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/** The library's functions, by their names without prefix; size_t is NativeLong, which on Linux it is. */
interface Api extends Library {
    int OLDEST_LIBRARY = 1000; // 0.1.0
    int DISPATCH_POLL = 2;

    interface Load extends Callback { int call(Pointer userData, String key, Pointer out); }
    interface Save extends Callback {
        int call(Pointer userData, String key, long expectedSeq, Pointer data, NativeLong size, long newSeq);
    }
    interface Erase extends Callback { int call(Pointer userData, String key); }
    interface ListKeys extends Callback { int call(Pointer userData, Pointer out); }
    interface Lock extends Callback { int call(Pointer userData, String key, long timeoutMs); }
    interface Unlock extends Callback { void call(Pointer userData, String key); }
    interface SealKey extends Callback { int call(Pointer userData, String keyId, Pointer out); }
    interface Finalizer extends Callback { void call(Pointer userData); }

    int version();
    String version_string();
    int has_feature(String feature);
    String runtime_info(String what);
    String result_name(int result);
    String action_name(int action);
    String state_name(int state);

    Pointer store_new_memory();
    Pointer store_new_file(String folder);
    int store_allow_network(Pointer store);
    Pointer store_new_callbacks(Pointer userData, Finalizer finalizer, Load load, Save save, Erase erase, ListKeys list, Lock lock,
                                Unlock unlock);
    int store_seal_with_callback(Pointer store, SealKey sealKey, Pointer userData, Finalizer finalizer);
    int store_seal_with_fd(Pointer store, int fd);
    int store_seal_with_file(Pointer store, String path);
    int store_seal_with_secret_service(Pointer store, String label, String busAddress);
    void store_free(Pointer store);
    int blob_set(Pointer blob, byte[] data, NativeLong size);

    Pointer options_new();
    void options_free(Pointer options);
    int options_set_store(Pointer options, Pointer store);
    int options_set_client_id(Pointer options, String value);
    int options_set_scope(Pointer options, String value);
    int options_set_base_url(Pointer options, String value);
    int options_set_user_agent(Pointer options, String value);
    int options_set_ca_file(Pointer options, String value);
    int options_set_proxy(Pointer options, String value);
    int options_set_token_format(Pointer options, String value);
    int options_set_verification_url(Pointer options, String value);
    int options_set_log_level(Pointer options, int value);
    int options_set_dispatch(Pointer options, int value);
    int options_set_keep_fresh(Pointer options, int value);
    int options_set_role(Pointer options, int value);
    int options_set_polling(Pointer options, int value);
    int options_set_parameter_style(Pointer options, int value);
    int options_set_request_timeout_ms(Pointer options, long value);
    int options_set_connect_timeout_ms(Pointer options, long value);
    int options_set_shutdown_timeout_ms(Pointer options, long value);
    int options_set_advisory_window(Pointer options, int firstPercent, int lastPercent);
    int options_set_mandatory_window(Pointer options, long minLeftMs, int leftPercent);

    int client_new(Pointer options, PointerByReference client, PointerByReference error);
    void client_free(Pointer client);
    int client_close_start(Pointer client, PointerByReference error);
    int client_quiesce(Pointer client, long timeoutMs, PointerByReference error);
    int client_next_event(Pointer client, long timeoutMs, PointerByReference event, PointerByReference error);
    int client_cancel(Pointer client, long operation);
    int client_accounts(Pointer client, long timeoutMs, PointerByReference accounts, PointerByReference error);
    NativeLong account_list_size(Pointer accounts);
    String account_list_key(Pointer accounts, NativeLong index);
    void account_list_free(Pointer accounts);

    int account_open(Pointer client, String key, PointerByReference account, PointerByReference error);
    void account_close(Pointer account);
    int account_authorize_pin_start(Pointer account, LongByReference operation, PointerByReference error);
    int account_authorize_url_start(Pointer account, int flow, String redirectUri, LongByReference operation, PointerByReference error);
    int account_complete_redirect_start(Pointer account, String url, LongByReference operation, PointerByReference error);
    int account_get_token_start(Pointer account, long minValidMs, LongByReference operation, PointerByReference error);
    int account_refresh_start(Pointer account, LongByReference operation, PointerByReference error);
    int account_request_with_start(Pointer account, String method, String target, String headers, byte[] data, NativeLong size,
                                   String contentType, long maxResponseBytes, LongByReference operation, PointerByReference error);
    int account_import_start(Pointer account, String refreshToken, LongByReference operation, PointerByReference error);
    int account_sign_out_start(Pointer account, LongByReference operation, PointerByReference error);
    int account_wait_start(Pointer account, long seenRevision, LongByReference operation, PointerByReference error);
    int account_check_now(Pointer account, PointerByReference error);
    int account_copy_token(Pointer account, byte[] buffer, NativeLong size, PointerByReference needed, LongByReference generation);
    long account_generation(Pointer account);
    int account_report_rejected(Pointer account, long generation, PointerByReference error);
    int account_status(Pointer account, PointerByReference status, PointerByReference error);
    int account_last_error(Pointer account, PointerByReference error);

    int event_kind(Pointer event);
    String event_account_key(Pointer event);
    long event_operation(Pointer event);
    int event_result(Pointer event);
    Pointer event_error(Pointer event);
    Pointer event_token(Pointer event);
    Pointer event_response(Pointer event);
    String event_pin(Pointer event);
    String event_verification_url(Pointer event);
    long event_remaining_ms(Pointer event);
    int event_state(Pointer event);
    int event_flags(Pointer event);
    long event_generation(Pointer event);
    String event_text(Pointer event);
    int event_log_level(Pointer event);
    long event_dropped(Pointer event);
    Pointer event_data(Pointer event);
    NativeLong event_data_bytes(Pointer event);
    void event_free(Pointer event);

    int error_code(Pointer error);
    String error_message(Pointer error);
    String error_advice(Pointer error);
    int error_action(Pointer error);
    long error_retry_after_ms(Pointer error);
    String error_oauth_error(Pointer error);
    String error_oauth_description(Pointer error);
    String error_oauth_uri(Pointer error);
    int error_http_status(Pointer error);
    int error_api_status(Pointer error);
    void error_free(Pointer error);

    String token_access_token(Pointer token);
    String token_authorization_header(Pointer token);
    long token_generation(Pointer token);
    long token_valid_ms(Pointer token);
    String token_scope(Pointer token);

    int response_http_status(Pointer response);
    int response_api_status(Pointer response);
    Pointer response_body(Pointer response);
    NativeLong response_body_bytes(Pointer response);
    String response_content_type(Pointer response);

    long status_revision(Pointer status);
    int status_grant_state(Pointer status);
    String status_reason(Pointer status);
    int status_flags(Pointer status);
    long status_generation(Pointer status);
    long status_token_valid_ms(Pointer status);
    long status_token_age_ms(Pointer status);
    long status_next_try_ms(Pointer status);
    long status_pin_valid_ms(Pointer status);
    String status_scope_granted(Pointer status);
    String status_scope_asked(Pointer status);
    int status_scope_satisfied(Pointer status);
    String status_account_key(Pointer status);
    String status_origin(Pointer status);
    String status_client_fingerprint(Pointer status);
    String status_store(Pointer status);
    String status_seal(Pointer status);
    void status_free(Pointer status);

    /** The loaded library. */
    static Api get() {
        return Loader.load(null);
    }

    /** Loads once, and knows from where. */
    final class Loader {
        private static final int SIG_SETMASK = 2;
        private static final int MASK_BYTES = 128;
        private static Api loaded;
        private static String from;

        private Loader() {}

        static synchronized Api load(String path) {
            if (loaded != null) {
                if (path != null && !path.equals(from)) {
                    throw new IllegalStateException("the library is loaded already, from " + from);
                }
                return loaded;
            }
            String named = path != null ? path : System.getenv("ECOAUTH_LIBRARY");
            Path inside = named == null || named.isEmpty() ? unpack() : null;
            String chosen = inside != null ? inside.toString() : named == null || named.isEmpty() ? "libecoauth.so.0" : named;
            try {
                loaded = open(chosen);
                from = chosen;
            } finally {
                remove(inside); // it stays mapped
            }
            return loaded;
        }

        private static Api open(String path) {
            // A dynamically linked POCO blocks SIGPIPE in the thread that loads it.
            var sigmask = NativeLibrary.getInstance("c").getFunction("pthread_sigmask");
            Memory mask = new Memory(MASK_BYTES);
            sigmask.invokeInt(new Object[] {SIG_SETMASK, null, mask});
            try {
                FunctionMapper names = (library, method) -> "ecoauth_" + method.getName();
                Api api = Native.load(path, Api.class, Map.of(Library.OPTION_FUNCTION_MAPPER, names, Library.OPTION_STRING_ENCODING, "UTF-8"));
                if (api.version() < OLDEST_LIBRARY) {
                    throw new UnsatisfiedLinkError(path + " is version " + api.version_string() + ", which is too old for this package");
                }
                return api;
            } finally {
                sigmask.invokeInt(new Object[] {SIG_SETMASK, mask, null});
            }
        }

        /** The library inside this package, as a file; null when there is none for this machine. */
        private static Path unpack() {
            try (InputStream library = Api.class.getResourceAsStream("/" + Platform.RESOURCE_PREFIX + "/libecoauth.so.0")) {
                if (library == null) {
                    return null;
                }
                Path file = Files.createTempFile("libecoauth", ".so");
                Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
                return file;
            } catch (IOException error) {
                throw new UncheckedIOException("the library inside the package cannot be unpacked", error);
            }
        }

        private static void remove(Path file) {
            try {
                if (file != null) {
                    Files.delete(file);
                }
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
        }
    }
}
