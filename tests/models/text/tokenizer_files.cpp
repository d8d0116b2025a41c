#include "tests/models/text/tokenizer_files.h"

#include <zlib.h>

#include <sstream>
#include <stdexcept>

#include "models/text/byte_pairs.h"
#include "models/text/gunzip.h"
#include "weights/message.h"

namespace ink::test {
namespace {

constexpr const char* kStart = "<|startoftext|>";
constexpr const char* kEnd = "<|endoftext|>";

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string token_ids(const std::vector<std::string>& tokens) {
  std::string json = "{";
  for (size_t i = 0; i < tokens.size(); ++i)
    json += concat(i == 0 ? "" : ",", json_string(tokens[i]), ":", i);
  return json + "}";
}

std::vector<std::string> clip_tokens(const Merges& merges) {
  std::vector<std::string> tokens;
  for (const char* const mark : {"", "</w>"}) {
    for (const uint8_t byte : BytePairs::byte_order()) tokens.push_back(BytePairs::letters()[byte] + mark);
  }
  for (const auto& [left, right] : merges) tokens.push_back(left + right);
  tokens.insert(tokens.end(), {kStart, kEnd});
  return tokens;
}

std::string added(const std::string& token, size_t id, bool normalized) {
  return concat(R"({"id":)", id, R"(,"content":)", json_string(token),
                R"(,"single_word":false,"lstrip":false,"rstrip":false,"normalized":)",
                normalized ? "true" : "false", R"(,"special":true})");
}

std::string frame(const std::string& token, size_t id) {
  return concat("[", json_string(token), ",", id, "]");
}

}  // namespace

std::string simple_vocabulary(const Merges& merges) {
  std::string text = "made up";
  for (const auto& [left, right] : merges) text += "\n" + left + " " + right;
  return text;
}

std::string gzipped(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, static_cast<uLong>(text.size())) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

Merges merges_of(const std::string& released_gz) {
  constexpr size_t kMerges = 48894;
  std::istringstream lines(std::move(gunzip(released_gz, size_t{64} << 20, "released")).value());
  std::string line;
  std::getline(lines, line);
  Merges merges;
  while (merges.size() < kMerges && std::getline(lines, line)) {
    const size_t space = line.find(' ');
    merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
  return merges;
}

std::string vocabulary_json(const Merges& merges) { return token_ids(clip_tokens(merges)); }

std::string merges_txt(const Merges& merges) {
  std::string text = "#version: 0.2\n";
  for (const auto& [left, right] : merges) text += left + " " + right + "\n";
  return text;
}

std::string clip_special_tokens() {
  const std::string start = added(kStart, 0, true), end = added(kEnd, 0, true);
  return concat(R"({"bos_token":)", start, R"(,"eos_token":)", end, R"(,"unk_token":)", end,
                R"(,"pad_token":"<|endoftext|>"})");
}

std::string clip_json(const Merges& merges) {
  const std::vector<std::string> tokens = clip_tokens(merges);
  const size_t start = tokens.size() - 2, end = tokens.size() - 1;
  std::string json = concat(R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[)",
                            added(kStart, start, true), ",", added(kEnd, end, false), "],");
  json += R"("normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},)"
          R"({"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Lowercase"}]},)"
          R"("pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":)"
          R"("<\\|startoftext\\|>|<\\|endoftext\\|>|)"
          R"('s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"},"behavior":"Removed",)"
          R"("invert":true},{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true}]},)";
  json += concat(R"("post_processor":{"type":"RobertaProcessing","sep":)", frame(kEnd, end), R"(,"cls":)",
                 frame(kStart, start), R"(,"trim_offsets":false,"add_prefix_space":false},)");
  json += R"("model":{"type":"BPE","dropout":null,"unk_token":"<|endoftext|>",)"
          R"("continuing_subword_prefix":"","end_of_word_suffix":"</w>","fuse_unk":false,"vocab":)";
  json += token_ids(tokens);
  json += R"(,"merges":[)";
  for (size_t i = 0; i < merges.size(); ++i) {
    json += concat(i == 0 ? "" : ",", json_string(merges[i].first + " " + merges[i].second));
  }
  return json + "]}}";
}

std::string word_list(const std::vector<std::string>& tokens) {
  std::string text;
  for (const std::string& token : tokens) text += token + "\n";
  return text;
}

std::string word_piece_json(const std::vector<std::string>& tokens) {
  std::string json = R"({"version":"1.0","truncation":{"direction":"Right","max_length":128,)"
                     R"("strategy":"LongestFirst","stride":0},"padding":null,"added_tokens":[)";
  json += added("[PAD]", 0, false);
  for (const size_t id : {100, 101, 102, 103}) json += concat(",", added(tokens[id], id, false));
  json += R"(],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,)"
          R"("strip_accents":null,"lowercase":false},"pre_tokenizer":{"type":"BertPreTokenizer"},)"
          R"("post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]",)"
          R"("type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],)"
          R"("pair":[],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[101],"tokens":["[CLS]"]},)"
          R"("[SEP]":{"id":"[SEP]","ids":[102],"tokens":["[SEP]"]}}},)"
          R"("model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",)"
          R"("max_input_chars_per_word":100,"vocab":)";
  return json + token_ids(tokens) + "}}";
}

}  // namespace ink::test
