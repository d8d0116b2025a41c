#include <algorithm>
#include <array>
#include <map>

#include "converters/sources/keras/keras.h"
#include "converters/sources/keras/metadata.h"
#include "converters/sources/keras/source.h"
#include "weights/message.h"

namespace ink {

namespace keras {

namespace {

using hdf5::Attribute;
using hdf5::File;
using hdf5::Object;

constexpr size_t kLongestName = 1024;

bool is_number(std::string_view name) {
  return !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == name.npos;
}

class Reader {
 public:
  Reader(File& file, const ModelLimits& limits, Source& source)
      : file_(file), root_(file.objects().front()), limits_(limits), source_(source) {}

  Status read() {
    const Object* const whole = file_.find(root_, "model_weights");
    const bool named = has_list(root_, "layer_names") || whole != nullptr ||
                       std::ranges::any_of(kMarks, [&](std::string_view mark) {
                         return File::attribute(root_, mark) != nullptr;
                       });
    INK_TRY_STATUS(read_texts(root_));
    if (named) {
      source_.set_format("Keras HDF5");
      const bool is_whole = whole != nullptr || File::attribute(root_, "model_config") != nullptr;
      if (is_whole && whole == nullptr) {
        return model_error(file_.origin(), ": is a model of Keras, but its root group at offset ",
                           root_.address, " has no member 'model_weights'");
      }
      return read_layers(is_whole ? *whole : root_);
    }
    const bool by_path = file_.find(root_, "layers") != nullptr ||
                         file_.find(root_, "_layer_checkpoint_dependencies") != nullptr ||
                         file_.find(root_, "vars") != nullptr;
    source_.set_format(by_path ? "Keras 3 HDF5" : "HDF5");
    return read_paths(by_path);
  }

 private:
  static constexpr std::array<std::string_view, 3> kMarks = {"model_config", "keras_version", "backend"};

  static bool has_list(const Object& object, const std::string& name) {
    return File::attribute(object, name) != nullptr || File::attribute(object, name + "0") != nullptr;
  }

  Result<std::string> text(const Attribute& attribute) {
    INK_TRY(std::vector<std::string> texts, file_.texts(attribute));
    if (texts.size() == 1) return std::move(texts.front());
    return model_error(file_.origin(), ": the attribute ", quote(attribute.name), " with data at offset ",
                       attribute.offset, " holds ", texts.size(), " texts, expected one");
  }

  Status read_texts(const Object& root) {
    if (const Attribute* const config = File::attribute(root, "model_config")) {
      INK_TRY(std::string json, text(*config));
      source_.add_text("model_config", std::move(json));
    }
    const Object* const weights = file_.find(root, "model_weights");
    const Attribute* version = File::attribute(root, "keras_version");
    if (version == nullptr && weights != nullptr) version = File::attribute(*weights, "keras_version");
    if (version != nullptr) {
      INK_TRY(const std::string number, text(*version));
      source_.set_producer("Keras " + number.substr(0, kLongestName));
    }
    return {};
  }

  // A list that Keras may have cut into NAME0, NAME1, ...
  Result<std::vector<std::string>> list(const Object& object, const std::string& name) {
    if (const Attribute* const whole = File::attribute(object, name))
      return file_.texts(*whole, kLongestName);
    std::vector<std::string> all;
    size_t part = 0;
    for (;; ++part) {
      const Attribute* const attribute = File::attribute(object, name + std::to_string(part));
      if (attribute == nullptr) break;
      INK_TRY(std::vector<std::string> some, file_.texts(*attribute, kLongestName));
      std::ranges::move(some, std::back_inserter(all));
    }
    if (part > 0) return all;
    return model_error(file_.origin(), ": the group ", quote(file_.path(file_.index_of(object))),
                       " at offset ", object.address, " has no attribute ", quote(name),
                       ", which Keras writes");
  }

  Status read_layers(const Object& weights) {
    INK_TRY(std::vector<std::string> layers, list(weights, "layer_names"));
    constexpr std::string_view kTop = "top_level_model_weights";
    if (file_.find(weights, kTop) != nullptr) layers.emplace_back(kTop);
    std::vector<std::string> prefixes;
    used_.assign(file_.objects().size(), false);
    for (const std::string& layer : layers) {
      const Object* const group = file_.find(weights, layer);
      if (group == nullptr || !group->is_group() || group == &weights) {
        return model_error(file_.origin(), ": the layer ", quote(layer),
                           " of 'layer_names' has no group in that at offset ", weights.address);
      }
      if (used_[file_.index_of(*group)]) {
        return model_error(file_.origin(), ": the layer ", quote(layer), " at offset ", group->address,
                           " is named twice");
      }
      used_[file_.index_of(*group)] = true;
      INK_TRY(const std::vector<std::string> names, list(*group, "weight_names"));
      for (const std::string& name : names) {
        const Object* const object = file_.find(*group, name);
        if (object == nullptr || object->is_group()) {
          return model_error(file_.origin(), ": the weight ", quote(name), " of the layer ", quote(layer),
                             " has no dataset in the group at offset ", group->address);
        }
        const size_t index = file_.index_of(*object);
        if (used_[index]) {
          return model_error(file_.origin(), ": the dataset of the weight ", quote(name), " at offset ",
                             object->address, " is named twice");
        }
        used_[index] = true;
        const hdf5::Dataspace& space = object->dataset.front().space;
        if (space.most != space.dims) {
          return model_error(file_.origin(), ": the dataset of the weight ", quote(name), " at offset ",
                             object->address, " may grow, which one of Keras does not");
        }
        INK_TRY_STATUS(source_.add(name, file_, index, limits_));
        prefixes.push_back(layer);
      }
    }
    INK_TRY_STATUS(check_rest(weights));
    return source_.make_unique(prefixes);
  }

