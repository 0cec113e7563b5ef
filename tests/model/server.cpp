#include "server.hpp"

#include <stdexcept>

namespace ecoauth::model {

const char* name_of(Policy policy) {
  static const char* const names[policy_count] = {"reusable",         "strict",          "strict-family", "grace",
                                                  "grace-last",       "until-used",      "idempotent",    "grace/theft",
                                                  "grace-last/theft", "idempotent/theft"};
  return names[static_cast<size_t>(policy)];
}

uint8_t Server::present(uint8_t shown, Policy policy) {
  if (shown >= count) return no_token;
  Token& token = tokens[shown];
  if (token.dead) {
    if (policy == Policy::strict_family && token.used) kill_all();
    return no_token;
  }
  if (policy == Policy::reusable) {
    ++refreshes;
    return shown;
  }
  const bool used = token.used != 0;
  token.used = 1;
  switch (policy) {
    case Policy::strict:
    case Policy::strict_family:
      token.dead = 1;
      break;
    case Policy::until_used:
      for (uint8_t at = token.parent; at != no_token; at = tokens[at].parent) tokens[at].dead = 1;
      break;
    default:
      if (!used) break;
      if (policy >= Policy::grace_theft && successor_used(shown)) {
        kill_all();
        return no_token;
      }
      if (token.grace_over) {
        token.dead = 1;
        return no_token;
      }
      if (policy == Policy::idempotent || policy == Policy::idempotent_theft) {
        ++refreshes;
        for (uint8_t i = 0; i < count; ++i)
          if (tokens[i].parent == shown) return i;
      }
      if (policy == Policy::grace_last || policy == Policy::grace_last_theft) kill_descendants(shown);
      break;
  }
  return rotate(shown);
}

uint8_t Server::rotate(uint8_t shown) {
  if (count == most_tokens) throw std::length_error("the model's server is out of tokens");
  ++refreshes;
  tokens[count].parent = shown;
  return count++;
}

void Server::end_grace() {
  for (uint8_t i = 0; i < count; ++i)
    if (tokens[i].used) tokens[i].grace_over = 1;
}

bool Server::successor_used(uint8_t shown) const {
  for (uint8_t i = 0; i < count; ++i)
    if (tokens[i].parent == shown && tokens[i].used) return true;
  return false;
}

void Server::kill_descendants(uint8_t of) {
  for (uint8_t i = 0; i < count; ++i)
    if (tokens[i].parent == of && !tokens[i].dead) {
      tokens[i].dead = 1;
      kill_descendants(i);
    }
}

void Server::kill_all() {
  for (uint8_t i = 0; i < count; ++i) tokens[i].dead = 1;
}

}  // namespace ecoauth::model
