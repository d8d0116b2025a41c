#include <span>

#include "tests/fuzz/torch_target.h"
#include "tests/weights/sample_files.h"
#include "weights/zip.h"

using ink::fuzz::Input;
using ink::fuzz::Random;

int fuzz_one(const uint8_t* data, size_t size) { return ink::fuzz::read_torch(data, size); }

std::vector<Input> fuzz_seeds() {
  std::vector<Input> seeds;
  for (const char* file : {"sequential.pt", "types.pt", "views.pt", "empty.pt", "nested.pt", "module4.pt",
                           "attributes.pt", "lightning.pt", "script.pt", "frozen.pt", "deflated.pt"}) {
    seeds.push_back(ink::fuzz::torch_seed(file));
  }
  return seeds;
}

// Most often the archive is taken apart, its pickle changed, or the contents of another member, and put
// together again with right checksums; else its records are changed.
void fuzz_mutate(Input& input, Random& random) {
  if (random.one_in(12)) {
    ink::fuzz::mutate_bytes(input, random, 0, input.size());
    return;
  }
  const auto zip = ink::ZipReader::open(ink::fuzz::bytes_of(input.data(), input.size()), "seed");
  if (!zip.ok()) return;
  std::vector<ink::test::ZipPart> parts;
  for (const ink::ZipMember& member : zip->members()) {
    auto unpacked = zip->read(member);
    if (!unpacked.ok()) return;
    // Code is not looked at.
    if (member.name.find("/code/") != std::string::npos) continue;
    const auto* const raw = reinterpret_cast<const uint8_t*>(unpacked->data());
    Input content(raw, raw + unpacked->size());
    if (member.name.ends_with("/data.pkl")) {
      for (size_t changes = 1 + random.below(3); changes > 0; --changes) {
        ink::fuzz::mutate_pickle(content, random);
      }
    } else if (random.one_in(40)) {
      ink::fuzz::mutate_bytes(content, random, 0, content.size());
    }
    const auto bytes = std::as_bytes(std::span(content));
    const ink::test::Bytes data(bytes.begin(), bytes.end());
    parts.push_back(random.one_in(3) ? ink::test::described_part(member.name, data, random.one_in(2))
                                     : ink::test::stored_part(member.name, data));
  }
  const ink::test::Bytes archive =
      random.one_in(2) ? ink::test::build_zip64(parts) : ink::test::build_zip(parts);
  const auto* const raw = reinterpret_cast<const uint8_t*>(archive.data());
  input.assign(raw, raw + archive.size());
}
