#include "sandbox/portal_pages.hpp"

#include <openssl/evp.h>

#include "base/digest.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr const char* style = R"(
:root { color-scheme: light dark; --ink: #17221b; --soft: #4c5a51; --paper: #f4f6f3; --card: #ffffff; --line: #cfd8d1;
  --brand: #1f6b45; --on-brand: #ffffff; --warn-ink: #6d3a00; --warn-paper: #fff3dc; --bad-ink: #8c1d18; --bad-paper: #fdeceb; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8efe9; --soft: #adbab1; --paper: #121714; --card: #1c231f; --line: #3a463f; --brand: #7fd3a6;
    --on-brand: #0c1f14; --warn-ink: #ffd798; --warn-paper: #33270f; --bad-ink: #ffb4ab; --bad-paper: #3a1715; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
.banner { background: var(--warn-paper); color: var(--warn-ink); padding: .6rem 1rem; text-align: center; }
main { max-width: 36rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 1rem; }
h2 { font-size: 1.1rem; margin: 0 0 .75rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; margin: 0 0 1.25rem; }
section > :last-child { margin-bottom: 0; }
p { margin: 0 0 .75rem; }
.soft { color: var(--soft); }
.label { color: var(--soft); margin: 0 0 .75rem; }
label { display: block; font-weight: 600; margin: 0 0 .35rem; }
input[type=text] { width: 100%; font: 600 1.5rem/1.2 ui-monospace, monospace; letter-spacing: .12em; padding: .6rem .75rem;
  border: 1px solid var(--soft); border-radius: .5rem; background: var(--paper); color: inherit; }
.hint { color: var(--soft); font-size: .9rem; margin: .35rem 0 1rem; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.4rem; border-radius: .5rem;
  border: 1px solid var(--brand); background: var(--brand); color: var(--on-brand); cursor: pointer; }
button.quiet { background: transparent; color: var(--ink); border-color: var(--soft); }
button:hover { filter: brightness(1.1); }
button:focus-visible, input:focus-visible, a:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.25rem; }
.problem { background: var(--bad-paper); color: var(--bad-ink); border-radius: .5rem; padding: .75rem 1rem; }
ul { margin: .25rem 0 .75rem; padding-left: 1.25rem; }
.app { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between;
  border-top: 1px solid var(--line); padding: .75rem 0; }
.app > div { flex: 1 1 16rem; min-width: 0; }
.app ul { margin-bottom: 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
p.name { font-size: 1.25rem; margin-bottom: .25rem; }
li { overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0 0 .75rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font-family: ui-monospace, monospace; }
a { color: var(--brand); }
)";

std::string page(const std::string& title, const std::string& content) {
  return R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>)" +
         escape_html(title) + " - ecoauth sandbox</title>\n<style>" + style + R"(</style>
</head>
<body>
<div class="banner" role="note"><strong>This is a local sandbox, not ecobee.</strong> Nothing here touches a real account or
thermostat.</div>
<main>
<p class="label">ecoauth sandbox: consumer portal</p>
)" + content +
         "</main>\n</body>\n</html>\n";
}

std::string hidden(const char* name, const std::string& value) {
  return "<input type=\"hidden\" name=\"" + std::string(name) + "\" value=\"" + escape_html(value) + "\">\n";
}

std::string permission_list(const std::vector<std::string>& permissions) {
  std::string list = "<ul>\n";
  for (const std::string& each : permissions) list += "<li>" + escape_html(each) + "</li>\n";
  return list + "</ul>\n";
}
}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  for (char c : text) switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '`':
        out += "&#96;";
        break;
      default:
        out += c;
    }
  return out;
}

