#include "cli/unknown_command.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cli/command_help.hpp"

namespace ecoauth::cli {

namespace {

struct Synonym {
  const char* word;
  const char* command;
};

constexpr Synonym synonyms[] = {
    {"help", "--help"},   {"signin", "login"},  {"auth", "login"},    {"authorize", "login"},    {"signout", "logout"},
    {"revoke", "logout"}, {"get", "request"},   {"renew", "refresh"}, {"access-token", "token"}, {"info", "status"},
    {"state", "status"},  {"list", "accounts"}, {"check", "doctor"},  {"diagnose", "doctor"}};

/// How many letters must be changed, added, left out or swapped with a neighbour.
size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      cost[i][j] =
          std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

std::string meant(const std::string& word) {
  for (const Synonym& synonym : synonyms) {
    if (word == synonym.word) return synonym.command;
  }
  for (const CommandHelp& command : command_help) {
    if (distance(word, command.name) <= 2) return command.name;
  }
  return "";
}

/// A word that can be repeated: a secret in the wrong place does not look like this.
bool looks_like_command(const std::string& word) {
  return word.size() <= 12 && word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
}

}  // namespace

Failure unknown_command(const std::string& word) {
  const std::string list = "\"ecoauth --help\" lists the commands.";
  if (!looks_like_command(word)) return Failure::usage("there is no such command", list);
  const std::string guess = meant(word);
  return Failure::usage("there is no command \"" + word + "\"",
                        guess.empty() ? list : "Did you mean \"ecoauth " + guess + "\"?");
}

}  // namespace ecoauth::cli
