// A store of one's own, in CommonJS: here a Map; a database would look the same, with Promises.
const { Client } = require('ecoauth');

class MapStore {
  #records = new Map();

  async load(key) {
    return this.#records.get(key)?.record;
  }

  async save(key, expectedSeq, record, newSeq) {
    if ((this.#records.get(key)?.seq ?? 0) !== expectedSeq) return false; // somebody else has saved since
    this.#records.set(key, { seq: newSeq, record });
    return true;
  }

  async erase(key) {
    this.#records.delete(key);
  }

  async list() {
    return this.#records.keys();
  }
}

async function main() {
  const client = new Client({ store: new MapStore(), clientId: process.env.ECOAUTH_CLIENT_ID, baseUrl: process.env.ECOAUTH_SERVER });
  client.on('pin', ({ pin, verificationUrl }) => console.log(`Enter ${pin} at ${verificationUrl}`));
  await client.account('home').authorizePin();
  console.log(await client.accounts());
  await client.close();
}

main();
