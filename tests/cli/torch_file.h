#pragma once

#include <string>

#include "tests/cli/command.h"

namespace ink::test {

// Writes an original Real-CUGAN checkpoint as torch.save() does: the pickle of
// tests/goldens/realcugan_pth/FAMILY.pkl, which torch wrote, and the weights of `model`, a model file of the
// same network, as its storages.
void write_realcugan_pth(const Workplace& work, const std::string& name, const std::string& family,
                         const std::string& model);

}  // namespace ink::test
