// Text between hosts (UTF-16), files (UTF-8) and numbers, whatever the host's locale is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace shell {

// Whether the bytes are UTF-8 without control characters.
bool is_clean_utf8(std::string_view bytes);

// Write as UTF-16, cut between characters where `room` units do not hold it; always ended by 0.
void to_utf16(std::string_view utf8, char16_t* out, std::size_t room);

// What a host wrote, up to `room` units or its 0; halves of characters become U+FFFD.
std::string to_utf8(const char16_t* text, std::size_t room);

// Copy into a field of the interface, cut between characters where it does not fit; always ended by 0.
void to_field(std::string_view utf8, char* out, std::size_t room);

// A finite number that fills all of the text.
std::optional<double> to_number(std::string_view text);

// Six significant digits, as C's "%.6g" writes them.
std::string to_text(double value);

// Whether both read the same, small and capital letters of ASCII apart.
bool same_word(std::string_view one, std::string_view other);

std::string_view without_blanks(std::string_view text);

}  // namespace shell
