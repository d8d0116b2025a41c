#include "converters/sources/hdf5/object_header.h"

#include <algorithm>
#include <array>

#include "converters/sources/hdf5/checksum.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kHeader = "an object header";
constexpr std::string_view kContinuation = "a continuation of an object header";
constexpr size_t kMostMessages = 65536;
constexpr auto kLastType = static_cast<uint64_t>(MessageType::file_space);

// A length of 1, 2, 4 or 8 bytes is chosen by two bits.
size_t width_of(uint64_t flags) { return size_t{1} << (flags & 3); }

class HeaderReader {
 public:
  HeaderReader(Space& space, uint64_t address) : space_(space), address_(address) {}

  Result<std::vector<Message>> read() {
    INK_TRY(ByteReader start, space_.at(address_, std::min<uint64_t>(4, space_.size()), kHeader));
    INK_TRY(const uint32_t first, start.u32(kHeader));
    constexpr uint32_t kMark = 0x5244484f;  // "OHDR"
    if (first == kMark) {
      INK_TRY_STATUS(read_new());
    } else {
      INK_TRY_STATUS(read_old());
    }
    for (auto message = messages_.begin(); message != messages_.end(); ++message) {
      const bool repeats = message->type == MessageType::attribute || message->type == MessageType::link;
      if (!repeats && seen_[static_cast<size_t>(message->type)]++ > 0) {
        return model_error(space_.origin(), ": the message of type ", static_cast<unsigned>(message->type),
                           " at offset ", message->offset,
                           " is the second one in the object header at offset ", address_);
      }
    }
    return std::move(messages_);
  }

 private:
  struct Block {
    uint64_t address = 0, size = 0;
  };

