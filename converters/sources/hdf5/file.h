#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/hdf5/attribute.h"
#include "converters/sources/hdf5/dataset.h"
#include "converters/sources/hdf5/space.h"
#include "weights/limits.h"

namespace ink::hdf5 {

struct Object {
  std::string name;
  size_t parent = 0;
  size_t depth = 0;
  uint64_t address = 0;  // of its header
  std::vector<Attribute> attributes;
  std::vector<size_t> members;   // of a group, by name
  std::vector<Dataset> dataset;  // one, where the object is a dataset
  bool is_group() const { return dataset.empty(); }
};

// A whole HDF5 file, walked once. It trusts nothing: every structure lies inside the file and shares no byte
// with another one, each object is linked once, and nothing outside the file is ever opened. Of the format it
// knows what files of weights are made of: superblocks 0, 2 and 3, headers 1 and 2, old and new groups,
// attributes, contiguous, compact and chunked data.
class File {
 public:
  // Borrows the bytes. Error: model.
  static Result<File> open(std::span<const std::byte> bytes, const std::string& origin,
                           const ModelLimits& limits = {});

  uint64_t size() const { return space_.size(); }
  const std::string& origin() const { return space_.origin(); }
  // The first one is the root group; each comes after its group.
  std::span<const Object> objects() const { return objects_; }
  // "a/b/c", without a slash in front; empty for the root.
  std::string path(size_t object) const;
  // nullptr where there is none; an empty path is the object itself. Slashes that name nothing do not count.
  const Object* find(const Object& group, std::string_view path) const;
  size_t index_of(const Object& object) const { return static_cast<size_t>(&object - objects_.data()); }

  // The dataset, which the file forgets; the object stays.
  Dataset take(size_t object) { return std::move(objects_[object].dataset.front()); }

  static const Attribute* attribute(const Object& object, std::string_view name);
  // Error (model): no text, or longer than `most_bytes`.
  Result<std::vector<std::string>> texts(const Attribute& attribute, uint64_t most_bytes = kUndefined);

 private:
  explicit File(Space space) : space_(std::move(space)) {}

  Status walk(const ModelLimits& limits);

  Space space_;
  GlobalHeap::Collections collections_;
  std::vector<Object> objects_;
};

}  // namespace ink::hdf5
