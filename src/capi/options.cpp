#include <ecoauth/options.h>
#include <ecoauth/version.h>

#include <string>

#include "base/text.hpp"
#include "capi/absolute_path.hpp"
#include "capi/checks.hpp"
#include "capi/guard.hpp"
#include "capi/handles.hpp"
#include "client/sealed_store.hpp"
#include "protocol/requests.hpp"

using namespace ecoauth;
using namespace ecoauth::capi;

namespace {

constexpr int64_t longest_timeout_ms = 600000;

/// The shape of every setter: nothing changes unless all is well. What was refused is kept, until the same setter has
/// been content: a host that does not look must not get a client that talks to another server than it was told to.
template <typename Change>
int32_t set(ecoauth_options* options, const char* setter, Checks& checks, Change change) {
  return guarded(nullptr, [&]() -> Result<int32_t> {
    if (auto wrong = Checks().needs(options, "options").failure()) return *wrong;
    auto wrong = checks.failure();
    Result<int32_t> result = wrong ? Result<int32_t>(*wrong) : change();
    if (result.ok())
      options->refused.erase(setter);
    else
      options->refused.insert_or_assign(setter, result.error());
    return result;
  });
}

template <typename Number, typename Target>
int32_t set_number(ecoauth_options* options, Number value, int64_t low, int64_t high, const char* name, Target target) {
  return set(options, name, Checks().in_range(value, low, high, name), [&]() -> Result<int32_t> {
    target(*options) = static_cast<std::decay_t<decltype(target(*options))>>(value);
    return ECOAUTH_OK;
  });
}

/// Asks the transport itself whether it could work with this text.
Result<int32_t> set_transport_text(ecoauth_options& options, std::string TransportSettings::*member, std::string text) {
  TransportSettings changed;
  changed.*member = std::move(text);
  auto checked = check_transport_settings(std::move(changed));
  if (!checked) return checked.error();
  wipe(options.transport.*member);  // a proxy's address may hold a password
  options.transport.*member = std::move(checked.value().*member);
  return ECOAUTH_OK;
}

/// Takes the user data in every case; a callback of NULL only takes the old one away.
template <typename Function>
int32_t set_callback(ecoauth_options* options, const char* setter, Checks& checks,
                     HostCallback<Function> ecoauth_options::*place, Function callback, HostData& taken) {
  return set(options, setter, checks, [&]() -> Result<int32_t> {
    HostCallback<Function> fresh;
    if (callback) fresh = {callback, std::make_shared<const HostData>(std::move(taken))};
    std::swap(options->*place, fresh);
    return ECOAUTH_OK;
  });
}

}  // namespace

ecoauth_options* ecoauth_options_new(void) {
  return guarded_object([] {
    auto options = std::make_unique<ecoauth_options>();
    options->transport.user_agent = "ecoauth/" ECOAUTH_VERSION_STRING;
    return options.release();
  });
}

void ecoauth_options_free(ecoauth_options* options) { delete options; }

