#pragma once

#include <string>

#include "kernels/base/result.h"
#include "models/realcugan.h"

namespace ink::test {

// Writes a network with made-up weights as a model file, the same for the same config.
Status write_made_up_model(const std::string& path, const RealCuganConfig& config);

}  // namespace ink::test
