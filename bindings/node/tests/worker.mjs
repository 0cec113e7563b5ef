// A worker with clients open: one in an authorization, one that has begun nothing, and perhaps one whose store never answers.
import { parentPort, workerData } from 'node:worker_threads';
import { Client, MemoryStore } from 'ecoauth';
import { MapStore, next, options } from './hosts.mjs';

const client = new Client(options(workerData, workerData.store === 'own' ? new MapStore() : new MemoryStore()));
new Client(options(workerData, new MapStore())).account();
client.account().authorizePin().catch(() => {});
await next(client, 'pin');
if (workerData.hang) {
  const asked = new Promise((resolve) => {
    const store = new MapStore();
    store.before = () => { resolve(); return new Promise(() => {}); };
    const other = new Client(options(workerData, store));
    other.account().token().catch(() => {});
    other.accounts({ timeoutMs: 500 }).catch(() => {}); // on a thread of the pool, which Node waits for
  });
  await asked;
}
parentPort.once('message', () => process.exit(0));
parentPort.postMessage('ready');
