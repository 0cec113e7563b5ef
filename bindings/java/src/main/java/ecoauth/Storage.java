// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import ecoauth.Ecoauth.Code;
import java.nio.file.Path;
import java.util.function.UnaryOperator;

/** Where a client keeps tokens: files, memory, or a store of the program's own; sealed or not. A value: it may serve several clients. */
public final class Storage {
    interface Maker {
        Pointer make(Callbacks.Thrown thrown);
    }

    private final Maker maker;

    private Storage(Maker maker) {
        this.maker = maker;
    }

    /** A folder with one file per record, shared safely between processes of one machine. */
    public static Storage files(String folder) {
        return new Storage(thrown -> Api.get().store_new_file(Text.forC(folder, "the folder")));
    }

    /** The same. */
    public static Storage files(Path folder) {
        return files(folder.toString());
    }

    /** Files on a network file system, where locks may not keep another machine from refreshing: only when one machine uses them. */
    public static Storage filesOnNetwork(String folder) {
        return files(folder).then(store -> Api.get().store_allow_network(store));
    }

    /** Lasts as long as the client. */
    public static Storage memory() {
        return new Storage(thrown -> Api.get().store_new_memory());
    }

    /** A store of the program's own. */
    public static Storage of(Store store) {
        return new Storage(thrown -> Callbacks.store(store, thrown));
    }

    /** Gives 32-byte keys: the current one for a null id; null when there is no such key. Called on threads of the library. */
    public interface Keys {
        byte[] key(String id) throws Exception;
    }

    /** Encrypts records with keys of a file, lines of 64 hex digits, which only its owner may read. */
    public Storage sealedWithFile(Path path) {
        return then(store -> Api.get().store_seal_with_file(store, Text.forC(path.toString(), "the path")));
    }

    /** Encrypts records with keys that are read from a file descriptor, once. */
    public Storage sealedWithDescriptor(int fd) {
        return then(store -> Api.get().store_seal_with_fd(store, fd));
    }

    /** Encrypts records with a key that the user's keyring keeps (the Secret Service); null means the defaults. */
    public Storage sealedWithKeyring(String label, String busAddress) {
        return then(store -> Api.get().store_seal_with_secret_service(store, label, busAddress));
    }

    /** Encrypts records with keys that the program hands over. */
    public Storage sealedWith(Keys keys) {
        return then(store -> Callbacks.seal(store, keys));
    }

    private interface Step {
        int apply(Pointer store);
    }

    private Storage then(Step step) {
        UnaryOperator<Pointer> applied = store -> {
            int result = step.apply(store);
            if (result < 0) {
                Api.get().store_free(store);
                throw EcoauthException.make(result, 0, "the seal was refused");
            }
            return store;
        };
        return new Storage(thrown -> applied.apply(make(thrown)));
    }

    Pointer make(Callbacks.Thrown thrown) {
        Pointer store = maker.make(thrown);
        if (store == null) {
            throw EcoauthException.make(Code.INVALID_ARGUMENT, "the store was refused");
        }
        return store;
    }
}
