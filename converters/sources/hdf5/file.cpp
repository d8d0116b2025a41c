#include "converters/sources/hdf5/file.h"

#include <algorithm>
#include <set>

#include "converters/sources/hdf5/group.h"
#include "converters/sources/hdf5/superblock.h"
#include "weights/message.h"
#include "weights/sniff.h"

namespace ink::hdf5 {

Result<File> File::open(std::span<const std::byte> bytes, const std::string& origin,
                        const ModelLimits& limits) {
  if (const FileFormat format = sniff(bytes); format != FileFormat::hdf5) {
    return model_error(origin, " is ", describe(format),
                       ", expected an HDF5 file, whose signature stands at offset 0");
  }
  File file(Space(bytes, origin));
  INK_TRY_STATUS(file.walk(limits));
  return file;
}

Status File::walk(const ModelLimits& limits) {
  INK_TRY(const Superblock superblock, read_superblock(space_));
  Object root;
  root.address = superblock.root;
  std::set<uint64_t> linked = {root.address};
  objects_.push_back(std::move(root));
  for (size_t i = 0; i < objects_.size(); ++i) {
    const uint64_t address = objects_[i].address;
    INK_TRY(const std::vector<Message> messages, read_object_header(space_, address));
    INK_TRY(objects_[i].attributes, read_attributes(space_, messages));
    // Claims what they refer to, whoever reads them.
    for (const Attribute& attribute : objects_[i].attributes) {
      if (attribute.type.kind == Datatype::Kind::text_in_heap) INK_TRY_STATUS(texts(attribute).status());
    }
    if (!is_group(messages)) {
      INK_TRY(Dataset dataset, read_dataset(space_, messages, address));
      objects_[i].dataset.push_back(std::move(dataset));
      continue;
    }
    INK_TRY(std::vector<Link> links, read_links(space_, superblock, messages));
    const size_t depth = objects_[i].depth + 1;
    if (!links.empty() && depth > limits.hdf5_depth) {
      return model_error(space_.origin(), ": the group at offset ", address, " lies deeper than ",
                         limits.hdf5_depth, " groups");
    }
    if (links.size() > limits.hdf5_objects - objects_.size()) {
      return model_error(space_.origin(), ": the group at offset ", address, " is one of more than ",
                         limits.hdf5_objects, " objects");
    }
    for (Link& link : links) {
      if (!linked.insert(link.address).second) {
        return model_error(
            space_.origin(), ": the member ", quote(link.name), " of the group at offset ", address,
            " is the object at offset ", link.address,
            ", which has another name already (a hard link or a circle); that is not supported");
      }
      objects_[i].members.push_back(objects_.size());
      Object object;
      object.name = std::move(link.name);
      object.parent = i;
      object.depth = depth;
      object.address = link.address;
      objects_.push_back(std::move(object));
    }
  }
  return {};
}

std::string File::path(size_t object) const {
  std::string path;
  for (; object != 0; object = objects_[object].parent) {
    path = path.empty() ? objects_[object].name : concat(objects_[object].name, "/", path);
  }
  return path;
}

const Object* File::find(const Object& group, std::string_view path) const {
  const Object* object = &group;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view name = path.substr(0, slash);
    path.remove_prefix(slash == path.npos ? path.size() : slash + 1);
    if (name.empty()) continue;
    const auto name_of = [&](size_t member) { return std::string_view(objects_[member].name); };
    const auto found = std::ranges::lower_bound(object->members, name, {}, name_of);
    if (found == object->members.end() || name_of(*found) != name) return nullptr;
    object = &objects_[*found];
  }
  return object;
}

const Attribute* File::attribute(const Object& object, std::string_view name) {
  const auto found = std::ranges::lower_bound(object.attributes, name, {}, &Attribute::name);
  return found != object.attributes.end() && found->name == name ? &*found : nullptr;
}

Result<std::vector<std::string>> File::texts(const Attribute& attribute, uint64_t most_bytes) {
  GlobalHeap heap(space_, collections_);
  return texts_of(space_, heap, attribute, most_bytes);
}

}  // namespace ink::hdf5
