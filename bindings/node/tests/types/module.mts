// Compiled, never run: what programs write, and what the compiler must refuse.
import ecoauth, { Client, FileStore, MemoryStore, RetryLater, RetryError, EcoauthError, Code, type Store, type Status } from 'ecoauth';

class Mine implements Store {
  private records = new Map<string, Uint8Array>();
  load = async (key: string) => this.records.get(key);
  save(key: string, expectedSeq: number, record: Buffer, newSeq: number): boolean {
    if (expectedSeq > newSeq) throw new RetryLater();
    this.records.set(key, record);
    return true;
  }
  erase(key: string): void {
    this.records.delete(key);
  }
}

await using client = new Client({ store: new FileStore('tokens', { seal: { keys: () => new Uint8Array(32) } }), clientId: 'x', keepFresh: 'ALWAYS' });
client.on('pin', (pin) => console.log(pin.pin.length, pin.remainingMs + 1)).on('closed', () => {});
client.on('state', ({ state, error }) => state === 'ACTIVE' || error?.code === 'PIN_EXPIRED');
const account = client.account();
await account.authorizePin({ signal: AbortSignal.timeout(1000) });
const status: Status = await account.waitForChange(0);
const number: -101 = Code.PIN_EXPIRED;
try {
  const text: string = (await account.request('GET', '/', { timeoutMs: 5 })).text();
  console.log(text, status.scopeSatisfied, number, (await account.token()).authorizationHeader, new ecoauth.Client({ store: new Mine() }));
} catch (error) {
  if (error instanceof RetryError) setTimeout(() => {}, error.retryAfterMs);
  else if (error instanceof EcoauthError) console.log(error.advice);
}

// @ts-expect-error: a store is needed
new Client({});
// @ts-expect-error: no such option
new Client({ store: new MemoryStore(), clientID: 'x' });
// @ts-expect-error: no such event
client.on('pins', () => {});
// @ts-expect-error: accounts come from clients
new ecoauth.Account();
// @ts-expect-error: a name, not a number
new Client({ store: new MemoryStore(), role: 1 });
