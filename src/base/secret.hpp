// A byte string that must not leave: tokens, codes, PINs, keys, state.
#pragma once

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace ecoauth {

/// Owns its bytes, wipes them when it lets go of them, and has no printable form: reveal() is the only way to the bytes and
/// easy to search for; logs get fingerprint(). Move-only, so that every copy is a visible clone().
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string_view bytes);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return Secret(reveal()); }

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }
  std::string_view reveal() const { return {data_, size_}; }
  /// NUL-terminated; valid until the secret changes.
  const char* reveal_c_str() const { return data_ ? data_ : ""; }

  /// Makes room so that append() up to `capacity` bytes does not allocate.
  void reserve(size_t capacity);
  void append(std::string_view bytes);
  void clear();

  /// "#" and eight hex digits of the SHA-256 of the bytes; "#none" when empty. For values with much entropy only:
  /// a PIN is never logged, not even like this.
  std::string fingerprint() const;

  /// Compares in constant time for equal lengths.
  bool equals(const Secret& other) const;

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// Printing a secret does not compile.
std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// Overwrites memory in a way the compiler may not remove.
void wipe(void* data, size_t size_bytes);
/// Wipes and empties a string that had to carry a secret through somebody else's interface.
void wipe(std::string& text);

}  // namespace ecoauth
