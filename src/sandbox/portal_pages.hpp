// The portal's HTML. Every value goes through escape_html(); nothing else in the sandbox writes HTML with values in it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ecoauth::sandbox {

/// Safe in text and inside quoted attributes.
std::string escape_html(std::string_view text);

struct PortalApp {
  std::string key;  ///< names it in the form that removes it
  std::string name;
  std::string fingerprint;
  std::vector<std::string> permissions;
};

struct PortalPin {
  std::string pin;
  std::string time_left;
};

/// The start page; `typed` stays in the field, `problem` is shown above it.
std::string start_page(const std::vector<PortalApp>& apps, const std::string& csrf, const std::string& typed,
                       const std::string& problem);
/// Asks for the decision about one application.
std::string consent_page(const PortalApp& app, const PortalPin& pin, const std::string& csrf);
/// Asks for the decision about an application that sent the browser here; `fields` go along.
std::string browser_consent_page(const PortalApp& app, const std::string& redirect_uri,
                                 const std::vector<std::pair<std::string, std::string>>& fields);
/// Says what happened.
std::string result_page(const std::string& title, const std::string& text, bool good);

/// Allows nothing but the page's own style, named by its digest, and forms to `form_targets`.
std::string content_security_policy(std::string_view form_targets);

}  // namespace ecoauth::sandbox
