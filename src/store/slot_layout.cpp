#include "store/slot_layout.hpp"

#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "store/file_error.hpp"

namespace ecoauth::slot_layout {
namespace {

constexpr std::string_view header_magic = "ecoauth-store ";
constexpr std::string_view header_text = "ecoauth-store 1\nslots 3\nslot-size 32768\n";
constexpr std::string_view slot_magic = "ecoauth-slot ";
constexpr std::string_view slot_begin = "ecoauth-slot 1 ";
constexpr size_t digest_digits = 64;

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

/// A number in its one spelling.
std::optional<int64_t> strict_number(std::string_view text) {
  auto number = parse_int(text);
  if (!number || *number < 0 || to_text(*number) != text) return std::nullopt;
  return number;
}

/// The number behind `magic`, which must end at a blank or line feed; -1 when there is none.
int64_t version_behind(std::string_view magic, std::string_view bytes) {
  if (!starts_with(bytes, magic)) return -1;
  std::string_view rest = bytes.substr(magic.size(), 20);
  return strict_number(rest.substr(0, rest.find_first_of(" \n"))).value_or(-1);
}

std::string digest_of(std::string_view line_before_digest, std::string_view record) {
  Secret both;
  both.reserve(line_before_digest.size() + record.size());
  both.append(line_before_digest);
  both.append(record);
  return sha256_hex(both.reveal());
}

/// Cuts "<name>=<number>" and `end` off the front.
std::optional<int64_t> take_field(std::string_view& text, std::string_view name, char end) {
  if (!starts_with(text, name)) return std::nullopt;
  size_t stop = text.find(end);
  if (stop == std::string_view::npos) return std::nullopt;
  auto number = strict_number(text.substr(name.size(), stop - name.size()));
  text.remove_prefix(stop + 1);
  return number;
}

/// Fills `slot`; false when the area is damaged.
bool parse_slot(std::string_view area, Slot& slot) {
  if (!starts_with(area, slot_begin)) return false;
  std::string_view rest = area.substr(slot_begin.size());
  auto seq = take_field(rest, "seq=", ' ');
  auto attempt = seq ? take_field(rest, "try=", ' ') : std::nullopt;
  auto size = attempt ? take_field(rest, "size=", ' ') : std::nullopt;
  if (!size || !starts_with(rest, "sha256=") || rest.size() < 7 + digest_digits + 1) return false;
  rest.remove_prefix(7);
  std::string_view line_before_digest = area.substr(0, area.size() - rest.size());
  slot.digest = std::string(rest.substr(0, digest_digits));
  if (rest[digest_digits] != '\n') return false;
  rest.remove_prefix(digest_digits + 1);
  if (static_cast<uint64_t>(*size) > rest.size() || (*seq == 0) != (*size == 0)) return false;
  slot.record = rest.substr(0, static_cast<size_t>(*size));
  slot.seq = *seq;
  slot.attempt = *attempt;
  return digest_of(line_before_digest, slot.record) == slot.digest;
}

/// Up to the last byte that is not zero. By blocks, since slots are mostly empty and every load looks at all of them.
size_t used_size(std::string_view area) {
  static constexpr char zeros[512] = {};
  while (area.size() >= sizeof zeros && std::memcmp(area.data() + area.size() - sizeof zeros, zeros, sizeof zeros) == 0)
    area.remove_suffix(sizeof zeros);
  const size_t last = area.find_last_not_of('\0');
  return last == std::string_view::npos ? 0 : last + 1;
}

Slot read_slot(std::string_view area, const std::string& failed_digest) {
  Slot slot;
  slot.used_bytes = used_size(area);
  if (slot.used_bytes == 0) {
    slot.state = area.size() == slot_bytes ? Slot::State::zero : Slot::State::damaged;
    return slot;
  }
  if (version_behind(slot_magic, area) > 1) {
    slot.state = Slot::State::newer;
  } else if (!parse_slot(area, slot)) {
    slot.state = Slot::State::damaged;
  } else if (slot.digest == failed_digest) {
    slot.state = Slot::State::suspect;
  } else {
    slot.state = slot.seq == 0 ? Slot::State::blank : Slot::State::intact;
  }
  return slot;
}

/// Is there nothing in `area` but zeros behind the first bytes, or none, of `line`?
bool unfinished(std::string_view area, std::string_view line) {
  std::string_view written = area.substr(0, area.find_last_not_of('\0') + 1);
  return written.size() < line.size() && starts_with(line, written);
}

/// The header is the last that is written of a new file: before it there are zeros and, at most, the blank in the first
/// slot.
bool never_finished(std::string_view file) {
  std::string_view slots = file.substr(std::min(header_bytes, file.size()));
  SlotImage blank = blank_slot_image();
  return unfinished(file.substr(0, header_bytes), header_text) &&
         (unfinished(slots, blank.bytes.reveal()) ||
          (starts_with(slots, blank.bytes.reveal()) && all_zero(slots.substr(blank.bytes.size()))));
}

std::optional<Error> check_header(std::string_view file, const std::string& path) {
  if (version_behind(header_magic, file) > 1)
    return make_error(ECOAUTH_ERROR_STORE_NEWER, "the token file " + shown(path) + " was written by a later version");
  if (!starts_with(file, header_text))
    return make_error(ECOAUTH_ERROR_STORE_CORRUPT,
                      "the file " + shown(path) + " does not begin like a token file; it was left untouched");
  return std::nullopt;
}

}  // namespace

std::string_view header_line() { return header_text; }

SlotImage slot_image(int64_t seq, int64_t attempt, std::string_view record, size_t clear_bytes) {
  std::string line = std::string(slot_begin) + "seq=" + to_text(seq) + " try=" + to_text(attempt) +
                     " size=" + to_text(static_cast<int64_t>(record.size())) + " sha256=";
  SlotImage image;
  image.digest = digest_of(line, record);
  size_t size = line.size() + image.digest.size() + 1 + record.size();
  image.bytes.reserve(std::max(size, clear_bytes));
  image.bytes.append(line);
  image.bytes.append(image.digest);
  image.bytes.append("\n");
  image.bytes.append(record);
  if (size < clear_bytes) image.bytes.append(std::string(clear_bytes - size, '\0'));
  return image;
}

SlotImage blank_slot_image(size_t clear_bytes) { return slot_image(0, 1, {}, clear_bytes); }

Result<Contents> read_contents(std::string_view file, const Failures& failures, const std::string& path) {
  Contents contents;
  if (never_finished(file)) {
    contents.uninitialised = true;
    return contents;
  }
  if (auto error = check_header(file, path)) return *error;
  for (int i = 0; i < slot_count; ++i) {
    size_t from = std::min(static_cast<size_t>(slot_offset(i)), file.size());
    Slot& slot = contents.slots[static_cast<size_t>(i)];
    slot = read_slot(file.substr(from, slot_bytes), failures[static_cast<size_t>(i)]);
    if (slot.state == Slot::State::newer)
      return make_error(ECOAUTH_ERROR_STORE_NEWER, "a later version has written to the token file " + shown(path));
    if (slot.state == Slot::State::damaged) contents.damage = true;
    if (slot.state == Slot::State::blank) contents.blank = i;
    if (slot.state != Slot::State::intact) continue;
    const Slot* best = contents.newest < 0 ? nullptr : &contents.slots[static_cast<size_t>(contents.newest)];
    if (!best || std::tie(slot.seq, slot.attempt) > std::tie(best->seq, best->attempt)) contents.newest = i;
  }
  if (contents.newest < 0 && contents.blank < 0)
    return make_error(ECOAUTH_ERROR_STORE_CORRUPT,
                      "the token file " + shown(path) + " is damaged: no slot of it is intact; it was left untouched");
  return contents;
}

int slot_for(const Contents& contents, int64_t seq, const Failures& failures) {
  int preferred = static_cast<int>(seq % slot_count);
  int keep = contents.newest >= 0 ? contents.newest : contents.blank;
  for (int i = 0; i < slot_count; ++i) {
    int slot = (preferred + i) % slot_count;
    if (slot != keep && failures[static_cast<size_t>(slot)].empty()) return slot;
  }
  // Every other place has failed: write one of them anew. New bytes are a new chance, unlike a second sync of the old.
  return preferred != keep ? preferred : (preferred + 1) % slot_count;
}

int64_t attempt_for(const Contents& contents, int64_t seq) {
  int64_t attempt = 1;
  for (const Slot& slot : contents.slots)
    if ((slot.state == Slot::State::intact || slot.state == Slot::State::suspect) && slot.seq == seq)
      attempt = std::max(attempt, slot.attempt + 1);
  return attempt;
}

}  // namespace ecoauth::slot_layout
