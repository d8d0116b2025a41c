#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "apps/cli/row_sink.h"
#include "apps/cli/tag_rules.h"
#include "apps/cli/tally.h"
#include "models/image/labels.h"

namespace ink::cli {

enum class TagFormat { text, json, csv };

struct TagOutput {
  TagFormat format = TagFormat::text;
  bool all = false;          // every score, in the order of the labels
  bool captions = false;     // a file beside each picture
  bool frequencies = false;  // how often each tag was told, once all is over
  CaptionRules caption;
};

// Tells the tags of each picture on standard output, as DeepDanbooru and kohya's scripts do or as JSON:
//   {"file":F,"tags":[{"name":N,"score":S},...],"scores":[...]}
class TagWriter : public RowSink {
 public:
  TagWriter(const Labels& labels, const TagRules& rules, TagOutput output, const Tally& tally,
            const std::vector<std::string>& files);

  Status begin();
  // rows: the scores alone.
  Status take(size_t item, Rows rows) override;
  Status fail(size_t item, const Error& why) override;
  Status finish();

 private:
  std::string text(size_t item, std::span<const ChosenTag> tags) const;
  std::string json(size_t item, std::span<const ChosenTag> tags, std::span<const float> scores) const;
  std::string csv(size_t item, std::span<const ChosenTag> tags) const;
  Status write_caption(size_t item, const std::vector<ChosenTag>& tags) const;

  const Labels& labels_;
  const TagRules rules_;
  const TagOutput output_;
  const Tally& tally_;
  const std::vector<std::string>& files_;
  std::map<size_t, int64_t> frequencies_;  // by label
};

// The name of a picture's caption file.
std::string caption_path(const std::string& picture, const std::string& extension);

// Error (usage): two pictures would have one caption file, or a picture has no name.
Status check_captions(const std::vector<std::string>& files, const CaptionRules& rules);

}  // namespace ink::cli
