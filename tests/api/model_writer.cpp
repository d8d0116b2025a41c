#include <cstdio>

#include "tests/models/made_up_model.h"

// model_writer FILE: a small network with made-up weights.
int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const ink::Status status = ink::test::write_made_up_model(argv[1], {2, false, false});
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return status.ok() ? 0 : 1;
}
