// What all pages of the portal share: who visits, the token that forms must bring back, the frame around each page.
#pragma once

#include <string>
#include <string_view>

#include "sandbox/http_message.hpp"
#include "sandbox/template.hpp"
#include "sandbox/world.hpp"

namespace ecoauth::sandbox {

constexpr const char* portal_home = "/consumerportal/index.html";

/// Who looks at a page. A new visitor gets a cookie with the answer.
struct Visit {
  std::string cookie;
  bool fresh = false;
  bool secure = false;
  std::string cookie_name;
  std::string csrf;     ///< only a page of ours can know it, and it fits one visitor's cookie only
  std::string account;  ///< empty: nobody is signed in
};
Visit visit_of(World& world, const Request& request);
/// The same browser with another cookie.
Visit with_cookie(const World& world, Visit visit, const std::string& cookie);
/// Whether the form of `request` comes from a page that was shown to this visitor.
bool is_own_form(const Visit& visit, const Request& request);

/// How a page is framed.
struct Frame {
  const char* template_name;
  std::string title;
  int status = 200;
  const char* tab = "";  ///< of the navigation: "apps", "add", "developer", "control"
  bool wide = false;
  bool script = false;
  const char* form_targets = "'self'";  ///< where its forms may lead, redirects included
};
Response page(const World& world, const Visit& visit, const Frame& frame, View view);
/// Says what happened.
Response message(const World& world, const Visit& visit, int status, const std::string& title, const std::string& text);
/// Sends the browser on; 303 after a form, so that it comes with GET.
Response redirect_response(int status, const std::string& location);
/// Gives the browser the visitor's cookie.
void set_cookie(const Visit& visit, Response& response);

/// Adds what pages show of an application: its name, its fingerprint, its permissions in words.
void show_application(const World& world, const std::string& client_digest, const std::string& scope, View& view);
/// "2026-11-25 14:05 UTC".
std::string date_text(int64_t unix_ms);

}  // namespace ecoauth::sandbox