  // Keras lists all that it writes beside the layers' weights: what is left over there tells of a damaged
  // list. Elsewhere it is the state of an optimizer, counted by the group of the root in which it lies.
  Status check_rest(const Object& weights) {
    std::map<std::string, size_t> rest;
    const size_t container = file_.index_of(weights);
    std::vector<size_t> top(file_.objects().size());
    used_[container] = true;
    // A layer whose name has a slash lies in a group that none is named by.
    for (size_t i = used_.size(); i-- > 1;) {
      if (used_[i]) used_[file_.objects()[i].parent] = true;
    }
    for (size_t i = 1; i < file_.objects().size(); ++i) {
      const Object& object = file_.objects()[i];
      top[i] = object.parent == 0 ? i : top[object.parent];
      const bool layer = object.parent == container;
      if (used_[i] || (object.is_group() && !layer)) continue;
      if (container == 0 || top[i] == container) {
        return model_error(file_.origin(), ": ", quote(file_.path(i)), " at offset ", object.address,
                           " is named by no layer");
      }
      ++rest[file_.objects()[top[i]].name];
    }
    for (const auto& [name, count] : rest) {
      source_.add_unknown(
          concat(name, ": ", count, count == 1 ? " dataset" : " datasets", ", named by no layer"));
    }
    return {};
  }

  // Keras numbers the variables of a layer, and 10 shall not come before 2.
  std::vector<size_t> in_order(const Object& group) const {
    std::vector<size_t> members = group.members;
    std::ranges::stable_sort(members, [&](size_t a, size_t b) {
      const std::string &left = file_.objects()[a].name, &right = file_.objects()[b].name;
      return is_number(left) && is_number(right) && left.size() < right.size();
    });
    return members;
  }

  Status read_paths(bool is_keras) {
    size_t optimizer = 0;
    struct Step {
      size_t object = 0;
      bool in_optimizer = false;
    };
    std::vector<Step> open = {{0, false}};
    while (!open.empty()) {
      const Step step = open.back();
      open.pop_back();
      const Object& object = file_.objects()[step.object];
      if (!object.is_group()) {
        if (step.in_optimizer) {
          ++optimizer;
        } else {
          INK_TRY_STATUS(add_by_path(step.object));
        }
        continue;
      }
      const std::vector<size_t> members = in_order(object);
      for (size_t i = members.size(); i-- > 0;) {
        const bool starts = is_keras && step.object == 0 && file_.objects()[members[i]].name == "optimizer";
        open.push_back({members[i], step.in_optimizer || starts});
      }
    }
    if (optimizer > 0) source_.add_unknown(concat("optimizer: ", optimizer, " datasets"));
    if (!layer_names_.empty()) source_.add_text("layer_names", layer_names_json(layer_names_));
    return {};
  }

  Status add_by_path(size_t index) {
    const hdf5::Dataset& dataset = file_.objects()[index].dataset.front();
    std::string path = file_.path(index);
    if (path.size() > kLongestName) {
      return model_error(file_.origin(), ": the dataset at offset ", file_.objects()[index].address,
                         " has a path of ", path.size(), " bytes, the limit is ", kLongestName);
    }
    if (dataset.type.dtype && !dataset.space.null) {
      INK_TRY_STATUS(add_layer_name(file_.objects()[file_.objects()[index].parent]));
      return source_.add(std::move(path), file_, index, limits_);
    }
    source_.add_unknown(concat(path, ": ", dataset.type.name));
    return {};
  }

  // Newer Keras 3, such as 3.15, says beside a layer's variables what it is called.
  Status add_layer_name(const Object& vars) {
    const Attribute* const name = vars.name == "vars" ? File::attribute(vars, "name") : nullptr;
    if (name == nullptr || vars.parent == 0) return {};
    INK_TRY(layer_names_[file_.path(vars.parent)], text(*name));
    return {};
  }

  File& file_;
  const Object& root_;
  const ModelLimits& limits_;
  Source& source_;
  std::vector<bool> used_;
  std::map<std::string, std::string> layer_names_;  // by path
};

}  // namespace

Status read_h5(File file, const ModelLimits& limits, Source& source) {
  return Reader(file, limits, source).read();
}

}  // namespace keras

Result<std::unique_ptr<TensorSource>> open_keras_h5(std::span<const std::byte> bytes,
                                                    std::shared_ptr<const void> owner,
                                                    const std::string& origin, const ModelLimits& limits) {
  INK_TRY(hdf5::File file, hdf5::File::open(bytes, origin, limits));
  auto source = std::make_unique<keras::Source>(origin, origin, std::move(owner));
  INK_TRY_STATUS(keras::read_h5(std::move(file), limits, *source));
  return std::unique_ptr<TensorSource>(std::move(source));
}

}  // namespace ink
