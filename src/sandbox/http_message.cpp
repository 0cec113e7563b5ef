#include "sandbox/http_message.hpp"

#include "base/text.hpp"

namespace ecoauth::sandbox {

Params::~Params() {
  for (auto& [name, value] : all_) wipe(value);
}

bool Params::add_encoded(std::string_view text) {
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view piece = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (piece.empty()) continue;
    const size_t equals = piece.find('=');
    auto name = percent_decode(piece.substr(0, equals), true);
    auto value = equals == std::string_view::npos ? std::string() : percent_decode(piece.substr(equals + 1), true);
    if (!name || !value || all_.size() >= 100) return false;
    all_.emplace_back(std::move(*name), std::move(*value));
  }
  return true;
}

bool Params::has(std::string_view name) const {
  for (const auto& each : all_)
    if (each.first == name) return true;
  return false;
}

std::string_view Params::get(std::string_view name) const {
  for (const auto& each : all_)
    if (each.first == name) return each.second;
  return {};
}

bool Params::repeats(std::string_view name) const {
  int count = 0;
  for (const auto& each : all_) count += each.first == name;
  return count > 1;
}

Params Params::clone() const {
  Params copy;
  copy.all_ = all_;
  return copy;
}

bool Request::brings_form() const {
  return starts_with(lower_ascii(content_type), "application/x-www-form-urlencoded");
}

Request Request::clone() const {
  Request copy;
  copy.method = method;
  copy.path = path;
  copy.query = query.clone();
  copy.form = form.clone();
  copy.well_formed = well_formed;
  copy.host = host;
  copy.origin = origin;
  copy.fetch_site = fetch_site;
  copy.content_type = content_type;
  copy.authorization = authorization;
  copy.cookie = cookie;
  copy.user_agent = user_agent;
  copy.connection = connection;
  copy.secure = secure;
  return copy;
}

Response Response::json(int status, Json json) {
  Response response;
  response.status = status;
  response.body = json.pretty();
  response.content = std::move(json);
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

}  // namespace ecoauth::sandbox
