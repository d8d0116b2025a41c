#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "models/text/mojibake_data.h"

namespace ink {

// The bytes of a text that was decoded by a one-byte encoding, and what they say as UTF-8.

// Nothing where a character is not of the encoding. page null is Latin-1. `sloppy` encodings (those of
// Windows) have U+FFFD as byte 1A, and not U+001A.
std::optional<std::string> encode_bytes(std::u32string_view text, const CodePage* page, bool sloppy);

// Puts the A0 back into what would be UTF-8 if a space were one.
std::string restore_nbsp(const std::string& bytes);

// Puts U+FFFD in the place of what would be UTF-8 if bytes of it were not lost to 1A or '?', and of 1A.
std::string replace_lost(const std::string& bytes);

// UTF-8, or nothing. Where the bytes have an ED or C0, surrogates in pairs and NUL in two bytes are read too.
std::optional<std::u32string> decode_bytes(std::string_view bytes);

}  // namespace ink
