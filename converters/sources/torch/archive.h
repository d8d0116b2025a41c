#pragma once

#include <memory>
#include <optional>
#include <string>

#include "converters/sources/source.h"
#include "weights/file.h"
#include "weights/limits.h"
#include "weights/zip.h"

namespace ink::torch_file {

// The folder of the archive that holds its data.pkl, with the slash. Error (model): there is none, or not
// just one.
Result<std::string> find_folder(const ZipReader& zip, const std::string& origin);

// A zip archive of torch.
Result<std::unique_ptr<TensorSource>> open_archive(const FileBytes& file, const std::string& origin,
                                                   const ModelLimits& limits);

}  // namespace ink::torch_file
