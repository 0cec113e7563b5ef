// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import ecoauth.Ecoauth.KeepFresh;
import ecoauth.Ecoauth.LogLevel;
import ecoauth.Ecoauth.ParameterStyle;
import ecoauth.Ecoauth.Polling;
import ecoauth.Ecoauth.Role;
import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/** One application. Thread-safe. Handlers are called on the client's own daemon thread, one at a time; futures are completed there,
 *  too. What they throw is logged to the logger "ecoauth", where log lines go. They must not wait. */
public final class Client implements AutoCloseable {
    static final Cleaner CLEANER = Cleaner.create();

    private final Core core;

    private Client(Core core) {
        this.core = core;
        // For clients that were forgotten; close() does nothing the second time.
        CLEANER.register(this, core::close);
    }

    /** Begins with the place where tokens are kept. */
    public static Builder builder(Storage storage) {
        return new Builder(storage);
    }

    /** The settings of a client; what is not set has the library's default. */
    public static final class Builder {
        private static final long USUAL_SHUTDOWN_MS = 8000;

        private final Storage storage;
        private final Map<String, ToIntFunction<Pointer>> setters = new LinkedHashMap<>();
        private Consumer<Pin> onPin;
        private Consumer<Event> onEvent;
        private long shutdownMs = USUAL_SHUTDOWN_MS;

        private Builder(Storage storage) {
            this.storage = storage;
        }

        private Builder set(String name, ToIntFunction<Pointer> setter) {
            setters.put(name, setter);
            return this;
        }

        /** The application key. */
        public Builder clientId(String value) { return set("clientId", options -> Api.get().options_set_client_id(options, text(value))); }

        public Builder scope(String value) { return set("scope", options -> Api.get().options_set_scope(options, text(value))); }

        /** The server; null means ecobee's. */
        public Builder baseUrl(String value) {
            return value == null ? this : set("baseUrl", options -> Api.get().options_set_base_url(options, text(value)));
        }

        public Builder userAgent(String value) { return set("userAgent", options -> Api.get().options_set_user_agent(options, text(value))); }

        public Builder caFile(String value) { return set("caFile", options -> Api.get().options_set_ca_file(options, text(value))); }

        public Builder proxy(String value) { return set("proxy", options -> Api.get().options_set_proxy(options, text(value))); }

        public Builder tokenFormat(String value) {
            return set("tokenFormat", options -> Api.get().options_set_token_format(options, text(value)));
        }

        public Builder verificationUrl(String value) {
            return set("verificationUrl", options -> Api.get().options_set_verification_url(options, text(value)));
        }

        public Builder logLevel(LogLevel value) { return set("logLevel", options -> Api.get().options_set_log_level(options, value.number())); }

        public Builder keepFresh(KeepFresh value) { return set("keepFresh", options -> Api.get().options_set_keep_fresh(options, value.number())); }

        public Builder role(Role value) { return set("role", options -> Api.get().options_set_role(options, value.number())); }

        public Builder polling(Polling value) { return set("polling", options -> Api.get().options_set_polling(options, value.number())); }

        public Builder parameterStyle(ParameterStyle value) {
            return set("parameterStyle", options -> Api.get().options_set_parameter_style(options, value.number()));
        }

        public Builder requestTimeout(Duration value) {
            return set("requestTimeout", options -> Api.get().options_set_request_timeout_ms(options, value.toMillis()));
        }

        public Builder connectTimeout(Duration value) {
            return set("connectTimeout", options -> Api.get().options_set_connect_timeout_ms(options, value.toMillis()));
        }

        public Builder shutdownTimeout(Duration value) {
            shutdownMs = value.toMillis();
            return set("shutdownTimeout", options -> Api.get().options_set_shutdown_timeout_ms(options, value.toMillis()));
        }

        public Builder advisoryWindow(int firstPercent, int lastPercent) {
            return set("advisoryWindow", options -> Api.get().options_set_advisory_window(options, firstPercent, lastPercent));
        }

        public Builder mandatoryWindow(Duration minLeft, int leftPercent) {
            return set("mandatoryWindow", options -> Api.get().options_set_mandatory_window(options, minLeft.toMillis(), leftPercent));
        }

        /** Who shows PINs. */
        public Builder onPin(Consumer<Pin> handler) {
            onPin = handler;
            return this;
        }

        /** Who gets all events. */
        public Builder onEvent(Consumer<Event> handler) {
            onEvent = handler;
            return this;
        }

        private static String text(String value) {
            return Text.forC(value, "an option");
        }

        /** Makes the client. Nothing is started, opened or sent yet. What a setter was given wrongly is told here. */
        public Client build() {
            Callbacks.Thrown thrown = new Callbacks.Thrown();
            Pointer options = Api.get().options_new();
            try {
                Api.get().options_set_store(options, storage.make(thrown));
                Api.get().options_set_dispatch(options, Api.DISPATCH_POLL);
                setters.values().forEach(setter -> setter.applyAsInt(options));
            } catch (RuntimeException error) {
                Api.get().options_free(options);
                throw error;
            }
            return new Client(new Core(options, thrown, onPin, onEvent, shutdownMs));
        }
    }

    /** The grant named "default". Reads and sends nothing. */
    public Account account() {
        return account("default");
    }

    /** The grant under a name. */
    public Account account(String key) {
        return new Account(this, core, core.openAccount(Text.forC(key, "the account's name")));
    }

    /** Starts nothing new, waits until running exchanges have finished and everything is saved. */
    public void quiesce(Duration timeout) {
        core.blocking((client, error) -> Api.get().client_quiesce(client, Text.milliseconds(timeout), error));
    }

    /** The names of the accounts that the store has grants of. */
    public List<String> accounts(Duration timeout) {
        PointerByReference list = new PointerByReference();
        core.blocking((client, error) -> Api.get().client_accounts(client, Text.milliseconds(timeout), list, error));
        List<String> keys = new ArrayList<>();
        try {
            for (long index = 0; index < Api.get().account_list_size(list.getValue()).longValue(); index++) {
                keys.add(Api.get().account_list_key(list.getValue(), new NativeLong(index)));
            }
        } finally {
            Api.get().account_list_free(list.getValue());
        }
        return keys;
    }

    public boolean isClosed() {
        return !core.isOpen();
    }

    /** Ends the client, waiting for running exchanges up to the shutdown time-out. Once or more, from any thread. */
    @Override
    public void close() {
        core.close();
    }
}
