// Refresh tokens in a shelf of Pyecobee 1: a database of pickled Python objects. Nothing is unpickled, which would run
// the file's code; the bytes are searched for the attributes' names with their values behind them.
#pragma once

#include <string>
#include <vector>

namespace ecoauth::cli {

struct PickledEntry {
  std::string name;  ///< of the thermostat
  std::string refresh_token;
  std::string client_id;
};

std::vector<PickledEntry> pickled_entries_of(const std::string& content);

}  // namespace ecoauth::cli
