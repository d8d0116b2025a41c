#pragma once

#include "kernels/base/result.h"

namespace ink::cli {

// From now on the first SIGINT, SIGTERM or SIGHUP only sets a flag, so that work can stop cleanly; the second
// kills as usual. A closed pipe and a file grown too large become write errors.
void catch_interrupts();
bool interrupted();

inline Error interruption() { return {ErrorKind::interrupted, "interrupted"}; }

}  // namespace ink::cli
