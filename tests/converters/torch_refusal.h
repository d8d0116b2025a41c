#pragma once

#include <gtest/gtest.h>

#include <string>

#include "converters/sources/torch/torch.h"
#include "tests/converters/sample_torch.h"

namespace ink::test {

// The error of opening a file "f", or the last of reading all its tensors; "accepted" where there is none.
inline std::string refusal(const Bytes& file, const ModelLimits& limits = {}) {
  const auto source = open_torch({file, nullptr}, "f", limits);
  if (!source.ok()) {
    EXPECT_EQ(source.error().kind, ErrorKind::model);
    return source.error().message;
  }
  std::string problem = "accepted";
  read_all(**source, problem);
  return problem;
}

}  // namespace ink::test