std::string start_page(const std::vector<PortalApp>& apps, const std::string& csrf, const std::string& typed,
                       const std::string& problem) {
  std::string content = "<h1>My Apps</h1>\n<section aria-labelledby=\"add\">\n<h2 id=\"add\">Add an application</h2>\n";
  if (!problem.empty())
    content += "<p class=\"problem\" role=\"alert\" id=\"problem\">" + escape_html(problem) + "</p>\n";
  content += "<form method=\"post\" action=\"/consumerportal/validate\">\n" + hidden("csrf", csrf) +
             "<label for=\"pin\">PIN</label>\n<input type=\"text\" id=\"pin\" name=\"pin\" value=\"" +
             escape_html(typed) +
             "\" required maxlength=\"64\" autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" " +
             "aria-describedby=\"hint" + (problem.empty() ? "" : " problem\" aria-invalid=\"true") +
             "\" autofocus>\n"
             "<p class=\"hint\" id=\"hint\">The application shows it. Small or capital letters, with or without the "
             "dash.</p>\n"
             "<button type=\"submit\">Validate</button>\n</form>\n</section>\n"
             "<section aria-labelledby=\"apps\">\n<h2 id=\"apps\">Authorized applications</h2>\n";
  if (apps.empty()) content += "<p class=\"soft\">No application has access.</p>\n";
  for (const PortalApp& app : apps)
    content += "<div class=\"app\">\n<div><span class=\"name\">" + escape_html(app.name) +
               "</span> <code class=\"soft\">" + escape_html(app.fingerprint) + "</code>\n" +
               permission_list(app.permissions) + "</div>\n<form method=\"post\" action=\"/consumerportal/remove\">\n" +
               hidden("csrf", csrf) + hidden("app", app.key) +
               "<button type=\"submit\" class=\"quiet\" aria-label=\"Remove " + escape_html(app.name) +
               "\">Remove</button>\n</form>\n</div>\n";
  return page("My Apps", content + "</section>\n");
}

std::string consent_page(const PortalApp& app, const PortalPin& pin, const std::string& csrf) {
  return page(
      "Authorize an application",
      "<h1>Authorize this application?</h1>\n<section>\n<p class=\"name\">" + escape_html(app.name) +
          "</p>\n<p class=\"soft\">Application key <code>" + escape_html(app.fingerprint) +
          "</code> (a fingerprint)</p>\n<h2>It will be able to</h2>\n" + permission_list(app.permissions) +
          "<dl>\n<dt>PIN</dt><dd><code>" + escape_html(pin.pin) + "</code></dd>\n<dt>Time left</dt><dd>" +
          escape_html(pin.time_left) +
          "</dd>\n</dl>\n<p>You can take the access back at any time under My Apps.</p>\n"
          "<form method=\"post\" action=\"/consumerportal/decide\">\n" +
          hidden("csrf", csrf) + hidden("pin", pin.pin) +
          "<div class=\"buttons\">\n<button type=\"submit\" name=\"decision\" value=\"authorize\">Authorize</button>\n"
          "<button type=\"submit\" name=\"decision\" value=\"decline\" class=\"quiet\">Decline</button>\n"
          "</div>\n</form>\n</section>\n");
}

std::string browser_consent_page(const PortalApp& app, const std::string& redirect_uri,
                                 const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string inputs;
  for (const auto& [name, value] : fields) inputs += hidden(name.c_str(), value);
  return page("Authorize an application",
              "<h1>Authorize this application?</h1>\n<section>\n<p class=\"name\">" + escape_html(app.name) +
                  "</p>\n<p class=\"soft\">Application key <code>" + escape_html(app.fingerprint) +
                  "</code> (a fingerprint)</p>\n<h2>It will be able to</h2>\n" + permission_list(app.permissions) +
                  "<p>Then your browser goes to <code>" + escape_html(redirect_uri) +
                  "</code></p>\n<form method=\"post\" action=\"/consumerportal/consent\">\n" + inputs +
                  "<div class=\"buttons\">\n<button type=\"submit\" name=\"decision\" "
                  "value=\"accept\">Accept</button>\n"
                  "<button type=\"submit\" name=\"decision\" value=\"decline\" class=\"quiet\">Decline</button>\n"
                  "</div>\n</form>\n</section>\n");
}

std::string result_page(const std::string& title, const std::string& text, bool good) {
  return page(title, "<h1>" + escape_html(title) + "</h1>\n<section>\n<p" +
                         std::string(good ? "" : " class=\"problem\" role=\"alert\"") + ">" + escape_html(text) +
                         "</p>\n<p><a href=\"/consumerportal/index.html\">Back to My Apps</a></p>\n</section>\n");
}

std::string content_security_policy(std::string_view form_targets) {
  static const std::string style_source = [] {
    const std::string digest = sha256(style);
    std::string base64(64, '\0');
    base64.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                                                      reinterpret_cast<const unsigned char*>(digest.data()),
                                                      static_cast<int>(digest.size()))));
    return "'sha256-" + base64 + "'";
  }();
  return "default-src 'none'; style-src " + style_source + "; form-action " + std::string(form_targets) +
         "; base-uri 'none'; frame-ancestors 'none'";
}

}  // namespace ecoauth::sandbox
