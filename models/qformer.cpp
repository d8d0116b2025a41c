#include "models/qformer.h"

#include "engine/ops/ops.h"
#include "models/image_network.h"
#include "models/text_network.h"
#include "weights/message.h"

namespace ink {
namespace {

constexpr int kMostQueries = 1 << 16;

TransformerForm image_form() { return {.joined_qkv = true}; }

TransformerForm query_form(const QFormerConfig& config) {
  return {.norm_first = false, .cross_width = config.image.width, .cross_every = config.cross_every};
}

Result<QFormerConfig> config_of(const WeightStore& store) {
  return QFormerConfig::from_json(store.metadata(kConfigKey), concat(store.origin(), ": ", kConfigKey));
}

ModelOutput output_of(const QFormerConfig& config) { return {"features", config.queries.width}; }

}  // namespace

std::string QFormerConfig::json() const {
  return JsonObject()
      .object("image", transformer_json(image).object("patches", patch_json(patches)))
      .object("queries",
              transformer_json(queries).integer("count", query_count).integer("cross_every", cross_every))
      .json();
}

Result<QFormerConfig> QFormerConfig::from_json(std::string_view json, const std::string& origin) {
  JsonFields fields(json, origin);
  QFormerConfig config;
  config.image = transformer_from_json(fields, "image");
  config.patches = patch_from_json(fields, "image.patches");
  config.queries = transformer_from_json(fields, "queries");
  config.query_count = fields.integer("queries.count", 1, kMostQueries);
  config.cross_every = fields.integer("queries.cross_every", 1, kMostQueries);
  INK_TRY_STATUS(fields.status());
  return config;
}

std::vector<TensorSpec> qformer_tensors(const QFormerConfig& config) {
  std::vector<TensorSpec> table;
  add_patch_tensors(table, config.patches, config.image.width, "image");
  add_transformer_tensors(table, config.image, image_form(), "image");
  add_norm_tensors(table, "image.final_norm", config.image.width);
  table.push_back({"queries.rows", {1, config.query_count, config.queries.width}, {}});
  add_norm_tensors(table, "queries.first_norm", config.queries.width);
  add_transformer_tensors(table, config.queries, query_form(config), "queries");
  return table;
}

Result<std::vector<ModelOutput>> qformer_outputs(const WeightStore& store) {
  INK_TRY(const QFormerConfig config, config_of(store));
  return std::vector{output_of(config)};
}

Result<std::unique_ptr<ImageModel>> build_qformer(std::shared_ptr<const WeightStore> store,
                                                  const BuildOptions& options) {
  INK_TRY(const QFormerConfig config, config_of(*store));
  INK_TRY_STATUS(check_single_output(options, output_of(config)));
  INK_TRY(ImagePreprocess how,
          preprocess_of(*store, presets::blip2(config.patches.grid * config.patches.patch)));
  INK_TRY(const PictureSize size, patch_input(how, config.patches, false, store->origin()));
  GraphBuilder graph;
  Value x = graph.input("pictures", {Shape::kUnknown, size.h, size.w, 3});
  INK_TRY(x, patch_sequence_of(graph, *store, config.patches, config.image.width, "image", x));
  x = transformer_layers(graph, config.image, image_form(), "image", x);
  x = add_layer_norm(graph, "image.final_norm", x, config.image.epsilon);
  Value queries =
      graph.add("queries.rows", learned_rows("queries.rows", config.query_count, config.queries.width), {x});
  queries = add_layer_norm(graph, "queries.first_norm", queries, config.queries.epsilon);
  queries = transformer_layers(graph, config.queries, query_form(config), "queries", queries,
                               {.segments = {}, .other = x});
  graph.output("features", graph.add("queries.first", sequence_pool(SequencePool::first), {queries}));
  INK_TRY(Graph finished, graph.finish());
  return make_image_model(std::move(finished), {output_of(config)}, std::move(how), *store, options);
}

}  // namespace ink
