// The same package from a CommonJS program.
import ecoauth = require('ecoauth');

const client: ecoauth.Client = new ecoauth.Client({ store: new ecoauth.MemoryStore() });
client.close().then(() => console.log(client.closed));
