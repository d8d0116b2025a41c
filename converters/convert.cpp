#include "converters/convert.h"

#include <utility>

#include "converters/match.h"
#include "weights/finite.h"
#include "weights/message.h"

namespace ink {

namespace {

void set_unless_empty(WeightStore& store, std::string_view key, const std::string& value) {
  if (!value.empty()) store.set_metadata(std::string(key), value);
}

ConvertReport report_of(const TensorSource& source, std::span<const TensorSpec> table,
                        const TensorMatch& match) {
  ConvertReport report;
  report.format = source.format();
  for (size_t i = 0; i < table.size(); ++i) {
    report.used.push_back({source.tensors()[match.source[i]].name, table[i].name});
  }
  for (const size_t index : match.left_over) report.left_over.push_back(source.tensors()[index].name);
  return report;
}

}  // namespace

Result<WeightStore> convert(const TensorSource& source, const ConvertOptions& options,
                            ConvertReport* report) {
  INK_TRY(const Recognised model, recognise(source, options.recognise));
  const std::vector<TensorSpec>& table = model.tensors;
  const TensorMatch match = match_tensors(table, source, model.may_be_left_over);
  if (!match.problems.empty()) {
    return model_error(source.origin(), ": the tensors do not fit the nearest model, ", model.architecture,
                       " ", model.config, ": ", problems_text(match.problems));
  }
  if (report != nullptr) *report = report_of(source, table, match);
  WeightStore store;
  store.set_origin(source.origin());
  INK_TRY(std::vector<SourceBytes> read, read_tensors(source, match.source, options.threads));
  for (size_t i = 0; i < table.size(); ++i) {
    const SourceTensor& tensor = source.tensors()[match.source[i]];
    INK_TRY_STATUS(store.add_borrowed({table[i].name, tensor.dtype, tensor.shape, read[i].bytes},
                                      std::move(read[i].owner)));
  }
  if (options.check_finite) INK_TRY_STATUS(check_finite(store, options.threads));
  store.set_metadata("format", "pt");  // what the format's own loaders ask for: torch's shapes
  store.set_metadata(std::string(kArchitectureKey), model.architecture);
  store.set_metadata(std::string(kConfigKey), model.config);
  set_unless_empty(store, kPreprocessKey, model.preprocess);
  set_unless_empty(store, kSourceKey, options.source);
  set_unless_empty(store, kSourceSha256Key, options.source_sha256);
  set_unless_empty(store, kLicenseKey, options.license);
  return store;
}

}  // namespace ink
