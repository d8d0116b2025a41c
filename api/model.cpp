#include <string>
#include <utility>

#include "api/guard.h"
#include "api/handle.h"
#include "api/inkstone.h"
#include "api/versioned.h"
#include "converters/load_model.h"
#include "kernels/base/isa.h"
#include "models/realcugan.h"
#include "pictures/picture.h"

namespace ink::api {
namespace {

Result<LoadOptions> load_options(const ink_load_options* given) {
  INK_TRY(const ink_load_options asked, read_versioned(given, kFirstLoadOptions, "ink_load_options"));
  if (asked.read_weights < 0 || asked.read_weights > 1)
    return invalid("read_weights is " + std::to_string(asked.read_weights) + ", expected 0 or 1");
  if (asked.pro < -1 || asked.pro > 1)
    return invalid("pro is " + std::to_string(asked.pro) + ", expected -1, 0 or 1");
  LoadOptions options;
  options.mmap = asked.read_weights == 0;
  if (asked.pro != 0) options.recognise.pro = asked.pro == 1;
  return options;
}

Result<std::unique_ptr<RealCugan>> load(const char* path, const ink_load_options* given) {
  INK_TRY(const LoadOptions options, load_options(given));
  INK_TRY_STATUS(chosen_isa().status());
  INK_TRY(WeightStore store, load_model(path, options));
  return RealCugan::create(std::move(store), active_isa());
}

}  // namespace
}  // namespace ink::api

ink_status ink_model_load(const char* path, const ink_load_options* options, ink_model** model,
                          ink_error* error) {
  using namespace ink;
  if (model != nullptr) *model = nullptr;
  return api::guarded(error, [&]() -> Status {
    if (model == nullptr) return api::invalid("model is NULL");
    if (path == nullptr) return api::invalid("path is NULL");
    INK_TRY(std::unique_ptr<RealCugan> network, api::load(path, options));
    *model = new ink_model(std::move(network));
    return {};
  });
}

ink_status ink_model_free(ink_model* model) {
  using namespace ink;
  if (model == nullptr) return INK_OK;
  if (!api::alive(model)) return INK_INVALID_HANDLE;
  model->tag = ink_model::kFreed;
  return api::guarded(nullptr, [&]() -> Status {
    delete model;
    return {};
  });
}

ink_status ink_model_get_info(const ink_model* model, ink_model_info* info, ink_error* error) {
  using namespace ink;
  if (!api::alive(model)) return api::report_handle(error);
  return api::guarded(error, [&]() -> Status {
    INK_TRY_STATUS(api::check_versioned(info, api::kFirstModelInfo, "ink_model_info"));
    const RealCuganConfig& config = model->network->config();
    const PictureLimits limits;
    ink_model_info known = {};
    known.architecture = kRealCuganArchitecture.data();
    known.scale = config.scale;
    known.pro = config.pro;
    known.squeeze_excite = config.squeeze_excite;
    known.max_side = limits.side;
    known.max_pixels = limits.pixels;
    known.min_strength = kMinStrength;
    known.max_strength = kMaxStrength;
    api::write_versioned(known, info);
    return {};
  });
}

ink_status ink_model_trim(ink_model* model, ink_error* error) {
  using namespace ink;
  if (!api::alive(model)) return api::report_handle(error);
  return api::guarded(error, [&]() -> Status {
    model->network->release_idle();
    return {};
  });
}
