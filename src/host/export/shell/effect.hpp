// One instance of the effect: component, processor and controller in one object.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "engine.hpp"
#include "manifest.hpp"
#include "parameters.hpp"
#include "stream.hpp"
#include "subject.hpp"
#include "vst3.hpp"

namespace shell {

class Effect final : public vst3::IComponent,
                     public vst3::IAudioProcessor,
                     public vst3::IEditController,
                     public vst3::IUnitInfo,
                     public vst3::IProcessContextRequirements,
                     public Subject {
public:
    explicit Effect(const Manifest& manifest);

    vst3::Result VST3_CALL queryInterface(const vst3::Id id, void** object) override;
    std::uint32_t VST3_CALL addRef() override;
    std::uint32_t VST3_CALL release() override;

    vst3::Result VST3_CALL initialize(vst3::FUnknown* context) override;
    vst3::Result VST3_CALL terminate() override;

    // IComponent
    vst3::Result VST3_CALL getControllerClassId(vst3::Id id) override;
    vst3::Result VST3_CALL setIoMode(std::int32_t mode) override;
    std::int32_t VST3_CALL getBusCount(std::int32_t media, std::int32_t direction) override;
    vst3::Result VST3_CALL getBusInfo(
        std::int32_t media, std::int32_t direction, std::int32_t index, vst3::BusInfo& info) override;
    vst3::Result VST3_CALL getRoutingInfo(vst3::RoutingInfo& input, vst3::RoutingInfo& output) override;
    vst3::Result VST3_CALL activateBus(
        std::int32_t media, std::int32_t direction, std::int32_t index, vst3::Bool active) override;
    vst3::Result VST3_CALL setActive(vst3::Bool active) override;
    vst3::Result VST3_CALL setState(vst3::IBStream* stream) override;
    vst3::Result VST3_CALL getState(vst3::IBStream* stream) override;

    // IAudioProcessor
    vst3::Result VST3_CALL setBusArrangements(
        vst3::Speakers* inputs, std::int32_t input_count, vst3::Speakers* outputs, std::int32_t output_count) override;
    vst3::Result VST3_CALL getBusArrangement(
        std::int32_t direction, std::int32_t index, vst3::Speakers& speakers) override;
    vst3::Result VST3_CALL canProcessSampleSize(std::int32_t size) override;
    std::uint32_t VST3_CALL getLatencySamples() override;
    vst3::Result VST3_CALL setupProcessing(vst3::ProcessSetup& setup) override;
    vst3::Result VST3_CALL setProcessing(vst3::Bool on) override;
    vst3::Result VST3_CALL process(vst3::ProcessData& data) override;
    std::uint32_t VST3_CALL getTailSamples() override;
    std::uint32_t VST3_CALL getProcessContextRequirements() override;

    // IEditController
    vst3::Result VST3_CALL setComponentState(vst3::IBStream* stream) override;
    vst3::Result VST3_CALL setControllerState(vst3::IBStream* stream) override;
    vst3::Result VST3_CALL getControllerState(vst3::IBStream* stream) override;
    std::int32_t VST3_CALL getParameterCount() override;
    vst3::Result VST3_CALL getParameterInfo(std::int32_t index, vst3::ParameterInfo& info) override;
    vst3::Result VST3_CALL getParamStringByValue(
        vst3::ParameterId id, vst3::Normalized value, vst3::Text text) override;
    vst3::Result VST3_CALL getParamValueByString(
        vst3::ParameterId id, vst3::Char16* text, vst3::Normalized& value) override;
    double VST3_CALL normalizedParamToPlain(vst3::ParameterId id, vst3::Normalized value) override;
    vst3::Normalized VST3_CALL plainParamToNormalized(vst3::ParameterId id, double plain) override;
    vst3::Normalized VST3_CALL getParamNormalized(vst3::ParameterId id) override;
    vst3::Result VST3_CALL setParamNormalized(vst3::ParameterId id, vst3::Normalized value) override;
    vst3::Result VST3_CALL setComponentHandler(vst3::IComponentHandler* handler) override;
    void* VST3_CALL createView(const char* name) override;

    // IUnitInfo
    std::int32_t VST3_CALL getUnitCount() override;
    vst3::Result VST3_CALL getUnitInfo(std::int32_t index, vst3::UnitInfo& info) override;
    std::int32_t VST3_CALL getProgramListCount() override;
    vst3::Result VST3_CALL getProgramListInfo(std::int32_t index, vst3::ProgramListInfo& info) override;
    vst3::Result VST3_CALL getProgramName(std::int32_t list, std::int32_t program, vst3::Text name) override;
    vst3::Result VST3_CALL getProgramInfo(
        std::int32_t list, std::int32_t program, const char* attribute, vst3::Text value) override;
    vst3::Result VST3_CALL hasProgramPitchNames(std::int32_t list, std::int32_t program) override;
    vst3::Result VST3_CALL getProgramPitchName(
        std::int32_t list, std::int32_t program, std::int16_t pitch, vst3::Text name) override;
    std::int32_t VST3_CALL getSelectedUnit() override;
    vst3::Result VST3_CALL selectUnit(std::int32_t unit) override;
    vst3::Result VST3_CALL getUnitByBus(std::int32_t media, std::int32_t direction, std::int32_t bus,
        std::int32_t channel, std::int32_t& unit) override;
    vst3::Result VST3_CALL setUnitProgramData(
        std::int32_t list, std::int32_t program, vst3::IBStream* data) override;

    // Subject
    const Parameters& parameters() const override { return parameters_; }
    Shown look() const override;
    void begin(std::size_t parameter) override;
    void perform(std::size_t parameter, double value) override;
    void end(std::size_t parameter) override;
    void listen(Listening listening) override { listening_ = listening; }

private:
    struct Change {
        std::uint32_t offset, order, parameter;
        double value;
    };

    ~Effect() = default;  // by `release` alone
    const Latency* latency() const { return manifest_.at_rate(rate_); }
    void collect(vst3::IParameterChanges* changes, std::int32_t samples);
    void collect(vst3::IParamValueQueue& queue, std::int32_t samples);
    void apply(const Change& change, bool tell);
    bool fits(const vst3::ProcessData& data) const;
    vst3::Result process_sound(vst3::ProcessData& data);
    void load_program(const ProgramSpec& program);
    static vst3::Result refuse(vst3::ProcessData& data);
    void report(vst3::IParameterChanges& changes);
    void report(vst3::IParameterChanges& changes, std::size_t index, double value);
    double shown(std::size_t index) const;
    double dropouts_value() const;
    double engine_value(std::uint32_t status) const;
    EngineWord engine_word(std::uint32_t status) const;
    void tell_values_changed();
    const ProgramSpec* listed(std::int32_t list, std::int32_t program) const;

    const Manifest& manifest_;
    Parameters parameters_;
    Engine engine_;
    Stream stream_;
    std::atomic<std::uint32_t> references_{1};
    std::atomic<bool> loaded_{false};  // a state, since the last block
    std::atomic<std::uint32_t> dropouts_{0};
    std::atomic<bool> failed_{false};
    std::atomic<bool> renders_{false};  // as of the last block
    std::atomic<Listening> listening_{Listening::out};
    vst3::IComponentHandler* handler_ = nullptr;
    bool active_ = false, waited_ = false;
    bool host_reads_again_ = false;  // values by itself, after a state or a program, and hangs if it is told to
    int channels_ = 2;
    vst3::Speakers speakers_ = vst3::kStereo;
    double rate_;
    std::uint32_t max_block_ = 8192;
    std::vector<Change> changes_;
    double told_dropouts_ = 0, told_engine_ = 0;  // by the last block that told the host
    std::atomic<bool> tell_again_{false};         // the host may have taken in something else since
    bool program_loaded_ = false;                 // in this block
};

}  // namespace shell
