// Authorizes once, then makes a request: run it twice and the second run asks for nothing.
import { Client, EcoauthError, FileStore } from 'ecoauth';

const client = new Client({ store: new FileStore('tokens'), clientId: process.env.ECOAUTH_CLIENT_ID, baseUrl: process.env.ECOAUTH_SERVER });
client.on('pin', ({ pin, verificationUrl }) => console.log(`Enter ${pin} at ${verificationUrl}`));
try {
  const account = client.account();
  if ((await account.waitForChange(0)).state !== 'ACTIVE') await account.authorizePin();
  console.log((await account.request('GET', '/1/thermostatSummary?json=%7B%7D')).json());
} catch (error) {
  if (!(error instanceof EcoauthError)) throw error;
  console.error(`${error.message}\n${error.advice}`);
  process.exitCode = 1;
} finally {
  await client.close();
}
