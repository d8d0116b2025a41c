#include "converters/transformers/pictures.h"

#include "converters/transformers/names.h"
#include "weights/message.h"

namespace ink {

Result<std::string> preprocess_json(const TensorSource& source, const std::string& folder,
                                    std::string_view model_kind, const ImagePreprocess& preset) {
  const std::string name = folder + "preprocessor_config.json";
  const std::string* text = find_text(source, name);
  if (text == nullptr) return preset.json();
  INK_TRY(const ImagePreprocess how,
          preprocess_from_hf(*text, model_kind, concat(source.origin(), ": ", name)));
  return how.json();
}

}  // namespace ink
