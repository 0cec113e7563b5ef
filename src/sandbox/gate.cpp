#include "sandbox/gate.hpp"

#include "base/origin.hpp"
#include "base/text.hpp"

namespace ecoauth::sandbox {

namespace {
/// The name in "name:port" or "[v6]:port"; empty when it is none.
std::string host_name(std::string_view host) {
  if (starts_with(host, "[")) {
    const size_t end = host.find(']');
    return end == std::string_view::npos ? "" : lower_ascii(host.substr(1, end - 1));
  }
  return lower_ascii(host.substr(0, host.rfind(':')));
}
}  // namespace

Response control_error(int status, const std::string& error, const std::string& message) {
  return Response::json(status, Json::object().set("error", error).set("message", message));
}

std::optional<Response> Gate::check_host(const Request& request) const {
  const std::string name = host_name(request.host);
  if (!name.empty() && (is_loopback_host(name) || names_.count(name))) return std::nullopt;
  return control_error(421, "foreign_host", "The sandbox answers to its own address only (--allow-host adds a name).");
}

std::optional<Response> Gate::check_site(const Request& request) const {
  // Another port of this machine is "same-site", and none of ours either.
  if (!request.fetch_site.empty() && request.fetch_site != "same-origin" && request.fetch_site != "none")
    return control_error(403, "foreign_site", "Requests that another site's page makes are refused.");
  if (!request.origin.empty() &&
      lower_ascii(request.origin) != (request.secure ? "https://" : "http://") + lower_ascii(request.host))
    return control_error(403, "foreign_origin", "Requests that another site's page makes are refused.");
  return std::nullopt;
}

}  // namespace ecoauth::sandbox
