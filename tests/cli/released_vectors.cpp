#include "tests/cli/released_vectors.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <cctype>
#include <cmath>
#include <fstream>
#include <sstream>

namespace ink::test {

Vectors read_vectors(const std::string& name) {
  std::ifstream file(kGoldens + "/commands/" + name);
  Vectors vectors;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string key, word;
    std::vector<double> values;
    while (words >> word) {
      const bool number = std::isdigit(static_cast<unsigned char>(word[word[0] == '-' ? 1 : 0])) != 0 &&
                          !word.ends_with(".jpg");
      if (number) {
        values.push_back(std::stod(word));
      } else {
        key += (key.empty() ? "" : " ") + word;
      }
    }
    vectors[key] = values;
  }
  return vectors;
}

std::vector<std::vector<double>> read_lines(const std::string& text) {
  std::vector<std::vector<double>> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    rapidjson::Document document;
    document.Parse(line.c_str());
    lines.emplace_back();
    if (!document.IsArray()) continue;
    for (const auto& value : document.GetArray()) lines.back().push_back(value.GetDouble());
  }
  return lines;
}

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                 const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  double largest = 0;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < actual.size(); ++i) ASSERT_NEAR(actual[i], expected[i], 2e-5 * largest) << what;
}

std::vector<std::string> with_pictures(std::vector<std::string> arguments) {
  for (const std::string& picture : kPictures) arguments.push_back(kGoldens + "/pictures/" + picture);
  return arguments;
}

}  // namespace ink::test
