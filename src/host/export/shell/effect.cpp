// The effect as component and processor.
#include "effect.hpp"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <cstring>

#include "text.hpp"

namespace shell {
namespace {

constexpr std::size_t kMostChanges = 2048;  // told within one block; of more, the last of each parameter

bool is_one_bus(std::int32_t media, std::int32_t index) { return media == vst3::kAudio && index == 0; }

int channels_of(vst3::Speakers speakers) { return static_cast<int>(std::bitset<64>(speakers).count()); }

std::string name_of(vst3::FUnknown* context) {
    void* object = nullptr;
    const auto* id = reinterpret_cast<const std::int8_t*>(vst3::kHostApplicationId.bytes);
    if (context == nullptr || context->queryInterface(id, &object) != vst3::kOk || object == nullptr) return {};
    auto* host = static_cast<vst3::IHostApplication*>(object);
    vst3::Text name = {};
    const auto result = host->getName(name);
    host->release();
    return result == vst3::kOk ? to_utf8(name, 128) : std::string();
}

bool is_silent(const float* samples, std::int32_t count) {
    return std::all_of(samples, samples + count, [](float sample) { return sample == 0; });
}

}  // namespace

Effect::Effect(const Manifest& manifest)
    : manifest_(manifest), parameters_(manifest), engine_(manifest), stream_(engine_, parameters_),
      rate_(manifest.at_rate(44100) != nullptr ? 44100 : manifest.latencies[0].rate) {
    changes_.reserve(kMostChanges + kMostParameters + 8);
}

vst3::Result Effect::queryInterface(const vst3::Id id, void** object) {
    if (object == nullptr) return vst3::kInvalidArgument;
    *object = nullptr;
    if (id == nullptr) return vst3::kInvalidArgument;
    if (same(id, vst3::kUnknownId) || same(id, vst3::kPluginBaseId) || same(id, vst3::kComponentId))
        *object = static_cast<vst3::IComponent*>(this);
    else if (same(id, vst3::kAudioProcessorId)) *object = static_cast<vst3::IAudioProcessor*>(this);
    else if (same(id, vst3::kEditControllerId)) *object = static_cast<vst3::IEditController*>(this);
    else if (same(id, vst3::kUnitInfoId)) *object = static_cast<vst3::IUnitInfo*>(this);
    else if (same(id, vst3::kContextRequirementsId)) *object = static_cast<vst3::IProcessContextRequirements*>(this);
    if (*object == nullptr) return vst3::kNoInterface;
    addRef();
    return vst3::kOk;
}

std::uint32_t Effect::addRef() { return ++references_; }

std::uint32_t Effect::release() {
    const std::uint32_t left = --references_;
    if (left == 0) delete this;
    return left;
}

vst3::Result Effect::initialize(vst3::FUnknown* context) {
    const std::string host = name_of(context);
    // It holds the lock that restartComponent takes while it loads a state (7.3, VST3PI::load_state).
    host_reads_again_ = host.rfind("Ardour", 0) == 0 || host.rfind("Mixbus", 0) == 0;
    return vst3::kOk;
}

vst3::Result Effect::terminate() {
    active_ = false;
    engine_.stop();
    setComponentHandler(nullptr);
    return vst3::kOk;
}

// Component ---------------------------------------------------------------------------------------------------

vst3::Result Effect::getControllerClassId(vst3::Id) { return vst3::kNotImplemented; }  // it is this object
vst3::Result Effect::setIoMode(std::int32_t) { return vst3::kNotImplemented; }
std::int32_t Effect::getBusCount(std::int32_t media, std::int32_t) { return media == vst3::kAudio ? 1 : 0; }

vst3::Result Effect::getBusInfo(std::int32_t media, std::int32_t direction, std::int32_t index, vst3::BusInfo& info) {
    if (!is_one_bus(media, index) || (direction != vst3::kInput && direction != vst3::kOutput))
        return vst3::kInvalidArgument;
    info = {vst3::kAudio, direction, channels_, {}, 0, vst3::kDefaultActive};
    to_utf16(direction == vst3::kInput ? "Input" : "Output", info.name, 128);
    return vst3::kOk;
}

vst3::Result Effect::getRoutingInfo(vst3::RoutingInfo&, vst3::RoutingInfo&) { return vst3::kNotImplemented; }

vst3::Result Effect::activateBus(std::int32_t media, std::int32_t, std::int32_t index, vst3::Bool) {
    return is_one_bus(media, index) ? vst3::kOk : vst3::kInvalidArgument;
}

// Hosts call it many times, from any thread: the engine is started and waited for the first time alone.
vst3::Result Effect::setActive(vst3::Bool active) {
    active_ = active != 0;
    if (!active_) return vst3::kOk;
    const Latency* latency = this->latency();
    engine_.start(Stream::capacity_for(latency->samples, rate_));
    stream_.prepare({rate_, latency->samples, max_block_, channels_});
    stream_.reset();
    failed_ = false;
    tell_again_ = true;
    if (!waited_) engine_.wait_ready(engine_.timeouts.first_wait);
    waited_ = true;
    return vst3::kOk;
}

vst3::Result Effect::setState(vst3::IBStream* stream) {
    if (stream == nullptr) return vst3::kInvalidArgument;
    const auto bytes = read_all(*stream);
    const auto state = bytes ? parse_state(*bytes) : std::nullopt;
    if (!state) return vst3::kFalse;
    parameters_.load_sounding(*state, Parameters::Part::all);
    engine_.give(state->opaque);
    loaded_ = true;
    return vst3::kOk;
}

vst3::Result Effect::getState(vst3::IBStream* stream) {
    if (stream == nullptr) return vst3::kInvalidArgument;
    if (renders_) engine_.settle(parameters_.learning());
    SavedState state = parameters_.saved();
    state.opaque = engine_.opaque();
    return write_all(*stream, write_state(state)) ? vst3::kOk : vst3::kFalse;
}

// Processor ---------------------------------------------------------------------------------------------------

vst3::Result Effect::setBusArrangements(
    vst3::Speakers* inputs, std::int32_t input_count, vst3::Speakers* outputs, std::int32_t output_count) {
    if (input_count != 1 || output_count != 1 || inputs == nullptr || outputs == nullptr || active_)
        return vst3::kFalse;
    const int channels = channels_of(inputs[0]);
    if (inputs[0] != outputs[0] || channels < 1 || channels > kMostChannels) return vst3::kFalse;
    channels_ = channels;
    speakers_ = inputs[0];
    return vst3::kOk;
}

vst3::Result Effect::getBusArrangement(std::int32_t direction, std::int32_t index, vst3::Speakers& speakers) {
    if (index != 0 || (direction != vst3::kInput && direction != vst3::kOutput)) return vst3::kInvalidArgument;
    speakers = speakers_;
    return vst3::kOk;
}

vst3::Result Effect::canProcessSampleSize(std::int32_t size) {
    return size == vst3::kSample32 ? vst3::kOk : vst3::kFalse;
}

// The same live and offline, whatever the settings are.
std::uint32_t Effect::getLatencySamples() { return latency()->samples; }

vst3::Result Effect::setupProcessing(vst3::ProcessSetup& setup) {
    const bool known = setup.sample_size == vst3::kSample32 && manifest_.at_rate(setup.sample_rate) != nullptr;
    if (!known || (active_ && setup.sample_rate != rate_)) return vst3::kFalse;
    rate_ = setup.sample_rate;
    max_block_ = static_cast<std::uint32_t>(std::max(setup.max_block, 1));
    return vst3::kOk;  // its mode is no promise: each block says its own
}

vst3::Result Effect::setProcessing(vst3::Bool) { return vst3::kOk; }
std::uint32_t Effect::getTailSamples() { return 0; }
std::uint32_t Effect::getProcessContextRequirements() { return 0; }

vst3::Result Effect::process(vst3::ProcessData& data) {
    if (loaded_.exchange(false)) stream_.values_changed();
    collect(data.input_changes, data.samples);
    const bool only_changes = data.samples <= 0 || (data.input_count == 0 && data.output_count == 0);
    vst3::Result result = vst3::kOk;
    if (only_changes || !fits(data))
        for (const Change& change : changes_) apply(change, false);
    if (!only_changes) result = fits(data) ? process_sound(data) : refuse(data);
    dropouts_ = stream_.dropouts();
    failed_ = stream_.failed();
    renders_ = stream_.offline();
    if (data.output_changes != nullptr) report(*data.output_changes);
    return result;
}

// Buffers that are not as agreed are given silence as far as they are there.
vst3::Result Effect::refuse(vst3::ProcessData& data) {
    for (std::int32_t bus = 0; data.outputs != nullptr && bus < data.output_count; ++bus) {
        auto& out = data.outputs[bus];
        for (std::int32_t channel = 0; out.samples32 != nullptr && channel < out.channels; ++channel)
            if (out.samples32[channel] != nullptr && data.sample_size == vst3::kSample32)
                std::fill_n(out.samples32[channel], data.samples, 0.0f);
        out.silence_flags = ~std::uint64_t{0} >> (64 - std::clamp(out.channels, 1, 64));
    }
    return vst3::kInvalidArgument;
}

bool Effect::fits(const vst3::ProcessData& data) const {
    if (!active_ || !engine_.started() || data.sample_size != vst3::kSample32 || data.samples <= 0) return false;
    if (data.input_count < 1 || data.inputs == nullptr) return false;
    if (data.output_count < 1 || data.outputs == nullptr) return false;
    const auto& in = data.inputs[0];
    const auto& out = data.outputs[0];
    if (in.channels != channels_ || out.channels != channels_ || in.samples32 == nullptr || out.samples32 == nullptr)
        return false;
    for (int channel = 0; channel < channels_; ++channel)
        if (in.samples32[channel] == nullptr || out.samples32[channel] == nullptr) return false;
    return true;
}

vst3::Result Effect::process_sound(vst3::ProcessData& data) {
    const bool offline = data.mode == vst3::kOffline;
    const bool begins = stream_.begins(offline);
    auto next = changes_.begin();
    for (; begins && next != changes_.end() && next->offset == 0; ++next) apply(*next, false);
    stream_.open(offline, parameters_.bypassed());
    for (; next != changes_.end(); ++next) apply(*next, true);
    changes_.clear();
    auto& out = data.outputs[0];
    const Stream::Block block = {
        data.inputs[0].samples32, out.samples32, data.samples, parameters_.bypassed(), listening_};
    const auto outcome = stream_.process(block);
    out.silence_flags = 0;
    for (int channel = 0; channel < channels_; ++channel)
        if (is_silent(out.samples32[channel], data.samples)) out.silence_flags |= std::uint64_t{1} << channel;
    return outcome == Stream::Outcome::failed ? vst3::kInternalError : vst3::kOk;
}

// Changes of this block in the order in which they take effect.
void Effect::collect(vst3::IParameterChanges* changes, std::int32_t samples) {
    changes_.clear();
    program_loaded_ = false;
    if (changes == nullptr) return;
    const std::int32_t queues = changes->getParameterCount();
    for (std::int32_t i = 0; i < queues; ++i)
        if (vst3::IParamValueQueue* queue = changes->getParameterData(i)) collect(*queue, samples);
    std::sort(changes_.begin(), changes_.end(), [](const Change& one, const Change& other) {
        return one.offset != other.offset ? one.offset < other.offset : one.order < other.order;
    });
}

void Effect::collect(vst3::IParamValueQueue& queue, std::int32_t samples) {
    const auto index = parameters_.index_of(queue.getParameterId());
    if (!index || parameters_.spec(*index).read_only) return;
    const std::int32_t points = queue.getPointCount();
    const bool room = points >= 0 && changes_.size() + static_cast<std::size_t>(points) <= kMostChanges;
    for (std::int32_t i = room ? 0 : std::max(points - 1, 0); i < points; ++i) {
        std::int32_t offset = 0;
        double value = 0;
        if (changes_.size() == changes_.capacity() || queue.getPoint(i, offset, value) != vst3::kOk) return;
        if (!std::isfinite(value)) continue;
        const auto order = static_cast<std::uint32_t>(changes_.size());
        const auto kept = static_cast<std::uint32_t>(std::clamp(offset, 0, std::max(samples - 1, 0)));
        changes_.push_back({kept, order, static_cast<std::uint32_t>(*index), value});
    }
}

void Effect::apply(const Change& change, bool tell) {
    const ProgramSpec* before = parameters_.program(parameters_.sounding(change.parameter));
    parameters_.set_sounding(change.parameter, change.value);
    const ProgramSpec* now = parameters_.program(parameters_.sounding(change.parameter));
    if (parameters_.spec(change.parameter).id == kProgramId) {
        // A host that restores a session repeats the program that was chosen: the values are the state's then.
        if (now != before) load_program(*now);
    } else if (!tell) stream_.values_changed();
    else if (change.parameter < parameters_.engine_count())
        stream_.change(change.parameter, change.offset, parameters_.sounding(change.parameter));
}

void Effect::load_program(const ProgramSpec& program) {
    parameters_.load_sounding(program.state, Parameters::Part::engine);
    engine_.give(program.state.opaque);
    stream_.values_changed();
    program_loaded_ = true;
}

void Effect::report(vst3::IParameterChanges& changes) {
    const double dropouts = dropouts_value(), word = engine_value(engine_.status());
    const bool again = tell_again_.exchange(false);
    if (again || told_dropouts_ != dropouts) report(changes, *parameters_.index_of(kDropoutsId), dropouts);
    if (again || told_engine_ != word) report(changes, *parameters_.index_of(kEngineId), word);
    told_dropouts_ = dropouts;
    told_engine_ = word;
    for (std::size_t i = 0; program_loaded_ && i < parameters_.engine_count(); ++i)
        report(changes, i, parameters_.sounding(i));
}

void Effect::report(vst3::IParameterChanges& changes, std::size_t index, double value) {
    std::int32_t place = 0;
    vst3::IParamValueQueue* queue = changes.addParameterData(parameters_.spec(index).id, place);
    if (queue != nullptr) queue->addPoint(0, value, place);
}

}  // namespace shell
