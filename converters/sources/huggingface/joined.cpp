#include "converters/sources/huggingface/joined.h"

#include <algorithm>
#include <utility>

#include "weights/message.h"

namespace ink {

Result<SourceBytes> JoinedSource::read(size_t index) const {
  INK_CHECK(index < places_.size());
  return places_[index].part->read(places_[index].index);
}

bool JoinedSource::reads_in_place() const {
  return std::ranges::all_of(places_, [](const Place& place) { return place.part->reads_in_place(); });
}

Status JoinedSource::add(const std::shared_ptr<const TensorSource>& part, size_t index, std::string name) {
  if (!names_.insert(name).second) {
    return model_error(origin_, ": two tensors are named ", quote(name), ", the second is in ",
                       part->origin());
  }
  SourceTensor tensor = part->tensors()[index];
  tensor.name = std::move(name);
  tensors_.push_back(std::move(tensor));
  places_.push_back({part, index});
  return {};
}

}  // namespace ink
