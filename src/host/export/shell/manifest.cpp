#include "manifest.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <set>

#include "platform.hpp"
#include "text.hpp"

namespace shell {
namespace {

using Fields = std::vector<std::string_view>;

constexpr std::size_t kMostBytes = 1 << 20, kMostFields = 300;
constexpr std::size_t kMostArguments = 16, kMostRates = 32, kMostUnits = 255, kMostPrograms = 128;
constexpr std::uint32_t kFirstOwnId = 0x7FFFFF00;  // ids from here on are the shell's own parameters

std::optional<Fields> split(std::string_view line) {
    Fields fields;
    for (;;) {
        const auto tab = line.find('\t');
        fields.push_back(line.substr(0, tab));
        if (!is_clean_utf8(fields.back()) || fields.size() > kMostFields) return std::nullopt;
        if (tab == line.npos) return fields;
        line.remove_prefix(tab + 1);
    }
}

std::optional<std::uint32_t> whole(std::string_view text, std::uint32_t low, std::uint32_t high) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) return std::nullopt;
    return value;
}

// Reads line by line; every function returns whether its line is right.
class Reader {
public:
    explicit Reader(Manifest& manifest) : made_(manifest) {}

    bool line(const Fields& f) {
        const std::string_view word = f[0];
        const auto place = std::find(std::begin(kOrder), std::end(kOrder), word) - std::begin(kOrder);
        const bool in_order = place < kRepeated ? place == at_ + 1 : at_ >= kRepeated - 1 && place >= at_;
        if (place == kWords || !in_order) return false;
        at_ = place;
        if (word == "class") return class_id(f);
        if (word == "run") return argument(f);
        if (word == "latency") return latency(f);
        if (word == "unit") return unit(f);
        if (word == "parameter") return parameter(f);
        if (word == "program") return program(f);
        return heading(f);
    }

    bool complete() const { return !made_.command.empty() && !made_.latencies.empty(); }

private:
    static constexpr std::string_view kOrder[] = {
        "wavemend-effect", "class", "name", "vendor", "version", "url", "email", "categories",
        "run", "latency", "unit", "parameter", "program"};
    static constexpr std::ptrdiff_t kWords = std::size(kOrder);
    static constexpr std::ptrdiff_t kRepeated = 8;  // from `run` on, each as often as needed

    bool heading(const Fields& f) {
        if (f.size() != 2) return false;
        if (f[0] == "wavemend-effect") return f[1] == "1";
        struct Heading {
            std::string_view word;
            std::string* value;
            std::size_t shortest, longest;
        };
        const Heading headings[] = {
            {"name", &made_.name, 1, 63}, {"vendor", &made_.vendor, 1, 63}, {"version", &made_.version, 1, 63},
            {"url", &made_.url, 0, 255}, {"email", &made_.email, 0, 127}, {"categories", &made_.categories, 1, 127}};
        for (const auto& [word, value, shortest, longest] : headings) {
            if (word != f[0]) continue;
            *value = f[1];
            return f[1].size() >= shortest && f[1].size() <= longest;
        }
        return false;
    }

