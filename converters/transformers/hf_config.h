#pragma once

#include <string>
#include <string_view>

#include "converters/sources/source.h"
#include "models/blocks/transformer.h"
#include "models/json_fields.h"

namespace ink {

// What a config.json says of a transformer beside the shapes of its tensors, with the defaults of the class
// that reads it: released files leave most out. Without the file, what the shapes leave open is what all
// released sizes have in common.
class HfConfig {
 public:
  // folder: what stands before "config.json" among the source's texts.
  HfConfig(const TensorSource& source, const std::string& folder);

  bool present() const { return present_; }
  // The keys of one object, "text_config", or of the file where it is empty. CLIP's files may hold an object
  // "text_config_dict" too, which then counts alone.
  struct Section {
    std::string path;  // with a dot behind it
  };
  Section section(std::string_view name) const;

  int integer(const Section& section, std::string_view key, int otherwise);
  bool flag(const Section& section, std::string_view key, bool otherwise);
  std::string text(const Section& section, std::string_view key, std::string_view otherwise);

  struct Keys {
    std::string_view heads = "num_attention_heads", epsilon = "layer_norm_eps", activation = "hidden_act";
  };
  struct Defaults {
    int heads = 0;      // of the class, where there is a config.json
    int head_dim = 64;  // where there is none
    double epsilon = 1e-5;
    Activation activation = Activation::gelu;
  };
  // heads, epsilon and activation of a transformer whose width is known.
  void complete(TransformerConfig& config, const Section& section, const Defaults& defaults,
                const Keys& keys);
  void refuse(const Section& section, std::string_view key, std::string_view expected);

  const Status& status() const { return fields_.status(); }

 private:
  bool present_;
  JsonFields fields_;
};

}  // namespace ink
