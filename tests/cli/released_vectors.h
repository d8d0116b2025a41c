#pragma once

#include <map>
#include <string>
#include <vector>

// From a picture or a text to the vector of the original program, with checkpoints as they are released
// (tests/reference/command_goldens.py).

namespace ink::test {

using Vectors = std::map<std::string, std::vector<double>>;

inline const std::string kGoldens = INK_GOLDENS_DIR;
inline const std::string kPictures[] = {"420.jpg", "gray.jpg", "all-metadata.png", "lossless-alpha.webp"};

// A file of tests/goldens/commands: "name v v v" a line; a name may be two words.
Vectors read_vectors(const std::string& name);

// A JSON array of numbers a line; empty for what is none.
std::vector<std::vector<double>> read_lines(const std::string& text);

// The bound of embeddings: 2e-5 of the largest value.
void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                 const std::string& what);

// Arguments with all pictures behind them.
std::vector<std::string> with_pictures(std::vector<std::string> arguments);

}  // namespace ink::test