    bool class_id(const Fields& f) {
        if (f.size() != 2 || f[1].size() != 32) return false;
        for (std::size_t i = 0; i < 16; ++i) {
            const auto digits = f[1].substr(2 * i, 2);
            const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, made_.class_id[i], 16);
            if (error != std::errc{} || end != digits.data() + 2) return false;
        }
        return true;
    }

    bool argument(const Fields& f) {
        if (f.size() != 2 || f[1].empty() || made_.command.size() == kMostArguments) return false;
        made_.command.emplace_back(f[1]);
        return true;
    }

    bool latency(const Fields& f) {
        if (f.size() != 4 || made_.latencies.size() == kMostRates) return false;
        const auto rate = whole(f[1], 1000, 1'000'000), samples = whole(f[2], 0, kMostLatency);
        const auto slack = whole(f[3], 0, samples.value_or(0));
        if (!rate || !samples || !slack || made_.at_rate(*rate)) return false;
        made_.latencies.push_back({*rate, *samples, *slack});
        return true;
    }

    bool unit(const Fields& f) {
        if (f.size() != 3 || f[2].empty() || made_.units.size() == kMostUnits) return false;
        const auto id = whole(f[1], 1, kMostUnits);
        if (!id || has_unit(static_cast<std::int32_t>(*id))) return false;
        made_.units.push_back({static_cast<std::int32_t>(*id), std::string(f[2])});
        return true;
    }

    bool parameter(const Fields& f) {
        if (f.size() < 11 || made_.parameters.size() == kMostParameters) return false;
        ParameterSpec made;
        const auto id = whole(f[1], 0, kFirstOwnId - 1), group = whole(f[2], 0, kMostUnits);
        if (!id || !group || !ids_.insert(*id).second || f[5].empty()) return false;
        made.id = *id;
        made.unit = static_cast<std::int32_t>(*group);
        if (made.unit != 0 && !has_unit(made.unit)) return false;
        made.title = f[5];
        made.unit_text = f[6];
        made.labels.assign(f.begin() + 11, f.end());
        if (!flags(f[4], made) || !scale(f, made)) return false;
        made_.parameters.push_back(std::move(made));
        return true;
    }

    static bool flags(std::string_view text, ParameterSpec& made) {
        made.transient = text.find("transient") != text.npos;
        made.read_only = text.find("readonly") != text.npos;
        constexpr std::string_view known[] = {"-", "transient", "readonly", "transient,readonly", "readonly,transient"};
        return std::find(std::begin(known), std::end(known), text) != std::end(known);
    }

    static bool scale(const Fields& f, ParameterSpec& made) {
        constexpr std::string_view kinds[] = {"number", "integer", "list", "switch"};
        const auto kind = std::find(std::begin(kinds), std::end(kinds), f[3]) - std::begin(kinds);
        const auto low = to_number(f[8]), high = to_number(f[9]), fallback = to_number(f[10]);
        if (kind == std::ptrdiff_t{std::size(kinds)} || !low || !high || !fallback) return false;
        made.kind = static_cast<Kind>(kind);
        made.logarithmic = f[7] == "log";
        made.low = *low, made.high = *high, made.default_value = *fallback;
        if (!(made.low < made.high) || !std::isfinite(made.high - made.low)) return false;
        if (made.default_value < 0 || made.default_value > 1) return false;
        if ((f[7] != "linear" && f[7] != "log") || (made.logarithmic && made.low <= 0)) return false;
        const bool whole_ends = std::floor(made.low) == made.low && std::floor(made.high) == made.high;
        const std::size_t labels = made.labels.size();
        if (made.kind == Kind::number) return labels == 0;
        if (made.kind == Kind::integer) return labels == 0 && whole_ends && made.high - made.low <= 1 << 20;
        const bool fitting = labels >= 2 && labels <= 256 && made.high == static_cast<double>(labels - 1);
        return fitting && made.low == 0 && !made.logarithmic && (made.kind == Kind::list || labels == 2);
    }

    bool program(const Fields& f) {
        if (f.size() != 3 || f[1].empty() || f[2].empty() || made_.programs.size() == kMostPrograms) return false;
        const bool plain = f[2].find_first_of("/\\:") == f[2].npos && f[2].front() != '.' && f[2].size() <= 255;
        if (plain) made_.programs.push_back({std::string(f[1]), std::string(f[2]), {}});
        return plain;
    }

    bool has_unit(std::int32_t id) const {
        for (const auto& unit : made_.units)
            if (unit.id == id) return true;
        return false;
    }

    Manifest& made_;
    std::set<std::uint32_t> ids_;
    std::ptrdiff_t at_ = -1;  // place of the last line's word in `kOrder`
};

bool read_programs(Manifest& manifest) {
    for (auto& program : manifest.programs) {
        const auto bytes = read_file(manifest.folder + "/" + program.file, kMostStateBytes);
        const auto state = bytes ? parse_state(*bytes) : std::nullopt;
        if (!state) return false;
        program.state = *state;
    }
    return true;
}

ParsedManifest read_own() {
    const std::string binary = platform::own_path();
    const std::string inside = binary.substr(0, binary.find_last_of("/\\"));
    const std::string folder = inside.substr(0, inside.find_last_of("/\\")) + "/Resources";
    const auto text = read_file(folder + "/manifest.tsv", kMostBytes);
    ParsedManifest parsed;
    if (text) parsed = parse_manifest(*text);
    else parsed.error = "cannot be read";
    if (parsed.manifest) parsed.manifest->folder = folder;
    if (parsed.manifest && !read_programs(*parsed.manifest)) {
        parsed.manifest.reset();
        parsed.error = "one of its programs is no state";
    }
    if (!parsed.manifest) platform::write_error(folder + "/manifest.tsv: " + parsed.error);
    return parsed;
}

}  // namespace

const Latency* Manifest::at_rate(double rate) const {
    for (const auto& latency : latencies)
        if (latency.rate == rate) return &latency;
    return nullptr;
}

ParsedManifest parse_manifest(std::string_view text) {
    ParsedManifest parsed;
    if (text.size() > kMostBytes) {
        parsed.error = "is longer than 1 MiB";
        return parsed;
    }
    Manifest manifest;
    Reader reader(manifest);
    for (int number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        const auto fields = split(text.substr(0, end));
        if (end == text.npos || !fields || !reader.line(*fields)) {
            parsed.error = "line " + std::to_string(number) + " is not allowed there";
            return parsed;
        }
        text.remove_prefix(end + 1);
    }
    if (reader.complete()) parsed.manifest = std::move(manifest);
    else parsed.error = "ends too early";
    return parsed;
}

std::optional<std::string> read_file(const std::string& path, std::size_t most_bytes) {
    std::FILE* file = platform::open_to_read(path);
    if (file == nullptr) return std::nullopt;
    std::string text;
    char piece[1 << 14];
    std::size_t got = 0;
    while (text.size() <= most_bytes && (got = std::fread(piece, 1, sizeof piece, file)) > 0) text.append(piece, got);
    const bool whole_file = std::ferror(file) == 0 && text.size() <= most_bytes;
    std::fclose(file);
    if (!whole_file) return std::nullopt;
    return text;
}

const ParsedManifest& own_manifest() {
    static const ParsedManifest parsed = read_own();
    return parsed;
}

}  // namespace shell