  Status read_old() {
    INK_TRY(const std::span<const std::byte> prefix, space_.claim(address_, 16, kHeader));
    if (number(prefix, 0, 1) != 1) {
      return model_error(space_.origin(), ": ", kHeader, " at offset ", address_, " has the version ",
                         number(prefix, 0, 1), ", supported: 1 and 2");
    }
    const uint64_t declared = number(prefix, 2, 2);
    blocks_.push_back({address_ + 16, number(prefix, 8, 4)});
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const auto [address, size] = blocks_[i];
      INK_TRY(ByteReader reader, space_.claim_reader(address, size, i == 0 ? kHeader : kContinuation));
      while (reader.remaining() > 0) {
        INK_TRY(const uint64_t type, number(reader, 2, kHeader));
        INK_TRY(const uint64_t bytes, number(reader, 2, kHeader));
        INK_TRY(const uint64_t flags, number(reader, 4, kHeader));
        INK_TRY_STATUS(add(reader, type, bytes, flags & 0xff));
      }
    }
    if (found_ == declared) return {};
    return model_error(space_.origin(), ": ", kHeader, " at offset ", address_, " declares ", declared,
                       " messages, found ", found_);
  }

  Status read_new() {
    INK_TRY(ByteReader start, space_.at(address_, std::min(space_.size() - address_, uint64_t{34}), kHeader));
    INK_TRY_STATUS(start.bytes(4, kHeader).status());
    INK_TRY(const uint64_t version, number(start, 1, kHeader));
    if (version != 2) {
      return model_error(space_.origin(), ": ", kHeader, " at offset ", address_, " has the version ",
                         version, ", supported: 1 and 2");
    }
    INK_TRY(const uint64_t flags, number(start, 1, kHeader));
    const uint64_t times = flags & 0x20 ? 16 : 0, thresholds = flags & 0x10 ? 4 : 0;
    INK_TRY_STATUS(start.bytes(times + thresholds, kHeader).status());
    INK_TRY(const uint64_t size, number(start, width_of(flags), kHeader));
    const uint64_t prefix = start.position();
    if (size > space_.size()) {
      return model_error(space_.origin(), ": ", kHeader, " at offset ", address_, " declares ", size,
                         " bytes, the file has ", space_.size());
    }
    INK_TRY(ByteReader header, claim_checked(space_, address_, prefix + size + 4, "OHDR", kHeader));
    INK_TRY_STATUS(header.seek(prefix, kHeader));
    INK_TRY_STATUS(read_messages(header, flags));
    for (size_t i = 0; i < blocks_.size(); ++i) {
      const auto [address, bytes] = blocks_[i];
      if (bytes < 8) {
        return model_error(space_.origin(), ": ", kContinuation, " at offset ", address, " has only ", bytes,
                           " bytes");
      }
      INK_TRY(ByteReader block, claim_checked(space_, address, bytes, "OCHK", kContinuation));
      INK_TRY_STATUS(read_messages(block, flags));
    }
    return {};
  }

  Status read_messages(ByteReader& reader, uint64_t flags) {
    const size_t order = flags & 4 ? 2 : 0;
    // Fewer bytes than the head of a message are a gap.
    while (reader.remaining() >= 4 + order) {
      INK_TRY(const uint64_t type, number(reader, 1, kHeader));
      INK_TRY(const uint64_t bytes, number(reader, 2, kHeader));
      INK_TRY(const uint64_t message_flags, number(reader, 1, kHeader));
      INK_TRY_STATUS(reader.bytes(order, kHeader).status());
      INK_TRY_STATUS(add(reader, type, bytes, message_flags));
    }
    return {};
  }

  Status add(ByteReader& reader, uint64_t type, uint64_t bytes, uint64_t flags) {
    const uint64_t offset = reader.offset();
    INK_TRY(const std::span<const std::byte> body, reader.bytes(bytes, "a message of an object header"));
    const std::string what = concat(space_.origin(), ": the message at offset ", offset);
    if (++found_ > kMostMessages) return model_error(what, " is one of more than ", kMostMessages);
    if (type > kLastType || type == 9) return model_error(what, " has the unknown type ", type);
    Message message{static_cast<MessageType>(type), offset, body};
    if (message.type == MessageType::nil) return {};
    constexpr uint64_t kShared = 2;
    if (flags & kShared) {
      return model_error(what, " of type ", type, " is shared between objects, which is not supported");
    }
    if (message.type == MessageType::continuation) {
      ByteReader place = message.reader(space_);
      INK_TRY(const uint64_t address, place.u64(kContinuation));
      INK_TRY(const uint64_t size, place.u64(kContinuation));
      INK_TRY_STATUS(expect_end(place, kContinuation));
      blocks_.push_back({address, size});
      return {};
    }
    INK_TRY_STATUS(check_ignored(message));
    messages_.push_back(message);
    return {};
  }

  // Messages that say nothing about the data must still look like themselves: a damaged type would else make
  // another message disappear.
  Status check_ignored(const Message& message) const {
    const auto bad = [&] {
      return model_error(space_.origin(), ": the message at offset ", message.offset,
                         " is not what its type ", static_cast<unsigned>(message.type), " says");
    };
    const std::span<const std::byte> body = message.body;
    switch (message.type) {
      case MessageType::modified: return body.size() == 8 && number(body, 0, 1) == 1 ? Status() : bad();
      case MessageType::modified_old: return body.size() == 16 ? Status() : bad();
      case MessageType::reference_count:
        return body.size() >= 5 && body.size() <= 8 && number(body, 0, 1) == 0 ? Status() : bad();
      case MessageType::comment: {
        const auto end = std::ranges::find(body, std::byte{0});
        return end != body.end() && body.end() - end <= 8 ? Status() : bad();
      }
      default: return {};
    }
  }

  Space& space_;
  uint64_t address_;
  std::vector<Block> blocks_;
  size_t found_ = 0;
  std::array<size_t, kLastType + 1> seen_ = {};
  std::vector<Message> messages_;
};

}  // namespace

Result<std::vector<Message>> read_object_header(Space& space, uint64_t address) {
  return HeaderReader(space, address).read();
}

const Message* find(std::span<const Message> messages, MessageType type) {
  const auto found = std::ranges::find(messages, type, &Message::type);
  return found == messages.end() ? nullptr : &*found;
}

Error unexpected(const Space& space, const Message& message, std::string_view object) {
  return model_error(space.origin(), ": the message at offset ", message.offset, " is of type ",
                     static_cast<unsigned>(message.type), ", which ", object, " does not have");
}

}  // namespace ink::hdf5
