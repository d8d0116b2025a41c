#include "converters/sources/hdf5/group.h"

#include <algorithm>

#include "converters/sources/hdf5/dense.h"
#include "converters/sources/hdf5/symbol_table.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kLink = "a link";

// What names a place and how long that is.
Result<Link> read_link(ByteReader reader) {
  const uint64_t offset = reader.offset();
  INK_TRY(const uint64_t version, number(reader, 1, kLink));
  INK_TRY(const uint64_t flags, number(reader, 1, kLink));
  constexpr uint64_t kOrder = 4, kType = 8, kCharset = 16;
  if (version != 1 || flags > 31) {
    return model_error(reader.file(), ": ", kLink, " at offset ", offset, " has version ", version,
                       " and flags ", flags, ", supported: 1 and 0 to 31");
  }
  uint64_t type = 0, charset = 0;
  if (flags & kType) {
    INK_TRY(type, number(reader, 1, kLink));
  }
  if (flags & kOrder) INK_TRY_STATUS(reader.u64(kLink).status());
  if (flags & kCharset) {
    INK_TRY(charset, number(reader, 1, kLink));
  }
  INK_TRY(const uint64_t name_bytes, number(reader, size_t{1} << (flags & 3), kLink));
  INK_TRY(const std::span<const std::byte> name, reader.bytes(name_bytes, "the name of a link"));
  Link link;
  link.name.assign(reinterpret_cast<const char*>(name.data()), name.size());
  if (type != 0 || charset > 1) {
    return model_error(reader.file(), ": the member ", quote(link.name), " at offset ", offset, " is a",
                       type == 1    ? " soft link"
                       : type == 64 ? "n external link"
                                    : " link of an unknown kind",
                       ", which is not supported");
  }
  INK_TRY(link.address, reader.u64(kLink));
  INK_TRY_STATUS(expect_end(reader, kLink));
  return link;
}

Status check_names(const Space& space, std::vector<Link>& links) {
  constexpr size_t kLongest = 1024;
  for (const Link& link : links) {
    const bool usable = !link.name.empty() && link.name.size() <= kLongest &&
                        link.name.find_first_of(std::string_view("/\0", 2)) == std::string::npos &&
                        link.name != "." && link.name != "..";
    if (!usable) {
      return model_error(space.origin(), ": the object at offset ", link.address,
                         " has the unsupported name ", quote(link.name));
    }
  }
  std::ranges::sort(links, {}, &Link::name);
  const auto twice = std::ranges::adjacent_find(links, {}, &Link::name);
  if (twice == links.end()) return {};
  return model_error(space.origin(), ": the name ", quote(twice->name), " of the object at offset ",
                     twice->address, " is there twice in its group");
}

}  // namespace

bool is_group(std::span<const Message> messages) {
  return std::ranges::any_of(messages, [](const Message& message) {
    return message.type == MessageType::symbol_table || message.type == MessageType::link_info ||
           message.type == MessageType::link || message.type == MessageType::group_info;
  });
}

Result<std::vector<Link>> read_links(Space& space, const Superblock& superblock,
                                     std::span<const Message> messages) {
  std::vector<Link> links;
  for (const Message& message : messages) {
    switch (message.type) {
      case MessageType::link: {
        INK_TRY(Link link, read_link(message.reader(space)));
        links.push_back(std::move(link));
        break;
      }
      case MessageType::link_info: {
        ByteReader reader = message.reader(space);
        INK_TRY(const DenseStorage dense, read_dense_info(reader, DenseStorage::Of::links));
        INK_TRY(const std::vector<ByteReader> bodies, read_dense(space, dense));
        for (const ByteReader& body : bodies) {
          INK_TRY(Link link, read_link(body));
          links.push_back(std::move(link));
        }
        break;
      }
      case MessageType::symbol_table:
        INK_TRY_STATUS(read_symbol_table(space, superblock, message, links));
        break;
      case MessageType::group_info:
      case MessageType::attribute:
      case MessageType::attribute_info:
      case MessageType::comment:
      case MessageType::modified:
      case MessageType::modified_old:
      case MessageType::reference_count: break;
      default: return unexpected(space, message, "a group");
    }
  }
  INK_TRY_STATUS(check_names(space, links));
  return links;
}

}  // namespace ink::hdf5
