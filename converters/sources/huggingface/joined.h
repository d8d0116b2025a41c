#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "converters/sources/source.h"

namespace ink {

// Tensors out of several files under one list of names.
class JoinedSource : public TensorSource {
 public:
  JoinedSource(std::string origin, std::string format)
      : origin_(std::move(origin)), format_(std::move(format)) {}

  std::string_view format() const override { return format_; }
  const std::string& origin() const override { return origin_; }
  std::span<const SourceTensor> tensors() const override { return tensors_; }
  Result<SourceBytes> read(size_t index) const override;
  bool reads_in_place() const override;
  std::string_view producer() const override { return producer_; }
  std::span<const SourceText> texts() const override { return texts_; }
  std::span<const std::string> unknown() const override { return unknown_; }

  // Tensor `index` of `part` as `name`. Error (model): the name is there already.
  Status add(const std::shared_ptr<const TensorSource>& part, size_t index, std::string name);
  void add_text(std::string name, std::string text) { texts_.push_back({std::move(name), std::move(text)}); }
  void add_unknown(std::string line) { unknown_.push_back(std::move(line)); }
  void set_format(std::string format) { format_ = std::move(format); }
  void set_producer(std::string producer) { producer_ = std::move(producer); }

 private:
  struct Place {
    std::shared_ptr<const TensorSource> part;
    size_t index;
  };
  std::string origin_, format_, producer_;
  std::vector<SourceTensor> tensors_;
  std::vector<Place> places_;
  std::unordered_set<std::string> names_;
  std::vector<SourceText> texts_;
  std::vector<std::string> unknown_;
};

}  // namespace ink
