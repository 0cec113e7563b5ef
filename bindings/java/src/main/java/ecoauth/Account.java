// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import ecoauth.Ecoauth.Code;
import ecoauth.Ecoauth.Flow;
import java.lang.ref.Cleaner;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** One user's grant under a name. Thread-safe. What may wait returns a future: cancelling it, or its time-out by orTimeout(), ends the
 *  operation; past the first byte of a token request never the exchange. Failures are {@link EcoauthException}. */
public final class Account implements AutoCloseable {
    /** Ends the handle once, whoever comes first; with the core's lock held. */
    private static final class Handle implements Runnable {
        private final Core core;
        private Pointer pointer;

        Handle(Core core, Pointer pointer) {
            this.core = core;
            this.pointer = pointer;
        }

        Pointer get() {
            if (pointer == null) {
                throw EcoauthException.make(Code.CLOSED, "the account has been closed");
            }
            return pointer;
        }

        @Override
        public void run() {
            synchronized (core) {
                if (pointer != null) {
                    Api.get().account_close(pointer);
                }
                pointer = null;
            }
        }
    }

    private interface Begin {
        int call(Pointer account, LongByReference operation, PointerByReference error);
    }

    private interface Call {
        int call(Pointer account, PointerByReference error);
    }

    private final Client client;
    private final Core core;
    private final Handle handle;
    private final Cleaner.Cleanable end;

    Account(Client client, Core core, Pointer account) {
        this.client = client;
        this.core = core;
        this.handle = new Handle(core, account);
        this.end = Client.CLEANER.register(this, handle);
    }

    private <T> CompletableFuture<T> start(Function<Event, T> value, Begin begin) {
        return core.start(new Operation<>(core, this, value), (operation, error) -> begin.call(handle.get(), operation, error));
    }

    private int call(Call call) {
        synchronized (core) {
            PointerByReference error = new PointerByReference();
            return core.check(call.call(handle.get(), error), error);
        }
    }

    /** Gets a PIN, shows it through {@code onPin}, and ends when the user has approved it. */
    public CompletableFuture<Void> authorizePin() {
        return start(event -> null, Api.get()::account_authorize_pin_start);
    }

    /** An access token. */
    public CompletableFuture<Token> token() {
        return token(Duration.ZERO);
    }

    /** An access token that is valid for at least so long. */
    public CompletableFuture<Token> token(Duration minValid) {
        return start(Event::token,
            (account, operation, error) -> Api.get().account_get_token_start(account, Text.milliseconds(minValid), operation, error));
    }

    /** Refreshes now, whatever the token's age. */
    public CompletableFuture<Void> refresh() {
        return start(event -> null, Api.get()::account_refresh_start);
    }

    /** An authorized API request without a body. */
    public CompletableFuture<Response> request(String method, String target) {
        return request(method, target, (byte[]) null, null);
    }

    /** The same with a body of JSON. */
    public CompletableFuture<Response> request(String method, String target, String json) {
        return request(method, target, json.getBytes(StandardCharsets.UTF_8), null);
    }

    /** An authorized API request; a refused token is refreshed and the request repeated once. */
    public CompletableFuture<Response> request(String method, String target, byte[] body, String contentType) {
        return request(method, target, Map.of(), body, contentType, 0);
    }

    /** The same with headers beside the library's own; an answer larger than {@code maxResponseBytes} (at most 64 MiB, 0 for 4 MiB) is an
     *  error. */
    public CompletableFuture<Response> request(String method, String target, Map<String, String> headers, byte[] body, String contentType,
                                               long maxResponseBytes) {
        StringBuilder lines = new StringBuilder();
        headers.forEach((name, value) -> {
            if ((name + value).indexOf('\n') >= 0) {
                throw EcoauthException.make(Code.INVALID_ARGUMENT, "a name or value of headers holds a line feed");
            }
            lines.append(name).append(": ").append(value).append('\n');
        });
        return start(Event::response, (account, operation, error) -> Api.get().account_request_with_start(account,
            Text.forC(method, "method"), Text.forC(target, "target"), Text.forC(lines.toString(), "headers"), body,
            new NativeLong(body == null ? 0 : body.length), contentType == null ? null : Text.forC(contentType, "contentType"),
            maxResponseBytes, operation, error));
    }

