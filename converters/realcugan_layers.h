#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "converters/recognise.h"
#include "converters/sources/source.h"
#include "kernels/base/result.h"
#include "models/realcugan.h"

namespace ink {

// The signature (converters/sources/ncnn_param.h) of the released ncnn graph of a network.
std::vector<std::string> realcugan_ncnn_signature(const RealCuganConfig& config);

// A pro checkpoint of the original code has this entry beside its weights.
inline constexpr std::string_view kRealCuganProMarker = "pro";

// Which network a source holds, by its graph (ncnn) or its names and shapes (torch). Whether it is a pro one
// shows only in kRealCuganProMarker; without it, pro is false. Error (model): it is none, what it is, and
// where it first differs from the most similar one.
Result<RealCuganConfig> recognise_realcugan(const TensorSource& source);

// The same for the table of recognisers; never nothing, for it is asked last.
Result<std::optional<Recognised>> recognise_realcugan_model(const TensorSource& source,
                                                            const RecogniseOptions& options);

}  // namespace ink
