// The effect as controller: its parameters and programs as hosts show them.
#include <algorithm>

#include "effect.hpp"
#include "text.hpp"

namespace shell {
namespace {

constexpr std::int32_t kProgramList = 1;
constexpr std::size_t kTextUnits = 128;

}  // namespace

vst3::Result Effect::setComponentState(vst3::IBStream* stream) {
    if (stream == nullptr) return vst3::kInvalidArgument;
    const auto bytes = read_all(*stream);
    const auto state = bytes ? parse_state(*bytes) : std::nullopt;
    if (!state) return vst3::kFalse;
    parameters_.load_shown(*state, Parameters::Part::all);
    tell_values_changed();
    return vst3::kOk;
}

vst3::Result Effect::setControllerState(vst3::IBStream*) { return vst3::kNotImplemented; }  // it has none of its own
vst3::Result Effect::getControllerState(vst3::IBStream*) { return vst3::kNotImplemented; }

std::int32_t Effect::getParameterCount() { return static_cast<std::int32_t>(parameters_.count()); }

vst3::Result Effect::getParameterInfo(std::int32_t index, vst3::ParameterInfo& info) {
    if (index < 0 || index >= getParameterCount()) return vst3::kInvalidArgument;
    const ParameterSpec& spec = parameters_.spec(static_cast<std::size_t>(index));
    info = {};
    info.id = spec.id;
    to_utf16(spec.title, info.title, kTextUnits);
    to_utf16(spec.title, info.short_title, kTextUnits);
    to_utf16(spec.unit_text, info.units, kTextUnits);
    info.step_count = spec.steps();
    info.default_value = spec.default_value;
    info.unit_id = spec.unit;
    info.flags = spec.read_only ? vst3::kReadOnly : vst3::kCanAutomate;
    if (spec.kind == Kind::list) info.flags |= vst3::kIsList;
    if (spec.id == kBypassId) info.flags |= vst3::kIsBypass;
    if (spec.id == kProgramId) info.flags |= vst3::kIsProgramChange;
    return vst3::kOk;
}

vst3::Result Effect::getParamStringByValue(vst3::ParameterId id, vst3::Normalized value, vst3::Text text) {
    const auto index = parameters_.index_of(id);
    if (!index || text == nullptr) return vst3::kInvalidArgument;
    to_utf16(parameters_.spec(*index).text(value), text, kTextUnits);
    return vst3::kOk;
}

vst3::Result Effect::getParamValueByString(vst3::ParameterId id, vst3::Char16* text, vst3::Normalized& value) {
    const auto index = parameters_.index_of(id);
    if (!index || text == nullptr) return vst3::kInvalidArgument;
    const auto parsed = parameters_.spec(*index).parse(to_utf8(text, kTextUnits));
    if (!parsed) return vst3::kFalse;
    value = *parsed;
    return vst3::kOk;
}

double Effect::normalizedParamToPlain(vst3::ParameterId id, vst3::Normalized value) {
    const auto index = parameters_.index_of(id);
    return index ? parameters_.spec(*index).to_plain(value) : 0;
}

vst3::Normalized Effect::plainParamToNormalized(vst3::ParameterId id, double plain) {
    const auto index = parameters_.index_of(id);
    return index ? parameters_.spec(*index).to_normalized(plain) : 0;
}

vst3::Normalized Effect::getParamNormalized(vst3::ParameterId id) {
    const auto index = parameters_.index_of(id);
    if (!index) return 0;
    if (parameters_.spec(*index).read_only) tell_again_ = true;
    return shown(*index);
}

double Effect::shown(std::size_t index) const {
    const std::uint32_t id = parameters_.spec(index).id;
    if (id == kDropoutsId) return dropouts_value();
    if (id == kEngineId) return engine_value(engine_.status_at_any_time());
    return parameters_.shown(index);
}

double Effect::dropouts_value() const {
    return parameters_.spec(*parameters_.index_of(kDropoutsId)).to_normalized(dropouts_.load());
}

double Effect::engine_value(std::uint32_t status) const {
    return parameters_.spec(*parameters_.index_of(kEngineId)).to_normalized(static_cast<double>(engine_word(status)));
}

EngineWord Effect::engine_word(std::uint32_t status) const {
    const auto state = engine_.state();
    if (state == Engine::State::failed || failed_) return EngineWord::failed;
    if (state == Engine::State::off) return EngineWord::off;
    if (state == Engine::State::starting)
        return engine_.generation() == 0 ? EngineWord::starting : EngineWord::restarting;
    if ((status & kStatusFault) != 0) return EngineWord::failed;
    if ((status & kStatusLearning) != 0) return EngineWord::learning;
    if ((status & kStatusNeedsFindings) != 0) return EngineWord::needs_learning;
    return (status & kStatusRestarting) != 0 ? EngineWord::restarting : EngineWord::ready;
}

vst3::Result Effect::setParamNormalized(vst3::ParameterId id, vst3::Normalized value) {
    const auto index = parameters_.index_of(id);
    if (!index) return vst3::kInvalidArgument;
    if (parameters_.spec(*index).read_only) return vst3::kOk;  // the host repeats what it was told
    const ProgramSpec* before = parameters_.program(parameters_.shown(*index));
    parameters_.set_shown(*index, value);
    const ProgramSpec* now = parameters_.program(parameters_.shown(*index));
    if (id != kProgramId || now == before) return vst3::kOk;
    parameters_.load_shown(now->state, Parameters::Part::engine);
    tell_values_changed();
    return vst3::kOk;
}

void Effect::tell_values_changed() {
    if (handler_ != nullptr && !host_reads_again_) handler_->restartComponent(vst3::kParamValuesChanged);
}

vst3::Result Effect::setComponentHandler(vst3::IComponentHandler* handler) {
    if (handler == handler_) return vst3::kOk;
    if (handler != nullptr) handler->addRef();
    if (handler_ != nullptr) handler_->release();
    handler_ = handler;
    return vst3::kOk;
}

// Units -------------------------------------------------------------------------------------------------------

std::int32_t Effect::getUnitCount() { return static_cast<std::int32_t>(manifest_.units.size()) + 1; }

vst3::Result Effect::getUnitInfo(std::int32_t index, vst3::UnitInfo& info) {
    if (index < 0 || index >= getUnitCount()) return vst3::kInvalidArgument;
    info = {vst3::kRootUnit, vst3::kNoParentUnit, {}, vst3::kNoProgramList};
    if (index == 0) {
        to_utf16(manifest_.name, info.name, kTextUnits);
        if (getProgramListCount() != 0) info.program_list_id = kProgramList;
        return vst3::kOk;
    }
    const UnitSpec& unit = manifest_.units[static_cast<std::size_t>(index) - 1];
    info.id = unit.id;
    info.parent_id = vst3::kRootUnit;
    to_utf16(unit.name, info.name, kTextUnits);
    return vst3::kOk;
}

std::int32_t Effect::getProgramListCount() { return parameters_.index_of(kProgramId) ? 1 : 0; }

vst3::Result Effect::getProgramListInfo(std::int32_t index, vst3::ProgramListInfo& info) {
    if (index < 0 || index >= getProgramListCount()) return vst3::kInvalidArgument;
    info = {kProgramList, {}, static_cast<std::int32_t>(manifest_.programs.size())};
    to_utf16("Presets", info.name, kTextUnits);
    return vst3::kOk;
}

const ProgramSpec* Effect::listed(std::int32_t list, std::int32_t program) const {
    const auto count = static_cast<std::int32_t>(manifest_.programs.size());
    const bool known = list == kProgramList && program >= 0 && program < count && count >= 2;
    return known ? &manifest_.programs[static_cast<std::size_t>(program)] : nullptr;
}

vst3::Result Effect::getProgramName(std::int32_t list, std::int32_t program, vst3::Text name) {
    const ProgramSpec* spec = listed(list, program);
    if (spec == nullptr || name == nullptr) return vst3::kInvalidArgument;
    to_utf16(spec->name, name, kTextUnits);
    return vst3::kOk;
}

vst3::Result Effect::getProgramInfo(std::int32_t, std::int32_t, const char*, vst3::Text) { return vst3::kFalse; }
vst3::Result Effect::hasProgramPitchNames(std::int32_t, std::int32_t) { return vst3::kFalse; }

vst3::Result Effect::getProgramPitchName(std::int32_t, std::int32_t, std::int16_t, vst3::Text) {
    return vst3::kFalse;
}

std::int32_t Effect::getSelectedUnit() { return vst3::kRootUnit; }
vst3::Result Effect::selectUnit(std::int32_t) { return vst3::kOk; }

vst3::Result Effect::getUnitByBus(
    std::int32_t media, std::int32_t, std::int32_t bus, std::int32_t, std::int32_t& unit) {
    if (media != vst3::kAudio || bus != 0) return vst3::kFalse;
    unit = vst3::kRootUnit;
    return vst3::kOk;
}

vst3::Result Effect::setUnitProgramData(std::int32_t, std::int32_t, vst3::IBStream*) { return vst3::kNotImplemented; }

}  // namespace shell
