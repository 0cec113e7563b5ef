// SPDX-License-Identifier: MIT
package ecoauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ecoauth.Ecoauth.Action;
import ecoauth.Ecoauth.Code;
import ecoauth.Ecoauth.EventKind;
import ecoauth.Ecoauth.Flow;
import ecoauth.Ecoauth.GrantState;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps of ../../scenario.json. */
class ScenarioTest {
    /** What a future fails with; it must be of this class. */
    static <E extends Throwable> E fails(Class<E> type, CompletableFuture<?> future) {
        return assertInstanceOf(type, assertThrows(ExecutionException.class, () -> future.get(30, TimeUnit.SECONDS)).getCause());
    }

    static <T> T get(CompletableFuture<T> future) throws Exception {
        return future.get(30, TimeUnit.SECONDS);
    }

    @Test
    void pinProgressApprove() throws Exception {
        Sandbox.Pins pins = new Sandbox.Pins();
        CompletableFuture<Event> progress = new CompletableFuture<>();
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.client(Storage.memory()).onPin(pins).onEvent(event -> {
            if (event.kind() == EventKind.PROGRESS) {
                progress.complete(event);
            }
        }).build()) {
            Account account = client.account();
            CompletableFuture<Void> authorization = account.authorizePin();
            Pin pin = pins.next();
            assertTrue(pin.pin().matches("[A-Z0-9]{4}-[A-Z0-9]{4}"));
            assertTrue(pin.verificationUrl().endsWith("/consumerportal/index.html"));
            assertTrue(pin.remaining().toMillis() > 0 && pin.remaining().toSeconds() <= 900);
            assertEquals(List.of("smartRead", "default"), List.of(pin.scope(), pin.account()));
            assertFalse(pin.toString().contains(pin.pin()));
            Duration left = get(progress).remaining();
            assertTrue(left.toMillis() > 0 && left.compareTo(pin.remaining()) < 0);
            sandbox.control("approve", "pin=" + pin.pin());
            get(authorization);
            Status status = account.status();
            assertEquals(GrantState.ACTIVE, status.state());
            assertEquals(1, status.generation());
            assertEquals(1, account.generation());
            assertEquals(Optional.of(true), status.scopeSatisfied());
            assertEquals("memory", status.store());
            assertEquals(Set.of(), status.flags());
            assertEquals(Optional.empty(), account.lastError());
        }
        Sandbox.passed("pin", "progress", "approve");
    }

    @Test
    void tokenAndRefresh() throws Exception {
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0"); Client client = sandbox.client(Storage.memory()).build();
             Account account = client.account()) {
            assertEquals(Optional.empty(), account.tokenInMemory());
            EcoauthException none = fails(EcoauthException.Reauthorize.class, account.token());
            assertEquals("NEEDS_AUTHORIZATION", none.name());
            assertFalse(none.advice().isEmpty());
            get(account.authorizePin());
            Token token = get(account.token());
            assertFalse(token.accessToken().isEmpty());
            assertEquals("Bearer " + token.accessToken(), token.authorizationHeader());
            assertEquals(1, token.generation());
            assertTrue(token.validFor().toSeconds() >= 3500 && token.validFor().toMillis() <= 3_600_000 && token.saved());
            assertFalse(token.toString().contains(token.accessToken()));
            assertEquals(Optional.of(token.accessToken()), account.tokenInMemory());

            get(account.refresh());
            Token second = get(account.token(Duration.ofMinutes(1)));
            assertEquals(2, second.generation());
            assertNotEquals(token.accessToken(), second.accessToken());
            assertFalse(account.reportRejected(token.generation()));
            EcoauthException limited = fails(EcoauthException.Retry.class, account.refresh());
            assertEquals("RATE_LIMITED", limited.name());
            assertEquals(Action.RETRY, limited.action());
            assertTrue(limited.retryAfter().toMillis() > 0);
            assertTrue(get(account.signOut()));
            assertFalse(get(account.signOut()));
        }
        Sandbox.passed("token", "refresh");
    }

    @Test
    void requestWithARefusalInTheMiddle() throws Exception {
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0"); Client client = sandbox.client(Storage.memory()).build()) {
            Account account = client.account();
            get(account.authorizePin());
            for (int generation = 1; generation <= 2; generation++) {
                Response response = get(account.request("GET", Sandbox.SUMMARY));
                assertEquals(200, response.httpStatus());
                assertEquals(0, response.apiStatus());
                assertTrue(response.text().contains("thermostatCount"));
                assertEquals(generation, account.generation());
                if (generation == 1) {
                    sandbox.control("expire", "what=access");
                }
            }
            assertEquals(3, sandbox.count("/1/thermostatSummary"));
            assertTrue(get(account.request("POST", "/1/thermostat?format=json", "{\"selection\": {}}")).httpStatus() > 0);
            assertEquals(200, get(account.request("GET", Sandbox.SUMMARY, Map.of("X-One", "1", "X-Two", "2"), null, null, 1 << 20)).httpStatus());
            assertEquals("PROTOCOL", fails(EcoauthException.Config.class,
                account.request("GET", Sandbox.SUMMARY, Map.of(), null, null, 5)).name());
            for (Map<String, String> headers : List.of(Map.of("Authorization", "mine"), Map.of("X-One", "1\nX-Two: 2"), Map.of("X", "1\r"),
                    Map.of("X", "\0"))) {
                assertEquals("INVALID_ARGUMENT", assertThrows(EcoauthException.class,
                    () -> account.request("GET", Sandbox.SUMMARY, headers, null, null, 0)).name());
            }
        }
        Sandbox.passed("request");
    }

    @Test
    void cancel() throws Exception {
        Sandbox.Pins pins = new Sandbox.Pins();
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.client(Storage.memory()).onPin(pins).build()) {
            Account account = client.account();
            CompletableFuture<Void> first = account.authorizePin();
            String pin = pins.next().pin();
            CompletableFuture<Void> joined = account.authorizePin(); // ends with the first only when the operation does, too
            long begin = System.nanoTime();
            assertTrue(first.cancel(true));
            assertThrows(CancellationException.class, first::join);
            assertTrue(joined.cancel(true));
            while (account.status().flags().contains(Ecoauth.Flag.AUTHORIZING)) {
                assertTrue(System.nanoTime() - begin < 1_000_000_000L);
                Thread.sleep(5);
            }
            fails(TimeoutException.class, account.authorizePin().orTimeout(200, TimeUnit.MILLISECONDS));
            pins.shown.clear();
            CompletableFuture<Void> again = account.authorizePin();
            assertEquals(pin, pins.next().pin());
            sandbox.control("approve", "pin=" + pin);
            get(again);
        }
        Sandbox.passed("cancel");
    }

    @Test
    void expired() throws Exception {
        Sandbox.Pins pins = new Sandbox.Pins();
        try (Sandbox sandbox = new Sandbox("--expired-as", "authorization_expired");
             Client client = sandbox.client(Storage.memory()).onPin(pins).build()) {
            CompletableFuture<Void> authorization = client.account().authorizePin();
            pins.next();
            sandbox.control("expire", "what=pin");
            assertEquals(Code.PIN_EXPIRED.number(), fails(EcoauthException.Reauthorize.class, authorization).code());
        }
        Sandbox.passed("expired");
    }

    @Test
    void declined() throws Exception {
        Sandbox.Pins pins = new Sandbox.Pins();
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.client(Storage.memory()).onPin(pins).build()) {
            CompletableFuture<Void> authorization = client.account().authorizePin();
            sandbox.control("decline", "pin=" + pins.next().pin());
            EcoauthException declined = fails(EcoauthException.Reauthorize.class, authorization);
            assertEquals("DECLINED", declined.name());
            assertEquals("access_denied", declined.oauthError());
        }
        Sandbox.passed("declined");
    }

    @Test
    void storeOfOnesOwn() throws Exception {
        MapStore store = new MapStore();
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0")) {
            try (Client client = sandbox.client(Storage.of(store)).build()) {
                get(client.account().authorizePin());
                get(client.account().refresh());
                assertEquals("callbacks", client.account().status().store());
                assertEquals(List.of("default"), client.accounts(Duration.ofSeconds(30)));
                client.quiesce(Duration.ofSeconds(5));
            }
            assertFalse(store.records.isEmpty() || store.threads.isEmpty() || store.threads.contains(Thread.currentThread()));
            assertTrue(store.threads.stream().allMatch(thread -> thread.isDaemon() && thread.getName().equals("ecoauth store")));
            try (Client client = sandbox.client(Storage.of(store)).build()) {
                assertEquals(2, get(client.account().token()).generation());
            }
            assertEquals(0, Callbacks.keptCount());
        }
        Sandbox.passed("own-store");
    }

    /** A process of its own: one request. */
    static final class Requester {
        public static void main(String[] arguments) {
            try (Client client = Client.builder(Storage.files(arguments[1])).clientId(Sandbox.CLIENT_ID).baseUrl(arguments[0]).build()) {
                Response response = client.account().request("GET", Sandbox.SUMMARY).join();
                if (response.httpStatus() != 200 || response.apiStatus() != 0) {
                    throw new AssertionError(response);
                }
            }
        }
    }

    @Test
    void twoProcesses(@TempDir Path folder) throws Exception {
        Path tokens = folder.resolve("tokens");
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0", "--refresh-policy", "strict")) {
            try (Client client = sandbox.client(Storage.files(tokens)).build()) {
                get(client.account().authorizePin());
            }
            sandbox.control("expire", "what=access");
            long before = sandbox.count("/token");
            Process first = Sandbox.startJava(Requester.class, sandbox.url, tokens.toString());
            Process second = Sandbox.startJava(Requester.class, sandbox.url, tokens.toString());
            assertEquals("", Sandbox.finish(first));
            assertEquals("", Sandbox.finish(second));
            assertEquals(before + 1, sandbox.count("/token"));
        }
        Sandbox.passed("two-processes");
    }

    @Test
    void sealed(@TempDir Path folder) throws Exception {
        byte[] key = new byte[32];
        new java.security.SecureRandom().nextBytes(key);
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0");
             Client client = sandbox.client(Storage.files(folder.resolve("tokens")).sealedWith(id -> key)).build()) {
            Account account = client.account();
            get(account.authorizePin());
            assertNotEquals("none", account.status().seal());
            String token = get(account.token()).accessToken();
            try (var files = Files.list(folder.resolve("tokens"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    assertFalse(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(token));
                }
            }
        }
    }

    @Test
    void browserAndImport() throws Exception {
        String back = "https://client.example/back";
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.client(Storage.memory()).build()) {
            Account account = client.account();
            String address = get(account.authorizeUrl(Flow.CODE, back));
            Matcher state = Pattern.compile("[?&]state=([^&]+)").matcher(address);
            assertTrue(address.contains("/authorize?") && state.find());
            assertEquals("WRONG_STATE",
                fails(EcoauthException.class, account.completeRedirect(back + "?code=abc&state=foreign")).name());
            assertEquals("DECLINED", fails(EcoauthException.Reauthorize.class,
                account.completeRedirect(back + "?error=access_denied&state=" + state.group(1))).name());
            assertEquals("NEEDS_AUTHORIZATION", fails(EcoauthException.Reauthorize.class,
                client.account("imported").importToken("RefreshTokenThatNobodyHasGivenOut")).name());
        }
    }

    @Test
    void refusedOptions() {
        EcoauthException refused = assertThrows(EcoauthException.class, () -> Client.builder(Storage.memory()).baseUrl("no://address").build());
        assertTrue(refused.getMessage().contains("base_url") && !refused.advice().isEmpty());
        assertThrows(EcoauthException.class, () -> Client.builder(Storage.files("")).build());
        assertThrows(EcoauthException.class, () -> Client.builder(Storage.memory()).clientId("with\0NUL").build());
        assertTrue(Ecoauth.libraryVersion().matches("\\d+\\.\\d+\\.\\d+") && Ecoauth.hasFeature("pin") && !Ecoauth.hasFeature("nothing"));
        assertEquals(null, Ecoauth.runtimeInfo("nothing"));
        assertTrue(Ecoauth.runtimeInfo("openssl").startsWith("OpenSSL 3"));
    }
}
