// What an effect is: read from `manifest.tsv` in the bundle's resources. Whoever wrote it, it is data: every line
// is checked before anything is made of it, and one that is wrong refuses the whole.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "state.hpp"

namespace shell {

constexpr std::size_t kMostParameters = 512;
constexpr std::uint32_t kMostLatency = 1u << 22;

enum class Kind { number, integer, list, toggle };

struct ParameterSpec {
    std::uint32_t id = 0;
    std::int32_t unit = 0;  // the group it is shown in; 0 is none
    Kind kind = Kind::number;
    bool transient = false;  // no part of a saved state
    bool read_only = false;
    bool logarithmic = false;
    std::string title, unit_text;
    double low = 0, high = 1, default_value = 0;  // the default is normalized
    std::vector<std::string> labels;

    // Steps between the lowest and the highest value; 0: continuous.
    std::int32_t steps() const;
    double to_plain(double normalized) const;
    double to_normalized(double plain) const;
    std::string text(double normalized) const;
    std::optional<double> parse(std::string_view text) const;
};

struct UnitSpec {
    std::int32_t id = 0;
    std::string name;
};

struct ProgramSpec {
    std::string name, file;
    SavedState state;
};

struct Latency {
    std::uint32_t rate = 0, samples = 0, slack = 0;
};

struct Manifest {
    std::string folder;  // the bundle's resources
    std::array<std::uint8_t, 16> class_id{};
    std::string name, vendor, version, url, email, categories;
    std::vector<std::string> command;  // what starts the engine
    std::vector<Latency> latencies;
    std::vector<UnitSpec> units;
    std::vector<ParameterSpec> parameters;
    std::vector<ProgramSpec> programs;

    const Latency* at_rate(double rate) const;
};

struct ParsedManifest {
    std::optional<Manifest> manifest;
    std::string error;  // where there is none: what is wrong, and in which line
};

ParsedManifest parse_manifest(std::string_view text);

// All of a file; nothing where it cannot be read or is larger than `most_bytes`.
std::optional<std::string> read_file(const std::string& path, std::size_t most_bytes);

// The manifest beside this binary, read once; its `error` was written to stderr.
const ParsedManifest& own_manifest();

}  // namespace shell
