// The library without an addon: koffi calls it, the loop reads its socket. Authorizes with a PIN, in memory, and prints the state.
import net from 'node:net';
import koffi from 'koffi';

const lib = koffi.load(process.env.ECOAUTH_LIBRARY ?? 'libecoauth.so.0');
const c = (declaration) => lib.func(declaration);
const optionsNew = c('void *ecoauth_options_new()');
const setClientId = c('int ecoauth_options_set_client_id(void *options, const char *text)');
const setBaseUrl = c('int ecoauth_options_set_base_url(void *options, const char *text)');
const setDispatch = c('int ecoauth_options_set_dispatch(void *options, int dispatch)');
const setStore = c('int ecoauth_options_set_store(void *options, void *store)');
const storeMemory = c('void *ecoauth_store_new_memory()');
const clientNew = c('int ecoauth_client_new(void *options, _Out_ void **client, void *error)');
const wakeupFd = c('int ecoauth_client_wakeup_fd(void *client, _Out_ int *fd, void *error)');
const nextEvent = c('int ecoauth_client_next_event(void *client, int64_t timeout_ms, _Out_ void **event, void *error)');
const closeStart = c('int ecoauth_client_close_start(void *client, void *error)');
const clientFree = c('void ecoauth_client_free(void *client)');
const accountOpen = c('int ecoauth_account_open(void *client, const char *key, _Out_ void **account, void *error)');
const accountClose = c('void ecoauth_account_close(void *account)');
const authorizePinStart = c('int ecoauth_account_authorize_pin_start(void *account, _Out_ int64_t *operation, void *error)');
const eventKind = c('int ecoauth_event_kind(void *event)');
const eventPin = c('const char *ecoauth_event_pin(void *event)');
const eventUrl = c('const char *ecoauth_event_verification_url(void *event)');
const eventResult = c('int ecoauth_event_result(void *event)');
const eventFree = c('void ecoauth_event_free(void *event)');
const resultName = c('const char *ecoauth_result_name(int result)');

const PIN = 1;
const COMPLETED = 5;
const CLOSED = 8;
const check = (result) => {
  if (result < 0) throw new Error(resultName(result));
};

const options = optionsNew();
check(setClientId(options, process.env.ECOAUTH_CLIENT_ID));
if (process.env.ECOAUTH_SERVER) check(setBaseUrl(options, process.env.ECOAUTH_SERVER));
check(setDispatch(options, 2)); // ECOAUTH_DISPATCH_POLL
check(setStore(options, storeMemory()));
const [client, account, fd] = [[null], [null], [0]];
check(clientNew(options, client, null));
check(accountOpen(client[0], 'default', account, null));
check(wakeupFd(client[0], fd, null));

const socket = new net.Socket({ fd: fd[0], readable: true, writable: false });
socket.on('data', () => {
  for (const event = [null]; nextEvent(client[0], 0, event, null) === 0;) {
    const kind = eventKind(event[0]);
    if (kind === PIN) console.log(`Enter ${eventPin(event[0])} at ${eventUrl(event[0])}`);
    if (kind === COMPLETED) {
      console.log('authorized:', resultName(eventResult(event[0])));
      closeStart(client[0], null);
    }
    eventFree(event[0]);
    if (kind === CLOSED) {
      socket.destroy();
      accountClose(account[0]);
      clientFree(client[0]); // at once: everything has stopped
      return;
    }
  }
});
check(authorizePinStart(account[0], [0], null));
