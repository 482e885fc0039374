#include "parameters.hpp"

#include <algorithm>
#include <cmath>

namespace shell {
namespace {

constexpr double kMostDropouts = 9999;

ParameterSpec list(std::uint32_t id, const char* title, std::vector<std::string> labels) {
    ParameterSpec made;
    made.id = id;
    made.kind = Kind::list;
    made.title = title;
    made.high = static_cast<double>(labels.size()) - 1;
    made.labels = std::move(labels);
    return made;
}

ParameterSpec bypass() {
    auto made = list(kBypassId, "Bypass", {"off", "on"});
    made.kind = Kind::toggle;
    return made;
}

ParameterSpec program_choice(const Manifest& manifest) {
    std::vector<std::string> names;
    for (const auto& program : manifest.programs) names.push_back(program.name);
    return list(kProgramId, "Program", std::move(names));
}

ParameterSpec dropouts() {
    ParameterSpec made;
    made.id = kDropoutsId;
    made.kind = Kind::integer;
    made.title = "Dropouts";
    made.high = kMostDropouts;
    made.read_only = true;
    return made;
}

ParameterSpec engine_word() {
    auto made = list(kEngineId, "Engine",
                     {"off", "starting", "ready", "learning", "needs learning", "restarting", "failed"});
    made.read_only = true;
    return made;
}

}  // namespace

double kept_normalized(double value, double otherwise) {
    return std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : otherwise;
}

Parameters::Parameters(const Manifest& manifest) : manifest_(manifest), specs_(manifest.parameters) {
    bypass_ = specs_.size();
    specs_.push_back(bypass());
    if (manifest.programs.size() >= 2) specs_.push_back(program_choice(manifest));
    specs_.push_back(dropouts());
    specs_.push_back(engine_word());
    values_ = std::vector<Value>(specs_.size());
    for (std::size_t i = 0; i < specs_.size(); ++i) {
        places_[specs_[i].id] = i;
        set_sounding(i, specs_[i].default_value);
        set_shown(i, specs_[i].default_value);
    }
}

std::optional<std::size_t> Parameters::index_of(std::uint32_t id) const {
    const auto place = places_.find(id);
    if (place == places_.end()) return std::nullopt;
    return place->second;
}

void Parameters::set_sounding(std::size_t index, double value) {
    values_[index].sounding.store(kept_normalized(value, sounding(index)), std::memory_order_relaxed);
}

void Parameters::set_shown(std::size_t index, double value) {
    values_[index].shown.store(kept_normalized(value, shown(index)), std::memory_order_relaxed);
}

bool Parameters::learning() const {
    for (std::size_t i = 0; i < engine_count(); ++i)
        if (specs_[i].transient && sounding(i) >= 0.5) return true;
    return false;
}

void Parameters::load_sounding(const SavedState& state, Part part) {
    for (std::size_t i = 0; i < (part == Part::all ? specs_.size() : engine_count()); ++i)
        if (in_states(i)) set_sounding(i, from_state(state, i));
}

void Parameters::load_shown(const SavedState& state, Part part) {
    for (std::size_t i = 0; i < (part == Part::all ? specs_.size() : engine_count()); ++i)
        if (in_states(i)) set_shown(i, from_state(state, i));
}

SavedState Parameters::saved() const {
    SavedState state;
    for (std::size_t i = 0; i < specs_.size(); ++i)
        if (in_states(i)) state.values.push_back({specs_[i].id, sounding(i)});
    return state;
}

const ProgramSpec* Parameters::program(double normalized) const {
    const auto place = index_of(kProgramId);
    if (!place) return nullptr;
    return &manifest_.programs[static_cast<std::size_t>(specs_[*place].to_plain(normalized))];
}

bool Parameters::in_states(std::size_t index) const {
    return !specs_[index].transient && !specs_[index].read_only;
}

double Parameters::from_state(const SavedState& state, std::size_t index) const {
    return state.value(specs_[index].id).value_or(specs_[index].default_value);
}

}  // namespace shell
