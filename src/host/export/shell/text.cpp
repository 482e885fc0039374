#include "text.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace shell {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Take one character off the front; nothing where the bytes are no UTF-8 (Unicode 15, table 3-7).
std::optional<char32_t> next_character(std::string_view& bytes) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const std::uint8_t first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
    if (length == 0 || bytes.size() < length) return std::nullopt;
    char32_t character = length == 1 ? first : first & (0x7Fu >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (byte(i) >> 6 != 2) return std::nullopt;
        character = character << 6 | (byte(i) & 0x3Fu);
    }
    constexpr char32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = character >= 0xD800 && character < 0xE000;
    if (character < lowest[length] || character > 0x10FFFF || surrogate) return std::nullopt;
    bytes.remove_prefix(length);
    return character;
}

void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
        return;
    }
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    out += static_cast<char>((0xFF00u >> (more + 1) & 0xFFu) | c >> (6 * more));
    for (int i = more - 1; i >= 0; --i) out += static_cast<char>(0x80u | (c >> (6 * i) & 0x3Fu));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool is_clean_utf8(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto character = next_character(bytes);
        if (!character || *character < 0x20 || (*character >= 0x7F && *character < 0xA0)) return false;
    }
    return true;
}

void to_utf16(std::string_view utf8, char16_t* out, std::size_t room) {
    std::size_t used = 0;
    while (!utf8.empty()) {
        const auto character = next_character(utf8);
        if (!character) utf8.remove_prefix(1);
        const char32_t c = character.value_or(kReplacement);
        if (used + (c < 0x10000 ? 1 : 2) >= room) break;
        if (c >= 0x10000) out[used++] = static_cast<char16_t>(0xD7C0 + (c >> 10));
        out[used++] = static_cast<char16_t>(c < 0x10000 ? c : 0xDC00 + (c & 0x3FF));
    }
    out[used] = 0;
}

std::string to_utf8(const char16_t* text, std::size_t room) {
    std::string out;
    for (std::size_t i = 0; i < room && text[i] != 0; ++i) {
        const char32_t unit = text[i];
        const bool high = unit >= 0xD800 && unit < 0xDC00;
        const bool paired = high && i + 1 < room && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000;
        if (paired)
            append_utf8(out, 0x10000 + ((unit - 0xD800) << 10) + (text[++i] - 0xDC00u));
        else
            append_utf8(out, unit >= 0xD800 && unit < 0xE000 ? kReplacement : unit);
    }
    return out;
}

void to_field(std::string_view utf8, char* out, std::size_t room) {
    std::size_t length = utf8.size() < room ? utf8.size() : room - 1;
    while (length < utf8.size() && length > 0 && static_cast<std::uint8_t>(utf8[length]) >> 6 == 2) --length;
    std::memcpy(out, utf8.data(), length);
    std::memset(out + length, 0, room - length);
}

std::optional<double> to_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::string to_text(double value) {
    char text[32];
    const auto [end, error] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
    return error == std::errc{} ? std::string(text, end) : std::string();
}

bool same_word(std::string_view one, std::string_view other) {
    if (one.size() != other.size()) return false;
    for (std::size_t i = 0; i < one.size(); ++i)
        if (lower(one[i]) != lower(other[i])) return false;
    return true;
}

std::string_view without_blanks(std::string_view text) {
    const auto first = text.find_first_not_of(' ');
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace shell
