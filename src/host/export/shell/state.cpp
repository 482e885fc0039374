#include "state.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace shell {
namespace {

constexpr std::string_view kMark = "WMSTATE1";
constexpr std::uint32_t kMostValues = 4096;

template <typename T>
bool take(std::string_view& bytes, T& value) {
    if (bytes.size() < sizeof value) return false;
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes.remove_prefix(sizeof value);
    return true;
}

template <typename T>
void put(std::string& bytes, const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

std::optional<double> SavedState::value(std::uint32_t id) const {
    for (const auto& saved : values)
        if (saved.id == id) return saved.value;
    return std::nullopt;
}

std::optional<SavedState> parse_state(std::string_view bytes) {
    if (bytes.substr(0, kMark.size()) != kMark) return std::nullopt;
    bytes.remove_prefix(kMark.size());
    SavedState state;
    std::uint32_t count = 0, size = 0;
    if (!take(bytes, count) || count > kMostValues) return std::nullopt;
    for (std::uint32_t i = 0; i < count; ++i) {
        SavedValue saved = {};
        if (!take(bytes, saved.id) || !take(bytes, saved.value)) return std::nullopt;
        if (!(saved.value >= 0 && saved.value <= 1) || state.value(saved.id)) return std::nullopt;
        state.values.push_back(saved);
    }
    if (!take(bytes, size) || bytes.size() != size) return std::nullopt;
    state.opaque = std::make_shared<const std::string>(bytes);
    return state;
}

std::string write_state(const SavedState& state) {
    std::string bytes(kMark);
    put(bytes, static_cast<std::uint32_t>(state.values.size()));
    for (const auto& saved : state.values) {
        put(bytes, saved.id);
        put(bytes, saved.value);
    }
    put(bytes, static_cast<std::uint32_t>(state.opaque->size()));
    return bytes + *state.opaque;
}

std::optional<std::string> read_all(vst3::IBStream& stream) {
    std::string bytes;
    std::string piece(1 << 16, '\0');
    for (;;) {
        std::int32_t got = 0;
        const auto wanted = static_cast<std::int32_t>(piece.size());
        const auto result = stream.read(piece.data(), wanted, &got);
        if (got < 0 || got > wanted) return std::nullopt;
        bytes.append(piece, 0, static_cast<std::size_t>(got));
        if (bytes.size() > kMostStateBytes) return std::nullopt;
        if (result != vst3::kOk || got == 0) return bytes;  // hosts tell the end in either way
    }
}

bool write_all(vst3::IBStream& stream, const std::string& bytes) {
    std::size_t written = 0;
    while (written < bytes.size()) {
        std::int32_t done = 0;
        const auto piece = static_cast<std::int32_t>(std::min<std::size_t>(bytes.size() - written, 1 << 20));
        auto* from = const_cast<char*>(bytes.data()) + written;  // the interface forgot the const
        if (stream.write(from, piece, &done) != vst3::kOk || done <= 0 || done > piece) return false;
        written += static_cast<std::size_t>(done);
    }
    return true;
}

}  // namespace shell
