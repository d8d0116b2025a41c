#include "models/vit.h"

#include "engine/ops/ops.h"
#include "models/image_network.h"
#include "models/text_network.h"
#include "weights/message.h"

namespace ink {
namespace {

TransformerForm form_of(std::string_view architecture) {
  return {.layer_scale = architecture == kDinov2Architecture};
}

Result<VitConfig> config_of(const WeightStore& store) {
  return VitConfig::from_json(store.metadata(kConfigKey), concat(store.origin(), ": ", kConfigKey));
}

ModelOutput output_of(const VitConfig& config) { return {"features", config.layers.width}; }

}  // namespace

std::string VitConfig::json() const {
  return JsonObject().object("image", transformer_json(layers).object("patches", patch_json(patches))).json();
}

Result<VitConfig> VitConfig::from_json(std::string_view json, const std::string& origin) {
  JsonFields fields(json, origin);
  VitConfig config{transformer_from_json(fields, "image"), patch_from_json(fields, "image.patches")};
  INK_TRY_STATUS(fields.status());
  return config;
}

std::vector<TensorSpec> vit_tensors(const VitConfig& config, std::string_view architecture) {
  std::vector<TensorSpec> table;
  add_patch_tensors(table, config.patches, config.layers.width, "image");
  add_transformer_tensors(table, config.layers, form_of(architecture), "image");
  add_norm_tensors(table, "image.final_norm", config.layers.width);
  return table;
}

Result<std::vector<ModelOutput>> vit_outputs(const WeightStore& store) {
  INK_TRY(const VitConfig config, config_of(store));
  return std::vector{output_of(config)};
}

Result<std::unique_ptr<ImageModel>> build_vit(std::shared_ptr<const WeightStore> store,
                                              const BuildOptions& options) {
  INK_TRY(const VitConfig config, config_of(*store));
  INK_TRY_STATUS(check_single_output(options, output_of(config)));
  const std::string_view architecture = store->metadata(kArchitectureKey);
  const bool any_grid = architecture == kDinov2Architecture;
  INK_TRY(ImagePreprocess how,
          preprocess_of(*store, any_grid ? presets::dinov2()
                                         : presets::vit(config.patches.grid * config.patches.patch)));
  INK_TRY(const PictureSize size, patch_input(how, config.patches, any_grid, store->origin()));
  GraphBuilder graph;
  Value x = graph.input("pictures", {Shape::kUnknown, size.h, size.w, 3});
  INK_TRY(x, patch_sequence_of(graph, *store, config.patches, config.layers.width, "image", x));
  x = first_row_of_layers(graph, config.layers, form_of(architecture), "image", x);
  graph.output("features", add_layer_norm(graph, "image.final_norm", x, config.layers.epsilon));
  INK_TRY(Graph finished, graph.finish());
  return make_image_model(std::move(finished), {output_of(config)}, std::move(how), *store, options);
}

}  // namespace ink
