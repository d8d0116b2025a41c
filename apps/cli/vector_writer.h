#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/cli/npy.h"
#include "apps/cli/row_sink.h"
#include "kernels/base/result.h"

namespace ink::cli {

// What vectors are of: pictures, then texts.
struct VectorItems {
  std::vector<std::string> names;  // of all, as messages show them
  size_t pictures = 0;             // how many of them are pictures
  std::vector<std::string> texts;  // the texts themselves
  std::string picture_output, text_output;

  size_t size() const { return names.size(); }
  bool is_text(size_t item) const { return item >= pictures; }
};

// Scales a vector to length 1; one of zeros stays as it is.
void normalize(std::vector<float>& vector);

// Takes the vectors of a batch, rows[0]; finish() comes once, after all.
class VectorSink : public RowSink {
 public:
  explicit VectorSink(bool unit_length) : unit_length_(unit_length) {}

  Status take(size_t item, Rows rows) final;
  Status fail(size_t item, const Error& why) final { return lose(item, why); }
  virtual Status finish() { return {}; }

 protected:
  virtual Status add(size_t item, std::span<const float> vector) = 0;
  virtual Status lose(size_t item, const Error& why) = 0;

 private:
  const bool unit_length_;
  std::vector<float> scaled_;
};

// A line on standard output for each: an array and "null" for what failed, or with `json` an object
//   {"file":F,"features":[...]} or {"text":T,"features":[...]}
class VectorLines : public VectorSink {
 public:
  VectorLines(const VectorItems& items, bool unit_length, bool json)
      : VectorSink(unit_length), items_(items), json_(json) {}

 private:
  Status add(size_t item, std::span<const float> vector) override;
  Status lose(size_t item, const Error& why) override;

  const VectorItems& items_;
  const bool json_;
};

// A row of a .npy file for each, of NaN for what failed, so that row numbers are those of the inputs. With
// `json` it is told on standard output:
//   {"output":O,"shape":[N,D],"files":[...],"failed":[{"row":R,"file":F,"error":E,"exit_code":C},...]}
class VectorFile : public VectorSink {
 public:
  // dims: of a vector. Errors: as NpyFile::create().
  static Result<VectorFile> create(const std::string& path, const VectorItems& items, size_t dims,
                                   bool unit_length, bool json);
  Status finish() override;

 private:
  VectorFile(const std::string& path, const VectorItems& items, size_t dims, bool unit_length, bool json,
             NpyFile file)
      : VectorSink(unit_length),
        path_(path),
        items_(items),
        dims_(dims),
        json_(json),
        file_(std::move(file)) {}

  Status add(size_t item, std::span<const float> vector) override;
  Status lose(size_t item, const Error& why) override;

  const std::string path_;
  const VectorItems& items_;
  const size_t dims_;
  const bool json_;
  NpyFile file_;
  std::vector<std::string> failed_;  // JSON
};

}  // namespace ink::cli
