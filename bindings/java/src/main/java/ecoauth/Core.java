// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import ecoauth.Ecoauth.Code;
import ecoauth.Ecoauth.EventKind;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** A client of the library: its handle, the thread that reads its events, the operations under way. No handle is used after its end:
 *  calls look at it and are made with the lock held; they never block. The ones that do are counted, and freeing waits for them. */
final class Core {
    private static final System.Logger LOG = System.getLogger("ecoauth");
    private static final Set<Core> OPEN = ConcurrentHashMap.newKeySet();
    /** Beyond the shutdown time-out, in which the library ends by itself. */
    private static final long READER_PATIENCE_MS = 5000;

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> List.copyOf(OPEN).forEach(Core::close), "ecoauth exit"));
    }

    private final Api api = Api.get();
    private final Callbacks.Thrown thrown;
    private final Consumer<Pin> onPin;
    private final Consumer<Event> onEvent;
    private final long shutdownMs;
    private final Map<Long, Operation<?>> pending = new HashMap<>();
    private Pointer client;
    private Thread reader;
    private int borrowed;

    Core(Pointer options, Callbacks.Thrown thrown, Consumer<Pin> onPin, Consumer<Event> onEvent, long shutdownMs) {
        this.thrown = thrown;
        this.onPin = onPin;
        this.onEvent = onEvent;
        this.shutdownMs = shutdownMs;
        PointerByReference made = new PointerByReference();
        PointerByReference error = new PointerByReference();
        check(api.client_new(options, made, error), error);
        client = made.getValue();
        OPEN.add(this);
    }

    synchronized boolean isOpen() {
        return client != null;
    }

    /** The pointer; only with the lock held. */
    private Pointer handle() {
        if (client == null) {
            throw EcoauthException.make(Code.CLOSED, "the client has been closed");
        }
        return client;
    }

    int check(int result, PointerByReference error) {
        if (result < 0) {
            throw explain(EcoauthException.take(result, error));
        }
        return result;
    }

    /** Puts what a store of the program has thrown behind the error that came of it. */
    private EcoauthException explain(EcoauthException error) {
        if (error instanceof EcoauthException.Storage && error.getCause() == null) {
            Throwable cause = thrown.getAndSet(null);
            if (cause != null) {
                error.initCause(cause);
            }
        }
        return error;
    }

    // --- Operations ---------------------------------------------------------------------------------------------------------
    interface Begin {
        int call(LongByReference operation, PointerByReference error);
    }

    interface Blocking {
        int call(Pointer client, PointerByReference error);
    }

    /** Begins an operation; its future ends with its COMPLETED event, which the reader fetches. */
    synchronized <T> Operation<T> start(Operation<T> future, Begin begin) {
        handle();
        LongByReference number = new LongByReference();
        PointerByReference error = new PointerByReference();
        check(begin.call(number, error), error);
        pending.put(number.getValue(), future);
        future.begun(number.getValue());
        if (reader == null) {
            reader = new Thread(this::read, "ecoauth");
            reader.setDaemon(true);
            reader.start();
        }
        return future;
    }

    /** A future has ended; if not by us, so must its operation. */
    synchronized void ended(long operation) {
        if (pending.remove(operation) != null && client != null) {
            api.client_cancel(client, operation);
        }
    }

    synchronized Pointer openAccount(String key) {
        PointerByReference account = new PointerByReference();
        PointerByReference error = new PointerByReference();
        check(api.account_open(handle(), key, account, error), error);
        return account.getValue();
    }

    /** A call that may wait. */
    void blocking(Blocking call) {
        refuseInsideHandler();
        PointerByReference error = new PointerByReference();
        Pointer lent;
        synchronized (this) {
            lent = handle();
            borrowed++;
        }
        try {
            check(call.call(lent, error), error);
        } finally {
            synchronized (this) {
                borrowed--;
                notifyAll();
            }
        }
    }

    /** What waits inside a handler or a store would wait for itself. */
    void refuseInsideHandler() {
        if (Callbacks.inside() || Thread.currentThread() == reader) {
            throw EcoauthException.make(Code.REENTRANT, "a call that waits was made from inside a handler or a store");
        }
    }

    // --- The reader ---------------------------------------------------------------------------------------------------------
    private void read() {
        Pointer mine = client;
        PointerByReference out = new PointerByReference();
        PointerByReference error = new PointerByReference();
        boolean over = false;
        while (!over) {
            if (api.client_next_event(mine, -1, out, error) < 0) {
                api.error_free(error.getValue());
                break;
            }
            Event event;
            try {
                event = Event.copy(out.getValue());
            } finally {
                api.event_free(out.getValue());
            }
            over = event.kind() == EventKind.CLOSED;
            deliver(event);
        }
        free();
    }

    private void deliver(Event event) {
        if (event.kind() == EventKind.COMPLETED) {
            Operation<?> future;
            synchronized (this) {
                future = pending.remove(event.operation());
            }
            if (future != null) {
                guarded(() -> future.finish(event, event.error() == null ? null : explain(event.error())));
            }
        } else if (event.kind() == EventKind.LOG) {
            LOG.log(level(event), event.text());
        }
        if (event.pin() != null && onPin != null) {
            guarded(() -> onPin.accept(event.pin()));
        }
        if (event.kind() != null && onEvent != null) {
            guarded(() -> onEvent.accept(event));
        }
    }

    private static void guarded(Runnable handler) {
        try {
            handler.run();
        } catch (Throwable error) {
            LOG.log(Level.ERROR, "a handler has thrown", error);
        }
    }

    private static Level level(Event event) {
        switch (event.logLevel()) {
            case ERROR: return Level.ERROR;
            case WARNING: return Level.WARNING;
            case INFO: return Level.INFO;
            default: return Level.DEBUG;
        }
    }

    // --- The end ------------------------------------------------------------------------------------------------------------
    synchronized void closeStart() {
        if (client != null) {
            PointerByReference error = new PointerByReference();
            if (api.client_close_start(client, error) < 0) {
                api.error_free(error.getValue());
            }
        }
    }

    /** Waits up to the shutdown time-out; inside a handler or a store it only begins, and the reader ends it. */
    void close() {
        Thread reading;
        synchronized (this) {
            reading = reader;
        }
        if (reading == null) {
            free();
            return;
        }
        closeStart();
        if (Thread.currentThread() == reading || Callbacks.inside()) {
            return;
        }
        boolean interrupted = false;
        long end = System.nanoTime() + (shutdownMs + READER_PATIENCE_MS) * 1_000_000;
        while (reading.isAlive() && System.nanoTime() < end) {
            try {
                reading.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException error) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        if (reading.isAlive()) {
            LOG.log(Level.ERROR, "a handler has not returned; the client is left as it is");
        }
    }

    private void free() {
        Pointer mine;
        List<Operation<?>> left;
        synchronized (this) {
            mine = client;
            client = null;
            while (borrowed > 0) {
                try {
                    wait();
                } catch (InterruptedException error) {
                    Thread.currentThread().interrupt();
                    break;
                }
            }
            left = new ArrayList<>(pending.values());
            pending.clear();
        }
        OPEN.remove(this);
        if (mine != null) {
            api.client_free(mine);
        }
        for (Operation<?> future : left) {
            guarded(() -> future.finish(null, EcoauthException.make(Code.CLOSED, "the client has been closed")));
        }
    }
}
