#include "weights/byte_reader.h"

#include "weights/message.h"

namespace ink {

Result<std::span<const std::byte>> ByteReader::bytes(uint64_t count, std::string_view what) {
  if (count > remaining()) {
    return model_error(file_, ": ", what, " at offset ", offset(), " needs ", count, " bytes, ", remaining(),
                       " are left");
  }
  const std::span<const std::byte> taken = bytes_.subspan(position_, static_cast<size_t>(count));
  position_ += taken.size();
  return taken;
}

Status ByteReader::seek(uint64_t position, std::string_view what) {
  if (position > bytes_.size()) {
    return model_error(file_, ": ", what, " is said to be at offset ", base_ + position,
                       ", beyond the end at ", base_ + bytes_.size());
  }
  position_ = static_cast<size_t>(position);
  return {};
}

}  // namespace ink
