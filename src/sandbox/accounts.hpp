// The people of the portal: names, passwords (as derived keys), and who is signed in where. Pure but for the
// derivation's cost.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/secret.hpp"

namespace ecoauth::sandbox {

struct Account {
  std::string salt;
  std::string key;  ///< derived from the password
};

class Accounts {
 public:
  explicit Accounts(Random& random) : random_(random) {}

  /// What is wrong with a new account's name or password; empty when it was made.
  std::string create(const std::string& name, const Secret& password);
  /// "NAME:PASSWORD" from the command line; replaces the password of an account that is there already.
  std::string seed(std::string_view account);
  bool knows(const std::string& name, const Secret& password) const;

  /// Signs in: the value of the browser's new cookie.
  std::string open_session(const std::string& name);
  void close_session(const std::string& cookie);
  /// Whose browser it is; empty when nobody is signed in with this cookie.
  const std::string& account_of(const std::string& cookie) const;

  struct Session {
    std::string cookie_digest;
    std::string account;
  };
  std::map<std::string, Account>& all() { return accounts_; }
  const std::map<std::string, Account>& all() const { return accounts_; }
  /// Oldest first.
  std::deque<Session>& sessions() { return sessions_; }
  const std::deque<Session>& sessions() const { return sessions_; }

 private:
  Random& random_;
  std::map<std::string, Account> accounts_;
  std::deque<Session> sessions_;
};

}  // namespace ecoauth::sandbox
