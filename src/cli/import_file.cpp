// The formats, each as its program writes it:
// clang-format off
//   python-ecobee-api   ecobee.conf: {"API_KEY": "...", "REFRESH_TOKEN": "...", "ACCESS_TOKEN": "...", ...}
//   Pyecobee 2          tokens.json: {"refresh_token": "...", "access_token_expires_on": "...", "scope": "...", ...}, without key
//   Pyecobee 1          a shelf (dbm) of pickled objects: pickle_scan.hpp
//   Home Assistant      .storage/core.config_entries: {"data": {"entries": [{"domain": "ecobee", "data": {"api_key": "...",
//                       "refresh_token": "..."}}]}}; entries made with a user name have no api_key
//   homebridge          config.json: {"platforms": [{"platform": "EcobeeAway", "refreshToken": "..."}]}; cachedAccessories:
//                       [{"plugin": "homebridge-ecobee3-sensors", "context": {"refresh_token": "..."}}]. Without key, or app_key
//   a token response    {"access_token": "...", "refresh_token": "...", ...} as the server sent it
//   ecoauth             a record (src/store/FORMAT.md 3), as hosts get it with ECOAUTH_EVENT_UNSAVED
//   nothing around it   the token alone in one line
// clang-format on
#include "cli/import_file.hpp"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "cli/pickle_scan.hpp"

