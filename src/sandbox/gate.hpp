// Who may talk to the sandbox at all: keeps foreign web pages, also by way of a rebound name, away from it.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "sandbox/http_message.hpp"

namespace ecoauth::sandbox {

class Gate {
 public:
  /// `names` are allowed in Host beside the loopback names.
  explicit Gate(std::set<std::string> names) : names_(std::move(names)) {}

  /// 421 for a Host that is not ours: a page of another site whose name was pointed at us shows its own name here.
  std::optional<Response> check_host(const Request& request) const;
  /// 403 for requests that another site's page caused. For the control API and the portal's forms.
  std::optional<Response> check_site(const Request& request) const;

 private:
  std::set<std::string> names_;
};

/// The plain error object of the control API.
Response control_error(int status, const std::string& error, const std::string& message);

}  // namespace ecoauth::sandbox
