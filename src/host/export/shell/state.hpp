// What a host saves of an instance: values of parameters, and bytes that are the engine's alone (a noise print).
//
// "WMSTATE1", u32 count, count x {u32 id, f64 normalized value}, u32 size, that many bytes. Little-endian, nothing
// between, nothing behind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vst3.hpp"

namespace shell {

constexpr std::size_t kMostStateBytes = (64u << 20) + (1u << 16);

struct SavedValue {
    std::uint32_t id;
    double value;
};

struct SavedState {
    std::vector<SavedValue> values;
    std::shared_ptr<const std::string> opaque;

    // The value of a parameter, or nothing where the state does not know it.
    std::optional<double> value(std::uint32_t id) const;
};

std::optional<SavedState> parse_state(std::string_view bytes);
std::string write_state(const SavedState& state);

// All that a host's stream still holds, up to `kMostStateBytes`; nothing where reading fails or there is more.
std::optional<std::string> read_all(vst3::IBStream& stream);
bool write_all(vst3::IBStream& stream, const std::string& bytes);

}  // namespace shell
