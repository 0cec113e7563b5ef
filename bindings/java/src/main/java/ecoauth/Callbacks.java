// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Callback;
import com.sun.jna.CallbackThreadInitializer;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** What the library calls. The functions are made once and never collected; user_data is a number, and what it stands for is kept until
 *  the library's finalizer runs. */
final class Callbacks {
    private static final System.Logger LOG = System.getLogger("ecoauth");
    private static final int OK = 0;
    private static final int NOT_FOUND = 1;
    private static final int CONFLICT = 2;
    private static final int RETRY = 3;
    private static final int FATAL = 4;

    private static final Map<Long, Object> KEPT = new ConcurrentHashMap<>();
    private static final AtomicLong NUMBERS = new AtomicLong();
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

    private Callbacks() {}

    /** The last exception of a store's method, to be put behind the error that comes of it. */
    static final class Thrown extends AtomicReference<Throwable> {
        private static final long serialVersionUID = 1;
    }

    private record Own(Store store, Thrown thrown) {}

    private interface Method<T> {
        int call(T object) throws Exception;
    }

    /** Is this thread inside a callback? */
    static boolean inside() {
        return INSIDE.get();
    }

    /** How many things the library holds; for tests. */
    static int keptCount() {
        return KEPT.size();
    }

    private static Pointer keep(Object thing) {
        long number = NUMBERS.incrementAndGet();
        KEPT.put(number, thing);
        return new Pointer(number);
    }

    private static int call(Pointer userData, String name, Method<Own> method) {
        Own own = (Own) KEPT.get(Pointer.nativeValue(userData));
        INSIDE.set(true);
        try {
            return method.call(own);
        } catch (Store.RetryLater error) {
            own.thrown().set(error);
            return RETRY;
        } catch (Throwable error) { // nothing may pass into the library
            own.thrown().set(error);
            LOG.log(Level.ERROR, "the store's " + name + "() has thrown", error);
            return FATAL;
        } finally {
            INSIDE.set(false);
        }
    }

    private static int handOver(Pointer blob, byte[] data) {
        return Api.get().blob_set(blob, data, new NativeLong(data.length)) == 0 ? OK : RETRY;
    }

    private static final Api.Finalizer FINALIZER = userData -> KEPT.remove(Pointer.nativeValue(userData));
    private static final Api.Load LOAD = (userData, key, out) -> call(userData, "load", own -> {
        byte[] record = own.store().load(key);
        return record == null ? NOT_FOUND : handOver(out, record);
    });
    private static final Api.Save SAVE = (userData, key, expectedSeq, data, size, newSeq) -> call(userData, "save", own ->
        own.store().save(key, expectedSeq, data.getByteArray(0, size.intValue()), newSeq) ? OK : CONFLICT);
    private static final Api.Erase ERASE = (userData, key) -> call(userData, "erase", own -> {
        own.store().erase(key);
        return OK;
    });
    private static final Api.ListKeys LIST = (userData, out) -> call(userData, "list", own ->
        handOver(out, String.join("\n", ((Store.Listing) own.store()).list()).getBytes(StandardCharsets.US_ASCII)));
    private static final Api.Lock LOCK = (userData, key, timeoutMs) -> call(userData, "lock", own ->
        ((Store.Locking) own.store()).lock(key, Duration.ofMillis(timeoutMs)) ? OK : CONFLICT);
    private static final Api.Unlock UNLOCK = (userData, key) -> call(userData, "unlock", own -> {
        ((Store.Locking) own.store()).unlock(key);
        return OK;
    });
    private static final Api.SealKey SEAL_KEY = (userData, keyId, out) -> {
        try {
            byte[] key = ((Storage.Keys) KEPT.get(Pointer.nativeValue(userData))).key(keyId);
            return key == null ? NOT_FOUND : handOver(out, key);
        } catch (Throwable error) {
            LOG.log(Level.ERROR, "what hands over keys has thrown", error);
            return FATAL;
        }
    };

    static {
        // The library's threads are daemons of the JVM, and stay attached between calls.
        for (Callback callback : new Callback[] {FINALIZER, LOAD, SAVE, ERASE, LIST, LOCK, UNLOCK, SEAL_KEY}) {
            Native.setCallbackThreadInitializer(callback, new CallbackThreadInitializer(true, false, "ecoauth store"));
        }
    }

    static Pointer store(Store store, Thrown thrown) {
        boolean lists = store instanceof Store.Listing;
        boolean locks = store instanceof Store.Locking;
        return Api.get().store_new_callbacks(keep(new Own(store, thrown)), FINALIZER, LOAD, SAVE, ERASE, lists ? LIST : null,
            locks ? LOCK : null, locks ? UNLOCK : null);
    }

    static int seal(Pointer store, Storage.Keys keys) {
        return Api.get().store_seal_with_callback(store, SEAL_KEY, keep(keys), FINALIZER);
    }
}
