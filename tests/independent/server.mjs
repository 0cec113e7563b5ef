// An OAuth 2.0 server that other people wrote (oidc-provider), on a free port of this machine, with what ecobee fixes: the paths, and
// clients without a secret; POST /forget/TOKEN makes it refuse an
// access token. Prints "ready: ADDRESS" and serves until it is ended.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const { Provider } = createRequire(path.join(process.env.INDEPENDENT_MODULES, 'package.json'))('oidc-provider');
const [plainId, challengedId] = process.argv.slice(2);

const client = (id) => ({
  client_id: id, application_type: 'native', token_endpoint_auth_method: 'none', response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token'], redirect_uris: ['http://127.0.0.1/back'],
});

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const address = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(address, {
    clients: [client(plainId), client(challengedId)],
    scopes: ['openid', 'smartRead', 'smartWrite'],
    routes: { authorization: '/authorize', token: '/token', userinfo: '/userinfo' },
    features: { devInteractions: { enabled: true } },
    pkce: { required: (_, { clientId }) => clientId === challengedId },
    issueRefreshToken: (_, asking) => asking.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    ttl: { AccessToken: 500 }, // in seconds: tokens that may be refreshed again at once, not once a minute
    cookies: { keys: [randomBytes(32).toString('hex')] },
  });
  const serve = provider.callback();
  server.on('request', async (request, response) => {
    const forgotten = request.url.split('/forget/')[1]; // an access token, and nothing else of its grant
    if (!forgotten) return serve(request, response);
    await (await provider.AccessToken.find(forgotten)).destroy();
    return response.end();
  });
  console.log(`ready: ${address}`);
});
