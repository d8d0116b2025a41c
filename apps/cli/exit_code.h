#pragma once

#include "kernels/base/result.h"

namespace ink::cli {

// The exit codes of sysexits.h where it has one.
enum ExitCode : int {
  kDone = 0,
  kSomeFailed = 1,  // of several inputs
  kUsage = 64,
  kBadInput = 65,
  kNoInput = 66,
  kInternal = 70,
  kCannotCreate = 73,
  kIo = 74,
  kLimit = 75,
  kModel = 78,
  kInterrupted = 130,
};

constexpr ExitCode exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return kUsage;
    case ErrorKind::bad_input: return kBadInput;
    case ErrorKind::no_input: return kNoInput;
    case ErrorKind::cannot_create: return kCannotCreate;
    case ErrorKind::io: return kIo;
    case ErrorKind::limit: return kLimit;
    case ErrorKind::model: return kModel;
    case ErrorKind::interrupted: return kInterrupted;
  }
  return kInternal;
}

}  // namespace ink::cli
