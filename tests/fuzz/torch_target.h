#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace ink::fuzz {

// Opens the bytes as a file of torch and reads all its tensors. 1: the pickle was reached.
int read_torch(const uint8_t* data, size_t size);

// The golden's bytes.
Input torch_seed(const std::string& file);

// Changes the pickle as a program: overwrites, removes, repeats and inserts whole opcodes, and numbers.
void mutate_pickle(Input& pickle, Random& random);

}  // namespace ink::fuzz
