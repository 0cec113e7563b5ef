#include "base/secret.hpp"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

#include "base/digest.hpp"

namespace ecoauth {

void wipe(void* data, size_t size_bytes) {
  if (data && size_bytes) OPENSSL_cleanse(data, size_bytes);
}

void wipe(std::string& text) {
  text.resize(text.capacity());
  wipe(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string_view bytes) { append(bytes); }

Secret::Secret(Secret&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    clear();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
  }
  return *this;
}

Secret::~Secret() { clear(); }

void Secret::reserve(size_t capacity) {
  if (data_ && capacity <= capacity_) return;
  char* bigger = new char[capacity + 1];
  if (size_) std::memcpy(bigger, data_, size_);
  bigger[size_] = '\0';
  if (data_) {
    wipe(data_, capacity_ + 1);
    delete[] data_;
  }
  data_ = bigger;
  capacity_ = capacity;
}

void Secret::append(std::string_view bytes) {
  if (bytes.empty()) return;
  Secret outgrown;  // lives until the copying is over: `bytes` may be our own
  if (!data_ || size_ + bytes.size() > capacity_) {
    // Grow geometrically: a body arrives in small pieces, and every growth leaves one wiped buffer behind.
    size_t wanted = size_ + bytes.size();
    Secret bigger;
    bigger.reserve(data_ && capacity_ * 2 > wanted ? capacity_ * 2 : wanted);
    bigger.append(reveal());
    outgrown = std::exchange(*this, std::move(bigger));
  }
  std::memcpy(data_ + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
  data_[size_] = '\0';
}

void Secret::clear() {
  if (data_) {
    wipe(data_, capacity_ + 1);
    delete[] data_;
  }
  data_ = nullptr;
  size_ = capacity_ = 0;
}

std::string Secret::fingerprint() const { return empty() ? "#none" : "#" + sha256_hex(reveal()).substr(0, 8); }

bool Secret::equals(const Secret& other) const {
  return size_ == other.size_ && (size_ == 0 || CRYPTO_memcmp(data_, other.data_, size_) == 0);
}

}  // namespace ecoauth
