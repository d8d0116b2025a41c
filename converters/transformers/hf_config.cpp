#include "converters/transformers/hf_config.h"

#include <limits>

#include "converters/transformers/names.h"
#include "weights/message.h"

namespace ink {

namespace {

JsonFields fields_of(const TensorSource& source, const std::string& name) {
  const std::string* text = find_text(source, name);
  return JsonFields(text == nullptr ? std::string_view("{}") : std::string_view(*text),
                    concat(source.origin(), ": ", name));
}

std::string path_of(const HfConfig::Section& section, std::string_view key) {
  return concat(section.path, key);
}

}  // namespace

HfConfig::HfConfig(const TensorSource& source, const std::string& folder)
    : present_(find_text(source, folder + "config.json") != nullptr),
      fields_(fields_of(source, folder + "config.json")) {}

HfConfig::Section HfConfig::section(std::string_view name) const {
  const std::string overriding = concat(name, "_dict");
  return {concat(fields_.has(overriding) ? overriding : name, ".")};
}

int HfConfig::integer(const Section& section, std::string_view key, int otherwise) {
  return fields_.integer_or(path_of(section, key), otherwise, 0, std::numeric_limits<int>::max());
}

bool HfConfig::flag(const Section& section, std::string_view key, bool otherwise) {
  return fields_.flag_or(path_of(section, key), otherwise);
}

std::string HfConfig::text(const Section& section, std::string_view key, std::string_view otherwise) {
  return fields_.text_or(path_of(section, key), otherwise);
}

void HfConfig::refuse(const Section& section, std::string_view key, std::string_view expected) {
  fields_.refuse(path_of(section, key), expected);
}

void HfConfig::complete(TransformerConfig& config, const Section& section, const Defaults& defaults,
                        const Keys& keys) {
  const bool asked = present_ && defaults.heads > 0;
  config.heads = integer(section, keys.heads, asked ? defaults.heads : config.width / defaults.head_dim);
  if (config.heads < 1 || config.width % config.heads != 0) {
    refuse(section, keys.heads,
           present_ ? concat("a divisor of the width, ", config.width)
                    : concat("config.json beside the weights to say it for a width of ", config.width));
    config.heads = 1;
  }
  config.epsilon = defaults.epsilon;
  if (!keys.epsilon.empty()) {
    config.epsilon = fields_.number_or(path_of(section, keys.epsilon), defaults.epsilon, 0, 1);
  }
  const std::string name = text(section, keys.activation, activation_name(defaults.activation));
  const std::optional<Activation> activation = transformer_activation(name);
  if (!activation) refuse(section, keys.activation, "gelu or quick_gelu");
  config.activation = activation.value_or(defaults.activation);
}

}  // namespace ink
