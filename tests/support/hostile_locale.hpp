// A host that has set a global locale of its own: "1.234.567,5".
#pragma once

#include <locale>
#include <string>

namespace ecoauth::test {

class HostileLocale {
 public:
  HostileLocale() : before_(std::locale::global(std::locale(std::locale::classic(), new German))) {}
  ~HostileLocale() { std::locale::global(before_); }
  HostileLocale(const HostileLocale&) = delete;
  HostileLocale& operator=(const HostileLocale&) = delete;

 private:
  class German final : public std::numpunct<char> {
    char do_decimal_point() const override { return ','; }
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\3"; }
  };

  std::locale before_;
};

}  // namespace ecoauth::test