    /** Forgets the grant, on disk too. False when there was none. */
    public CompletableFuture<Boolean> signOut() {
        return start(event -> event.result() != Code.ALREADY_DONE.number(), Api.get()::account_sign_out_start);
    }

    /** The status, once its revision differs from {@code seenRevision}; with 0 once the store has been read. */
    public CompletableFuture<Status> waitForChange(long seenRevision) {
        return start(event -> status(),
            (account, operation, error) -> Api.get().account_wait_start(account, seenRevision, operation, error));
    }

    /** The address to open in a browser. */
    public CompletableFuture<String> authorizeUrl(Flow flow, String redirectUri) {
        return start(Event::text, (account, operation, error) -> Api.get().account_authorize_url_start(account, flow.number(),
            Text.forC(redirectUri, "redirectUri"), operation, error));
    }

    /** Takes the address to which the browser was sent back. */
    public CompletableFuture<Void> completeRedirect(String redirectedUrl) {
        return start(event -> null, (account, operation, error) -> Api.get().account_complete_redirect_start(account,
            Text.forC(redirectedUrl, "redirectedUrl"), operation, error));
    }

    /** Brings a refresh token from elsewhere under the library's care. */
    public CompletableFuture<Void> importToken(String refreshToken) {
        return start(event -> null, (account, operation, error) -> Api.get().account_import_start(account,
            Text.forC(refreshToken, "refreshToken"), operation, error));
    }

    // --- What never waits ---------------------------------------------------------------------------------------------------
    /** The user says "done": polls as soon as the interval allows. */
    public void checkNow() {
        call(Api.get()::account_check_now);
    }

    /** The API refused the token of this generation. False when a newer one is there. Repeat the API call once. */
    public boolean reportRejected(long generation) {
        return call((account, error) -> Api.get().account_report_rejected(account, generation, error)) != Code.ALREADY_DONE.number();
    }

    public Status status() {
        PointerByReference status = new PointerByReference();
        call((account, error) -> Api.get().account_status(account, status, error));
        try {
            return Status.copy(status.getValue());
        } finally {
            Api.get().status_free(status.getValue());
        }
    }

    /** The most recent failure; empty after a success. */
    public Optional<EcoauthException> lastError() {
        synchronized (core) {
            PointerByReference error = new PointerByReference();
            int result = Api.get().account_last_error(handle.get(), error);
            return result == Code.NOT_FOUND.number() ? Optional.empty() : Optional.of(EcoauthException.take(result, error));
        }
    }

    /** Counts token pairs, 0 without one. */
    public long generation() {
        synchronized (core) {
            return Math.max(0, Api.get().account_generation(handle.get()));
        }
    }

    /** The access token in memory; empty when there is none or it has expired: then ask for {@link #token()}. */
    public Optional<String> tokenInMemory() {
        int size = 2048;
        while (true) {
            byte[] buffer = new byte[size];
            PointerByReference needed = new PointerByReference(); // a size_t
            int result;
            synchronized (core) {
                result = Api.get().account_copy_token(handle.get(), buffer, new NativeLong(size), needed, null);
            }
            if (result != Code.BUFFER_TOO_SMALL.number()) {
                return result < 0 ? Optional.empty() : Optional.of(Native.toString(buffer, "US-ASCII"));
            }
            size = (int) Pointer.nativeValue(needed.getValue());
        }
    }

    /** The client that it belongs to. */
    public Client client() {
        return client;
    }

    /** Ends this object; the grant is not touched. Once or more. */
    @Override
    public void close() {
        end.clean();
    }
}
