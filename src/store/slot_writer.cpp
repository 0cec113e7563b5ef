#include "store/slot_writer.hpp"

#include "store/token_file.hpp"

namespace ecoauth {

using namespace slot_layout;

std::optional<Error> SlotWriter::put(int slot, std::string_view bytes) {
  return token_file::write_all(fs_, path_, descriptor_, bytes, slot_offset(slot));
}

std::optional<Error> SlotWriter::sync() { return token_file::sync(fs_, path_, descriptor_); }

std::optional<Error> SlotWriter::begin_afresh() {
  const std::string zeros(slot_bytes, '\0');
  const SlotImage blank = blank_slot_image(slot_bytes);
  if (contents_.blank < 0) contents_.blank = 0;
  for (int slot = 0; slot < slot_count; ++slot)
    if (auto error = put(slot, slot == contents_.blank ? blank.bytes.reveal() : zeros)) return error;
  if (auto error = sync()) return error;
  // The header comes last: with it the file counts as begun.
  if (auto error = token_file::write_all(fs_, path_, descriptor_, header_line(), 0)) return error;
  return sync();
}

std::optional<Error> SlotWriter::write(int64_t seq, std::string_view record) {
  int place = slot_for(contents_, seq, failures_);
  size_t index = static_cast<size_t>(place);
  // What a longer record left behind it goes too.
  SlotImage image = slot_image(seq, attempt_for(contents_, seq), record, contents_.slots[index].used_bytes);
  auto error = put(place, image.bytes.reveal());
  if (!error) error = sync();
  if (error) {
    failures_[index] = image.digest;
    return error;
  }
  failures_ = {};
  if (contents_.blank >= 0 && contents_.blank != place) {
    // From now on no damage may look like "nothing here". The next save tries again if this fails.
    if (!put(contents_.blank, std::string(slot_bytes, '\0'))) sync();
  }
  return std::nullopt;
}

std::optional<Error> SlotWriter::clear(int slot) {
  if (auto error = put(slot, std::string(slot_bytes, '\0'))) return error;
  return sync();
}

std::optional<Error> SlotWriter::erase() {
  const std::string zeros(slot_bytes, '\0');
  int last = contents_.newest >= 0 ? contents_.newest : (contents_.blank + 1) % slot_count;
  int blank = contents_.blank >= 0 ? contents_.blank : (last + 1) % slot_count;
  for (int slot = 0; slot < slot_count; ++slot) {
    if (slot == last) continue;
    if (auto error = put(slot, slot == blank ? blank_slot_image(slot_bytes).bytes.reveal() : zeros)) return error;
  }
  if (auto error = sync()) return error;
  if (auto error = put(last, zeros)) return error;
  if (auto error = sync()) return error;
  failures_ = {};
  return std::nullopt;
}

}  // namespace ecoauth