namespace ecoauth::cli {

namespace {

using Json = nlohmann::json;

/// The text under the first of these names; empty when there is none.
std::string text_of(const Json& object, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (const auto found = object.is_object() ? object.find(name) : object.end();
        object.is_object() && found != object.end() && found->is_string())
      return found->get<std::string>();
  }
  return "";
}

const Json& member(const Json& object, const char* name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(name);
  return found != object.end() ? *found : nothing;
}

bool speaks_of_ecobee(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.find("ecobee") != std::string::npos;
}

/// The same token under several names (every accessory of a plugin has a copy) is one.
void add(ImportFile& file, std::string entry, std::string refresh_token, std::string client_id) {
  if (refresh_token.empty()) return;
  for (const ImportedToken& known : file.tokens) {
    if (known.refresh_token.text == refresh_token) return;
  }
  ImportedToken token;
  token.entry = std::move(entry);
  token.refresh_token.text = std::move(refresh_token);
  token.client_id.text = std::move(client_id);
  file.tokens.push_back(std::move(token));
}

ImportFile home_assistant(const Json& entries) {
  ImportFile file{"Home Assistant, .storage/core.config_entries", "Home Assistant"};
  for (const Json& entry : entries) {
    if (text_of(entry, {"domain"}) != "ecobee") continue;
    const Json& data = member(entry, "data");
    const std::string key = text_of(data, {"api_key"});
    if (!key.empty())
      add(file, text_of(entry, {"title", "entry_id"}), text_of(data, {"refresh_token"}), key);
    else if (!text_of(data, {"refresh_token"}).empty()) {
      file.trouble =
          "its ecobee entry was made with user name and password, and such tokens are good at ecobee's own pages only";
      file.remedy = "Run \"ecoauth login\" with your own application key.";
    }
  }
  return file;
}

ImportFile homebridge(const Json& items, const char* format) {
  ImportFile file{format, "homebridge"};
  for (const Json& item : items) {
    const std::string name = text_of(item, {"plugin", "platform", "accessory"});
    if (!speaks_of_ecobee(name) && !speaks_of_ecobee(text_of(item, {"platform"}))) continue;
    const Json& context = member(item, "context");
    const Json& holder = context.is_object() ? context : item;
    add(file, text_of(item, {"name", "displayName", "platform"}), text_of(holder, {"refresh_token", "refreshToken"}),
        text_of(item, {"app_key", "appKey", "api_key", "apiKey"}));
  }
  return file;
}

ImportFile of_json(const Json& json) {
  const Json& entries = member(member(json, "data"), "entries");
  if (entries.is_array()) return home_assistant(entries);
  if (member(json, "platforms").is_array()) return homebridge(member(json, "platforms"), "homebridge, config.json");
  if (json.is_array()) return homebridge(json, "homebridge, accessories/cachedAccessories");
  ImportFile file;
  if (!text_of(json, {"REFRESH_TOKEN"}).empty()) {
    file.format = "python-ecobee-api, ecobee.conf";
    file.program = "the program that uses python-ecobee-api";
    add(file, "", text_of(json, {"REFRESH_TOKEN"}), text_of(json, {"API_KEY"}));
  } else if (json.contains("access_token_expires_on") || json.contains("authorization_token")) {
    file.format = "Pyecobee 2, a token file";
    file.program = "the program that uses Pyecobee";
    add(file, "", text_of(json, {"refresh_token"}), "");
  } else if (!text_of(json, {"refresh_token", "refreshToken"}).empty()) {
    file.format = "a token response";
    add(file, "", text_of(json, {"refresh_token", "refreshToken"}), text_of(json, {"client_id", "api_key", "app_key"}));
  }
  return file;
}

ImportFile of_shelf(const std::string& content) {
  ImportFile file;
  for (PickledEntry& entry : pickled_entries_of(content)) {
    file.format = "Pyecobee 1, a shelf";
    file.program = "the program that uses Pyecobee";
    add(file, entry.name, std::move(entry.refresh_token), std::move(entry.client_id));
  }
  return file;
}

int digit_of(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/// The value of the first line of this name, its escapes undone; empty when there is none.
std::string value_of(const std::string& record, const std::string& name) {
  const std::string begin = "\n" + name + " ";
  const size_t found = record.find(begin);
  if (found == std::string::npos) return "";
  const size_t first = found + begin.size(), end = std::min(record.find('\n', first), record.size());
  std::string value;
  for (size_t i = first; i < end; ++i) {
    const bool escaped =
        record[i] == '%' && i + 2 < end && digit_of(record[i + 1]) >= 0 && digit_of(record[i + 2]) >= 0;
    value += escaped ? static_cast<char>(digit_of(record[i + 1]) * 16 + digit_of(record[i + 2])) : record[i];
    if (escaped) i += 2;
  }
  return value;
}

constexpr char record_begin[] = "ecoauth-record ";

ImportFile of_record(const std::string& content) {
  ImportFile file;
  file.format = "ecoauth, a record";
  if (value_of(content, "seal") != "none") {
    file.trouble = "it is sealed";
    file.remedy = "Hand it out by a store of your own program, with the key (docs/embedding.md).";
    return file;
  }
  add(file, "", value_of(content, "grant.candidate"), value_of(content, "client-id"));
  for (ImportedToken& token : file.tokens) {
    token.account = value_of(content, "account");
    token.server = value_of(content, "origin");
  }
  return file;
}

/// One word of printable characters.
ImportFile of_line(const std::string& content) {
  SecretText line;
  line.text = content;
  line.trim();
  ImportFile file;
  const bool plausible =
      std::all_of(line.text.begin(), line.text.end(), [](unsigned char c) { return c > ' ' && c <= '~'; });
  if (line.text.empty() || !plausible) return file;
  file.format = "a refresh token alone";
  add(file, "", line.text, "");
  return file;
}

}  // namespace

ImportFile import_file_of(const std::string& content) {
  if (content.compare(0, sizeof record_begin - 1, record_begin) == 0) return of_record(content);
  const size_t begin = content.find_first_not_of(" \t\r\n");
  const bool looks_like_json = begin != std::string::npos && (content[begin] == '{' || content[begin] == '[');
  if (!looks_like_json) {
    ImportFile shelf = of_shelf(content);
    return shelf.format.empty() ? of_line(content) : std::move(shelf);
  }
  const Json json = Json::parse(content, nullptr, false);
  return json.is_discarded() ? ImportFile() : of_json(json);
}

}  // namespace ecoauth::cli
