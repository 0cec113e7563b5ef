// SPDX-License-Identifier: MIT
package ecoauth;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A map, which remembers who called it. */
class MapStore implements Store.Listing {
    record Entry(long seq, byte[] data) {}

    final Map<String, Entry> records = new ConcurrentHashMap<>();
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();
    volatile Exception broken;

    private void begin() throws Exception {
        threads.add(Thread.currentThread());
        if (broken != null) {
            throw broken;
        }
    }

    @Override
    public byte[] load(String key) throws Exception {
        begin();
        Entry entry = records.get(key);
        return entry == null ? null : entry.data();
    }

    @Override
    public boolean save(String key, long expectedSeq, byte[] record, long newSeq) throws Exception {
        begin();
        Entry entry = records.get(key);
        if ((entry == null ? 0 : entry.seq()) != expectedSeq) {
            return false;
        }
        records.put(key, new Entry(newSeq, record));
        return true;
    }

    @Override
    public void erase(String key) throws Exception {
        begin();
        records.remove(key);
    }

    @Override
    public Collection<String> list() throws Exception {
        begin();
        return records.keySet();
    }
}
