#include <cstdlib>
#include <string>

#include "converters/sources/keras/keras.h"
#include "tests/fuzz/hdf5_sums.h"
#include "tests/fuzz/keras_target.h"
#include "tests/weights/sample_files.h"
#include "weights/zip.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

namespace {

Input input_of(const ink::test::Bytes& bytes) {
  Input input;
  for (const std::byte byte : bytes) input.push_back(std::to_integer<uint8_t>(byte));
  return input;
}

ink::test::Bytes bytes_of(const Input& input) {
  const auto bytes = ink::fuzz::bytes_of(input.data(), input.size());
  return {bytes.begin(), bytes.end()};
}

ink::test::Bytes archive_of(const std::vector<std::pair<std::string, ink::test::Bytes>>& members,
                            Random* random) {
  std::vector<ink::test::ZipPart> parts;
  for (const auto& [name, data] : members) {
    const bool deflated = random != nullptr && random->one_in(4);
    parts.push_back(deflated ? ink::test::deflated_part(name, data) : ink::test::stored_part(name, data));
  }
  return ink::test::build_zip(parts);
}

}  // namespace

int fuzz_one(const uint8_t* data, size_t size) {
  const auto bytes = ink::fuzz::bytes_of(data, size);
  const auto source = ink::open_keras_zip(bytes, nullptr, "fuzz");
  if (source.ok()) {
    ink::fuzz::check_source(**source);
    return 1;
  }
  return ink::ZipReader::open(bytes, "fuzz").ok() ? 1 : 0;
}

std::vector<Input> fuzz_seeds() {
  std::vector<Input> seeds;
  for (const Input& weights : ink::fuzz::keras_inputs({"compact-latest.h5", "h5py2.h5", "chunked.h5"})) {
    seeds.push_back(
        input_of(archive_of({{"metadata.json", ink::test::bytes_of(R"({"keras_version": "3.0.1"})")},
                             {"config.json", ink::test::bytes_of(R"({"class_name": "Functional"})")},
                             {"model.weights.h5", bytes_of(weights)}},
                            nullptr)));
  }
  return seeds;
}

// Changes a member and packs all anew, or else the archive itself.
void fuzz_mutate(Input& input, Random& random) {
  if (random.one_in(8)) return ink::fuzz::mutate_bytes(input, random, 0, input.size());
  const ink::test::Bytes file = bytes_of(input);
  const auto zip = ink::ZipReader::open(file, "fuzz");
  if (!zip.ok()) return ink::fuzz::mutate_bytes(input, random, 0, input.size());
  std::vector<std::pair<std::string, ink::test::Bytes>> members;
  for (const ink::ZipMember& member : zip->members()) {
    auto data = zip->read(member);
    members.emplace_back(member.name, data.ok() ? std::move(data).value() : ink::test::Bytes());
  }
  if (members.empty()) return;
  auto& [name, data] = members[random.below(members.size())];
  Input body = input_of(data);
  if (random.one_in(32)) {
    name += 'x';
  } else if (name.ends_with(".h5")) {
    ink::fuzz::mutate_hdf5(body, random);
  } else {
    ink::fuzz::mutate_pieces(body, random, ",{}[]:\"");
  }
  data = bytes_of(body);
  input = input_of(archive_of(members, &random));
}
