// SPDX-License-Identifier: MIT
package ecoauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** What must not happen to the process, as ../../scenario.json lists it. */
class HarmTest {
    private static void waitUntil(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + 20_000_000_000L;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < end, "waited in vain");
            Thread.sleep(10);
        }
    }

    @Test
    void otherThreadsGoOn() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        List<Long> gaps = new CopyOnWriteArrayList<>();
        Thread ticker = new Thread(() -> {
            long last = System.nanoTime();
            while (!over.get()) {
                try {
                    Thread.sleep(10);
                } catch (InterruptedException error) {
                    return;
                }
                gaps.add(System.nanoTime() - last);
                last = System.nanoTime();
            }
        });
        try (Sandbox sandbox = new Sandbox(); Client client = sandbox.client(Storage.memory()).build()) {
            ticker.start();
            assertThrows(TimeoutException.class, () -> client.account().authorizePin().get(2, TimeUnit.SECONDS));
            over.set(true);
            ticker.join();
        }
        assertTrue(gaps.size() >= 50, gaps.size() + " ticks");
        assertTrue(gaps.stream().mapToLong(gap -> gap).max().getAsLong() < 500_000_000L);
        Sandbox.passed("ticking");
    }

    /** A process that leaves with an authorization running. */
    static final class Leaver {
        public static void main(String[] arguments) throws Exception {
            Sandbox.Pins pins = new Sandbox.Pins();
            Client client = Client.builder(arguments[1].equals("own") ? Storage.of(new MapStore()) : Storage.memory())
                .clientId(Sandbox.CLIENT_ID).baseUrl(arguments[0]).onPin(pins).build();
            client.account().authorizePin();
            pins.next();
            if (arguments[1].equals("own")) {
                System.exit(0);
            }
        }
    }

    @Test
    void exitWithAnAuthorizationRunning() throws Exception {
        try (Sandbox sandbox = new Sandbox()) {
            ExecutorService pool = Executors.newFixedThreadPool(2);
            List<Future<String>> said = new ArrayList<>();
            for (int run = 0; run < 100; run++) {
                String store = run % 2 == 0 ? "own" : "memory";
                said.add(pool.submit(() -> Sandbox.java(Leaver.class, sandbox.url, store)));
            }
            for (Future<String> each : said) {
                assertEquals("", each.get());
            }
            pool.shutdown();
        }
        Sandbox.passed("exit");
    }

    @Test
    void nothingIsKeptByTheProgram() throws Exception {
        AtomicInteger shown = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        Thread collector = new Thread(() -> {
            while (!over.get()) {
                System.gc();
            }
        });
        collector.start();
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0")) {
            for (int run = 0; run < 5; run++) {
                try (Client client = sandbox.client(Storage.of(new MapStore())).onPin(pin -> shown.incrementAndGet())
                        .onEvent(event -> { }).build()) {
                    ScenarioTest.get(client.account().authorizePin());
                    ScenarioTest.get(client.account().refresh());
                }
            }
            assertEquals(5, shown.get());
            assertEquals(0, Callbacks.keptCount());
            // A client that nobody holds is ended, but not while an operation of it runs.
            ScenarioTest.get(sandbox.client(Storage.of(new MapStore())).build().account().authorizePin());
            waitUntil(() -> Callbacks.keptCount() == 0);
        } finally {
            over.set(true);
            collector.join();
        }
        Sandbox.passed("garbage");
    }

    /** A process that compares signals. */
    static final class Signals {
        private static String now() throws IOException {
            StringBuilder signals = new StringBuilder();
            for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
                if (line.matches("Sig(Blk|Ign|Cgt):.*")) {
                    signals.append(line.substring(line.length() - 8)).append(' '); // not those that the C library uses itself
                }
            }
            return signals.toString();
        }

        private static void expect(String before) throws IOException {
            if (!before.equals(now())) {
                throw new AssertionError(before + "-> " + now());
            }
        }

        public static void main(String[] arguments) throws Exception {
            String before = now();
            Ecoauth.libraryVersion();
            expect(before);
            try (Client client = Client.builder(Storage.memory()).clientId(Sandbox.CLIENT_ID).baseUrl(arguments[0]).build()) {
                Account account = client.account();
                account.authorizePin().get(30, TimeUnit.SECONDS);
                java.net.http.HttpClient.newHttpClient().send(java.net.http.HttpRequest.newBuilder(
                    java.net.URI.create(arguments[0] + "/sandbox/fault")).header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(java.net.http.HttpRequest.BodyPublishers.ofString("name=reset&count=3&at=api")).build(),
                    java.net.http.HttpResponse.BodyHandlers.discarding());
                for (int run = 0; run < 4; run++) {
                    try {
                        account.request("GET", Sandbox.SUMMARY).join();
                    } catch (CompletionException error) {
                        assertInstanceOf(EcoauthException.Retry.class, error.getCause());
                    }
                }
                assertEquals(200, account.request("GET", Sandbox.SUMMARY).join().httpStatus());
                expect(before);
            }
        }
    }

    @Test
    void sigpipe() throws Exception {
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0")) {
            assertEquals("", Sandbox.java(Signals.class, sandbox.url));
        }
        Sandbox.passed("sigpipe");
    }

    @Test
    void exceptionsInHandlersAndStores() throws Exception {
        List<Throwable> logged = new CopyOnWriteArrayList<>();
        Logger logger = Logger.getLogger("ecoauth");
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                logged.add(record.getThrown());
            }

            @Override
            public void flush() { }

            @Override
            public void close() { }
        };
        logger.addHandler(handler);
        logger.setUseParentHandlers(false);
        MapStore store = new MapStore();
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0")) {
            RuntimeException fromHandler = new IllegalStateException("from a handler");
            try (Client client = sandbox.client(Storage.of(store)).onEvent(event -> {
                throw fromHandler;
            }).build()) {
                ScenarioTest.get(client.account().authorizePin());
            }
            assertTrue(logged.contains(fromHandler));
            Map<String, MapStore.Entry> saved = Map.copyOf(store.records);
            store.broken = new IOException("the disk has gone");
            try (Client client = sandbox.client(Storage.of(store)).build()) {
                EcoauthException broken = ScenarioTest.fails(EcoauthException.Storage.class, client.account().token());
                assertEquals("CALLBACK", broken.name());
                assertSame(store.broken, broken.getCause());
                assertTrue(logged.contains(store.broken));
            }
            store.broken = new Store.RetryLater("soon");
            try (Client client = sandbox.client(Storage.of(store)).build()) {
                assertThrows(CompletionException.class, () -> client.account().token().orTimeout(1, TimeUnit.SECONDS).join());
            }
            store.broken = null;
            assertEquals(saved, store.records);
            try (Client client = sandbox.client(Storage.of(store)).build()) {
                assertEquals(1, ScenarioTest.get(client.account().token()).generation());
            }
        } finally {
            logger.removeHandler(handler);
            logger.setUseParentHandlers(true);
        }
        Sandbox.passed("thrown");
    }

    @Test
    void usedAfterClose() throws Exception {
        Sandbox.Pins pins = new Sandbox.Pins();
        try (Sandbox sandbox = new Sandbox()) {
            Client client = sandbox.client(Storage.memory()).onPin(pins).build();
            Account account = client.account();
            Account ended = client.account();
            CompletableFuture<Void> waiting = account.authorizePin();
            pins.next();
            client.close();
            Throwable failure = assertThrows(Exception.class, () -> waiting.get(30, TimeUnit.SECONDS));
            assertTrue(failure instanceof CancellationException || failure.getCause() instanceof EcoauthException.Closed, failure.toString());
            client.close();
            ended.close();
            ended.close();
            assertTrue(client.isClosed());
            for (Executable use : List.<Executable>of(account::token, account::status, account::refresh, ended::token, ended::status,
                    ended::tokenInMemory, ended::generation, client::account, () -> client.quiesce(Duration.ofSeconds(1)))) {
                assertThrows(EcoauthException.Closed.class, use);
            }
            assertEquals(0, account.generation());
            waiting.cancel(true);
            account.close();

            // By many threads, while it closes.
            for (int run = 0; run < 10; run++) {
                Client other = sandbox.client(Storage.memory()).build();
                Account shared = other.account();
                AtomicReference<Throwable> wrong = new AtomicReference<>();
                List<Thread> threads = new ArrayList<>();
                for (int number = 0; number < 4; number++) {
                    threads.add(new Thread(() -> {
                        while (true) {
                            try {
                                shared.status();
                                other.account().tokenInMemory();
                                shared.token().handle((token, error) -> null).join();
                            } catch (EcoauthException.Closed error) {
                                return;
                            } catch (Throwable error) {
                                wrong.set(error);
                                return;
                            }
                        }
                    }));
                }
                threads.forEach(Thread::start);
                Thread.sleep(10);
                other.close();
                for (Thread thread : threads) {
                    thread.join(30_000);
                    assertFalse(thread.isAlive());
                }
                assertSame(null, wrong.get());
            }
        }
        Sandbox.passed("closed");
    }

    @Test
    void waitingOrClosingInsideAHandlerOrStore() throws Exception {
        List<String> codes = new CopyOnWriteArrayList<>();
        AtomicReference<Client> client = new AtomicReference<>();
        Runnable wait = () -> {
            try {
                client.get().account().token().join();
            } catch (EcoauthException error) {
                codes.add(error.name());
            }
        };
        MapStore waiting = new MapStore() {
            @Override
            public boolean save(String key, long expectedSeq, byte[] record, long newSeq) throws Exception {
                wait.run();
                return super.save(key, expectedSeq, record, newSeq);
            }
        };
        try (Sandbox sandbox = new Sandbox("--auto-approve", "0")) {
            client.set(sandbox.client(Storage.of(waiting)).onPin(pin -> wait.run()).build());
            ScenarioTest.get(client.get().account().authorizePin());
            client.get().close();
            assertTrue(codes.size() >= 2 && codes.stream().allMatch("REENTRANT"::equals), codes.toString());
            client.set(sandbox.client(Storage.memory()).onPin(pin -> client.get().close()).build());
            assertThrows(Exception.class, () -> ScenarioTest.get(client.get().account().authorizePin()));
            waitUntil(client.get()::isClosed);
        }
    }

    private static long residentBytes() {
        try {
            return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * 4096;
        } catch (IOException error) {
            throw new AssertionError(error);
        }
    }

    private static int count(String folder) {
        return Path.of(folder).toFile().list().length;
    }

    /** In a process of its own whose heap has its full size from the beginning: what grows is not that. */
    static final class Reopener {
        /** And lets JNA free what it has allocated for what was collected. */
        private static void collect() throws InterruptedException {
            System.gc();
            Thread.sleep(500);
        }

        public static void main(String[] arguments) throws Exception {
            long bytes = 0;
            int descriptors = 0;
            int threads = 0;
            for (int run = 0; run < 10000; run++) {
                if (run == 1000) {
                    collect();
                    bytes = residentBytes();
                    descriptors = count("/proc/self/fd");
                    threads = count("/proc/self/task");
                }
                try (Client client = Client.builder(Storage.of(new MapStore())).clientId(Sandbox.CLIENT_ID).baseUrl("http://127.0.0.1:1")
                        .onPin(pin -> { }).build(); Account account = client.account()) {
                    account.status();
                }
            }
            collect();
            System.out.printf("%d KiB, %d descriptors, %d threads, %d kept%n", (residentBytes() - bytes) / 1024,
                count("/proc/self/fd") - descriptors, Math.max(0, count("/proc/self/task") - threads), Callbacks.keptCount());
        }
    }

    @Test
    void reopened() throws Exception {
        String said = Sandbox.java(Reopener.class);
        System.out.println("grown over 9,000 clients by " + said.strip());
        assertTrue(said.endsWith("KiB, 0 descriptors, 0 threads, 0 kept\n"), said);
        assertTrue(Long.parseLong(said.split(" ")[0]) < 8192, said);
        Sandbox.passed("reopen");
    }
}
