#include "converters/sources/hdf5/dataset.h"

#include <algorithm>

#include "converters/sources/hdf5/layout.h"
#include "kernels/base/aligned_buffer.h"
#include "weights/message.h"

namespace ink::hdf5 {

namespace {

constexpr std::string_view kData = "the data of a dataset";

Status check_messages(const Space& space, std::span<const Message> messages, uint64_t address) {
  for (const Message& message : messages) {
    switch (message.type) {
      case MessageType::external_files:
        return model_error(space.origin(), ": the dataset at offset ", address,
                           " has external storage (message at offset ", message.offset,
                           "): data in other files are not read");
      case MessageType::dataspace:
      case MessageType::datatype:
      case MessageType::fill_value_old:
      case MessageType::fill_value:
      case MessageType::layout:
      case MessageType::filters:
      case MessageType::attribute:
      case MessageType::attribute_info:
      case MessageType::comment:
      case MessageType::modified:
      case MessageType::modified_old:
      case MessageType::reference_count: break;
      default: return unexpected(space, message, "a dataset");
    }
  }
  return {};
}

// Values for what was never written are not used: only that the message is one is checked.
Status check_fill_value(const Space& space, const Message& message) {
  constexpr std::string_view kFill = "a fill value message";
  ByteReader reader = message.reader(space);
  const auto value = [&]() -> Status {
    INK_TRY(const uint32_t size, reader.u32(kFill));
    if (size != ~uint32_t{0}) INK_TRY_STATUS(reader.bytes(size, kFill).status());
    return {};
  };
  if (message.type == MessageType::fill_value_old) {
    INK_TRY_STATUS(value());
    return expect_end(reader, kFill);
  }
  INK_TRY(const uint64_t version, number(reader, 1, kFill));
  bool defined = false;
  if (version == 1 || version == 2) {
    INK_TRY(const uint64_t fields, number(reader, 3, kFill));
    defined = version == 1 || fields >> 16 == 1;
  } else if (version == 3) {
    INK_TRY(const uint64_t flags, number(reader, 1, kFill));
    defined = flags & 0x20;
  } else {
    return model_error(space.origin(), ": ", kFill, " at offset ", message.offset, " has the version ",
                       version, ", supported: 1 to 3");
  }
  if (defined) INK_TRY_STATUS(value());
  return expect_end(reader, kFill);
}

// The number of chunks and the size of one; compared with what is stored.
Status complete_grid(const Space& space, const Layout& layout, uint64_t address, ChunkGrid& grid) {
  const auto bad = [&](std::string_view why) {
    return model_error(space.origin(), ": the chunks of the dataset at offset ", address, " ", why);
  };
  if (grid.chunk.size() != grid.dims.size() || grid.dims.empty())
    return bad("have another rank than the data");
  if (layout.element_bytes != grid.element_bytes) return bad("have elements of another size than the data");
  grid.chunk_bytes = grid.element_bytes;
  grid.count = 1;
  for (size_t axis = 0; axis < grid.dims.size(); ++axis) {
    constexpr uint64_t kLargest = ~uint32_t{0};
    if (grid.chunk[axis] == 0 || grid.chunk[axis] > kLargest / grid.chunk_bytes) {
      return bad("have 0 bytes or more than 4 GiB");
    }
    grid.chunk_bytes *= grid.chunk[axis];
    if (__builtin_mul_overflow(grid.count, grid.along(axis, grid.dims[axis]), &grid.count) ||
        grid.count > space.size()) {
      return bad("are more than the file has bytes");
    }
  }
  return {};
}

Status read_chunked(Space& space, const Layout& layout, uint64_t address, Dataset& dataset) {
  dataset.chunked = true;
  dataset.grid.dims = dataset.space.dims;
  dataset.grid.chunk = layout.chunk;
  dataset.grid.element_bytes = dataset.type.size;
  INK_TRY_STATUS(complete_grid(space, layout, address, dataset.grid));
  ChunkIndex index = layout.index;
  if (index.kind != ChunkIndex::Kind::single) index.filtered = !dataset.filters.empty();
  for (size_t i = 0; i < dataset.filters.size(); ++i) {
    if (dataset.filters[i].kind == Filter::Kind::deflate) index.may_skip |= uint32_t{1} << i;
  }
  if (layout.partial_unfiltered && !dataset.filters.empty()) {
    dataset.refusal = model_error(space.origin(), ": the dataset at offset ", address,
                                  " leaves chunks at its edges unfiltered, which is not supported");
    return {};
  }
  if (dataset.grid.count > 0 && index.address == kUndefined) {
    return model_error(space.origin(), ": the dataset at offset ", address, " declares ", dataset.grid.count,
                       " chunks, but none is stored");
  }
  INK_TRY(dataset.chunks, read_chunks(space, index, dataset.grid, dataset.space.most));
  uint64_t stored = 0;
  for (const Chunk& chunk : dataset.chunks) stored += chunk.bytes.size();
  const bool deflated =
      std::ranges::find(dataset.filters, Filter::Kind::deflate, &Filter::kind) != dataset.filters.end();
  if (dataset.bytes / (deflated ? kDeflateRatio : 1) > stored) {
    return model_error(space.origin(), ": the dataset at offset ", address, " declares ", dataset.bytes,
                       " bytes, which its ", stored, " stored ones cannot make");
  }
  return {};
}

}  // namespace

Result<Dataset> read_dataset(Space& space, std::span<const Message> messages, uint64_t address) {
  INK_TRY_STATUS(check_messages(space, messages, address));
  const Message* const type = find(messages, MessageType::datatype);
  const Message* const shape = find(messages, MessageType::dataspace);
  const Message* const place = find(messages, MessageType::layout);
  if (type == nullptr || shape == nullptr || place == nullptr) {
    return model_error(space.origin(), ": the object at offset ", address,
                       " is neither a group nor a dataset with type, shape and layout");
  }
  Dataset dataset;
  ByteReader type_reader = type->reader(space), shape_reader = shape->reader(space);
  INK_TRY(dataset.type, read_datatype(type_reader));
  INK_TRY_STATUS(expect_end(type_reader, "the datatype of a dataset"));
  INK_TRY(dataset.space, read_dataspace(shape_reader));
  INK_TRY_STATUS(expect_end(shape_reader, "the dataspace of a dataset"));
  for (const MessageType fill : {MessageType::fill_value, MessageType::fill_value_old}) {
    if (const Message* const message = find(messages, fill))
      INK_TRY_STATUS(check_fill_value(space, *message));
  }
  if (__builtin_mul_overflow(dataset.space.elements, dataset.type.size, &dataset.bytes)) {
    return model_error(space.origin(), ": the dataset at offset ", address, " has more than 2^64 bytes");
  }
  INK_TRY(const Layout layout, read_layout(space, *place));
  const Message* const filters = find(messages, MessageType::filters);
  if (filters != nullptr) {
    Result<std::vector<Filter>> known = read_filters(space, *filters, dataset.type.size);
    if (!known) {
      dataset.refusal = known.error();
      return dataset;
    }
    dataset.filters = std::move(known).value();
  }
  if (layout.kind == Layout::Kind::chunked) {
    INK_TRY_STATUS(read_chunked(space, layout, address, dataset));
    return dataset;
  }
  if (!dataset.filters.empty()) {
    return model_error(space.origin(), ": the dataset at offset ", address, " has filters but no chunks");
  }
  if (layout.kind == Layout::Kind::contiguous && layout.address == kUndefined) {
    if (dataset.bytes > 0) {
      dataset.refusal = model_error(space.origin(), ": the dataset at offset ", address, " declares ",
                                    dataset.bytes, " bytes, but nothing is stored");
    }
    return dataset;
  }
  if (layout.bytes != dataset.bytes) {
    return model_error(space.origin(), ": the dataset at offset ", address, " declares ", dataset.bytes,
                       " bytes, ", layout.bytes, " are stored");
  }
  if (layout.kind == Layout::Kind::compact) {
    dataset.stored = layout.compact;
    return dataset;
  }
  INK_TRY(dataset.stored, space.claim(layout.address, dataset.bytes, kData));
  return dataset;
}

Result<SourceBytes> dataset_bytes(const Dataset& dataset, const std::shared_ptr<const void>& owner,
                                  const std::string& origin, std::string_view name) {
  INK_CHECK(dataset.type.dtype && !dataset.refusal);
  if (!dataset.chunked) return SourceBytes{dataset.stored, owner};
  auto dst = std::make_shared<AlignedBuffer<std::byte>>(static_cast<size_t>(dataset.bytes));
  const std::span<std::byte> bytes(dst->data(), dst->size());
  const auto element = static_cast<size_t>(dataset.type.size);
  std::vector<std::byte> unpacked;
  for (const Chunk& chunk : dataset.chunks) {
    std::span<const std::byte> src = chunk.bytes;
    if (!dataset.filters.empty()) {
      const auto size = static_cast<size_t>(dataset.grid.chunk_bytes);
      if (!unpack(chunk.bytes, dataset.filters, chunk.skipped, element, size, unpacked)) {
        return model_error(origin, ": the chunk at offset ", chunk.offset, " of ", quote(name),
                           " does not unpack to its ", size, " bytes");
      }
      src = unpacked;
    }
    place_chunk(dataset.grid, chunk.index, src, bytes);
  }
  return SourceBytes{bytes, std::move(dst)};
}

}  // namespace ink::hdf5
