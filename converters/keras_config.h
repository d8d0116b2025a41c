#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "converters/sources/source.h"
#include "models/image/preprocess.h"

namespace ink {

// What the configuration that lies beside a Keras model's weights says of its layers, those of models within
// the model included. Weights alone have none; everything is optional.
class KerasConfig {
 public:
  explicit KerasConfig(const TensorSource& source);

  bool there() const { return !layers_.empty(); }
  // Of the first input layer that says it.
  std::optional<PictureSize> input_size() const { return input_size_; }
  // The stride of a layer's rows.
  std::optional<int> stride(std::string_view layer) const;
  // Of a padding layer: whether it pads fewer rows at the top than at the bottom.
  std::optional<bool> pads_less_before(std::string_view layer) const;
  // The three numbers, one a channel, that a picture is multiplied by inside the model; none where it is not.
  const std::vector<double>& channel_factors() const { return channel_factors_; }

 private:
  struct Layer {
    std::optional<int> stride;
    std::optional<bool> pads_less_before;
  };
  struct Walk;

  std::map<std::string, Layer, std::less<>> layers_;
  std::optional<PictureSize> input_size_;
  std::vector<double> channel_factors_;
};

}  // namespace ink