int32_t ecoauth_options_set_client_id(ecoauth_options* options, const char* client_id) {
  return set(options, "client_id", Checks().ascii(client_id, 1, 200, "client_id"), [&]() -> Result<int32_t> {
    options->config.client_id = Secret(client_id);
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_options_set_scope(ecoauth_options* options, const char* scope) {
  return set(options, "scope", Checks().ascii(scope, 1, 1000, "scope"), [&]() -> Result<int32_t> {
    std::string csv = scope_to_csv(scope);
    if (csv.empty()) return bad_argument("scope", "it names no scope");
    options->config.scope = std::move(csv);
    options->config.scope_given = true;
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_options_set_base_url(ecoauth_options* options, const char* base_url) {
  return set(options, "base_url", Checks().ascii(base_url, 1, 1000, "base_url"), [&]() -> Result<int32_t> {
    auto origin = parse_origin(base_url);
    if (!origin) return origin.error();
    options->config.origin = std::move(origin.value());
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_options_set_store(ecoauth_options* options, ecoauth_store* store) {
  std::unique_ptr<ecoauth_store> taken(store);
  return set(options, "store", Checks().needs(store, "store"), [&]() -> Result<int32_t> {
    auto sealed = taken->keys ? make_sealed_store(taken->value, taken->keys) : taken->value;
    std::swap(options->store, sealed);
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_options_set_pin_callback(ecoauth_options* options, ecoauth_pin_fn callback, void* user_data,
                                         ecoauth_finalizer_fn finalizer) {
  HostData taken(user_data, finalizer);
  Checks checks;
  return set_callback(options, "pin_callback", checks, &ecoauth_options::pin, callback, taken);
}

int32_t ecoauth_options_set_event_callback(ecoauth_options* options, ecoauth_event_fn callback, void* user_data,
                                           ecoauth_finalizer_fn finalizer) {
  HostData taken(user_data, finalizer);
  Checks checks;
  return set_callback(options, "event_callback", checks, &ecoauth_options::event, callback, taken);
}

int32_t ecoauth_options_set_log_callback(ecoauth_options* options, int32_t most_verbose, ecoauth_log_fn callback,
                                         void* user_data, ecoauth_finalizer_fn finalizer) {
  HostData taken(user_data, finalizer);
  Checks checks;
  checks.in_range(most_verbose, ECOAUTH_LOG_NONE, ECOAUTH_LOG_TRACE, "most_verbose");
  int32_t result = set_callback(options, "log_callback", checks, &ecoauth_options::log, callback, taken);
  if (result == ECOAUTH_OK) options->log_callback_level = most_verbose;
  return result;
}

int32_t ecoauth_options_set_log_level(ecoauth_options* options, int32_t most_verbose) {
  return set_number(options, most_verbose, ECOAUTH_LOG_NONE, ECOAUTH_LOG_TRACE, "log_level",
                    [](ecoauth_options& o) -> int32_t& { return o.log_level; });
}

int32_t ecoauth_options_set_wakeup_callback(ecoauth_options* options, ecoauth_wakeup_fn callback, void* user_data,
                                            ecoauth_finalizer_fn finalizer) {
  HostData taken(user_data, finalizer);
  Checks checks;
  return set_callback(options, "wakeup_callback", checks, &ecoauth_options::wakeup, callback, taken);
}

int32_t ecoauth_options_set_dispatch(ecoauth_options* options, int32_t dispatch) {
  return set_number(options, dispatch, ECOAUTH_DISPATCH_WORKER, ECOAUTH_DISPATCH_POLL, "dispatch",
                    [](ecoauth_options& o) -> Dispatch& { return o.config.dispatch; });
}

int32_t ecoauth_options_set_user_agent(ecoauth_options* options, const char* user_agent) {
  return set(options, "user_agent", Checks().ascii(user_agent, 0, 200, "user_agent"),
             [&] { return set_transport_text(*options, &TransportSettings::user_agent, user_agent); });
}

int32_t ecoauth_options_set_ca_file(ecoauth_options* options, const char* ca_file) {
  return set(options, "ca_file", Checks().text(ca_file, 1, 4000, "ca_file"),
             [&] { return set_transport_text(*options, &TransportSettings::ca_file, absolute_path(ca_file)); });
}

int32_t ecoauth_options_set_proxy(ecoauth_options* options, const char* proxy) {
  return set(options, "proxy", Checks().ascii(proxy, 1, 1000, "proxy"),
             [&] { return set_transport_text(*options, &TransportSettings::proxy_url, proxy); });
}

int32_t ecoauth_options_set_request_timeout_ms(ecoauth_options* options, int64_t timeout_ms) {
  return set_number(options, timeout_ms, 1000, longest_timeout_ms, "request_timeout_ms",
                    [](ecoauth_options& o) -> int64_t& { return o.config.request_timeout_ms; });
}

int32_t ecoauth_options_set_connect_timeout_ms(ecoauth_options* options, int64_t timeout_ms) {
  return set_number(options, timeout_ms, 100, longest_timeout_ms, "connect_timeout_ms",
                    [](ecoauth_options& o) -> int64_t& { return o.config.connect_timeout_ms; });
}

int32_t ecoauth_options_set_shutdown_timeout_ms(ecoauth_options* options, int64_t timeout_ms) {
  return set_number(options, timeout_ms, 0, longest_timeout_ms, "shutdown_timeout_ms",
                    [](ecoauth_options& o) -> int64_t& { return o.config.shutdown_timeout_ms; });
}

int32_t ecoauth_options_set_advisory_window(ecoauth_options* options, int32_t first_percent, int32_t last_percent) {
  return set(options, "advisory_window",
             Checks()
                 .in_range(first_percent, 10, 95, "first_percent")
                 .in_range(last_percent, first_percent, 95, "last_percent"),
             [&]() -> Result<int32_t> {
               options->config.refresh.advisory_first_percent = first_percent;
               options->config.refresh.advisory_last_percent = last_percent;
               return ECOAUTH_OK;
             });
}

int32_t ecoauth_options_set_mandatory_window(ecoauth_options* options, int64_t min_left_ms, int32_t left_percent) {
  return set(options, "mandatory_window",
             Checks().in_range(min_left_ms, 0, 600000, "min_left_ms").in_range(left_percent, 0, 50, "left_percent"),
             [&]() -> Result<int32_t> {
               options->config.refresh.mandatory_left_ms = min_left_ms;
               options->config.refresh.mandatory_left_percent = left_percent;
               return ECOAUTH_OK;
             });
}

int32_t ecoauth_options_set_keep_fresh(ecoauth_options* options, int32_t keep_fresh) {
  return set_number(options, keep_fresh, ECOAUTH_KEEP_FRESH_ON_DEMAND, ECOAUTH_KEEP_FRESH_ALWAYS, "keep_fresh",
                    [](ecoauth_options& o) -> KeepFresh& { return o.config.refresh.keep_fresh; });
}

int32_t ecoauth_options_set_role(ecoauth_options* options, int32_t role) {
  return set_number(options, role, ECOAUTH_ROLE_OWNER, ECOAUTH_ROLE_FOLLOWER, "role",
                    [](ecoauth_options& o) -> Role& { return o.config.role; });
}

int32_t ecoauth_options_set_polling(ecoauth_options* options, int32_t polling) {
  return set_number(options, polling, ECOAUTH_POLLING_AUTO, ECOAUTH_POLLING_ON_DEMAND, "polling",
                    [](ecoauth_options& o) -> Polling& { return o.config.polling; });
}

int32_t ecoauth_options_set_parameter_style(ecoauth_options* options, int32_t style) {
  return set_number(options, style, ECOAUTH_PARAMETERS_BODY, ECOAUTH_PARAMETERS_QUERY, "parameter_style",
                    [](ecoauth_options& o) -> ParameterStyle& { return o.config.request.style; });
}

int32_t ecoauth_options_set_token_format(ecoauth_options* options, const char* token_format) {
  return set(options, "token_format", Checks().ascii(token_format, 0, 100, "token_format"), [&]() -> Result<int32_t> {
    options->config.request.token_format = token_format;
    return ECOAUTH_OK;
  });
}

int32_t ecoauth_options_set_verification_url(ecoauth_options* options, const char* verification_url) {
  return set(
      options, "verification_url", Checks().ascii(verification_url, 1, 2000, "verification_url"),
      [&]() -> Result<int32_t> {
        std::string url = verification_url;
        if ((!starts_with(url, "https://") && !starts_with(url, "http://")) || url.find(' ') != std::string::npos)
          return bad_argument("verification_url", "it is no address of a web page");
        options->config.verification_url = std::move(url);
        return ECOAUTH_OK;
      });
}
