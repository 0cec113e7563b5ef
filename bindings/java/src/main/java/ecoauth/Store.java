// SPDX-License-Identifier: MIT
package ecoauth;

import java.time.Duration;
import java.util.Collection;

/** A store of the program's own. Methods are called on daemon threads of the library, one at a time per account, and may block. A
 *  record is a secret. What a method throws ends the call with an {@link EcoauthException.Storage} whose cause it is. */
public interface Store {
    /** The record, or null when there is none. Damage must be thrown, never be null. */
    byte[] load(String key) throws Exception;

    /** Replaces the record if the stored one was saved with {@code expectedSeq} (0: there is none), durably, and keeps {@code newSeq}
     *  with it. False: it was saved with another. */
    boolean save(String key, long expectedSeq, byte[] record, long newSeq) throws Exception;

    /** Forgets the record, durably; nothing to do when there is none. */
    void erase(String key) throws Exception;

    /** A store that can say which records it has. */
    interface Listing extends Store {
        Collection<String> list() throws Exception;
    }

    /** A store that several processes may share. */
    interface Locking extends Store {
        /** Takes the right to refresh this record for this process; false when another holds it. Must end with the process. */
        boolean lock(String key, Duration timeout) throws Exception;

        /** Gives it back. */
        void unlock(String key);
    }

    /** Thrown by a store's method: failed for now, nothing was changed; the library tries again. */
    final class RetryLater extends Exception {
        private static final long serialVersionUID = 1;

        public RetryLater(String message) {
            super(message);
        }
    }
}
