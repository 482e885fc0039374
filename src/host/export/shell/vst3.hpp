// The part of the VST 3 binary interface that an effect needs: order of virtual functions, layout of structures
// and the ids of interfaces, declared here anew. No code of any development kit is used.
//
// What counts is the binary form: names follow the published documentation so that readers find their way.
// FUnknown has no virtual destructor: one would move every function in the tables behind it.
#pragma once

#include <cstdint>
#include <cstring>

namespace vst3 {

#if defined(_WIN32)
#define VST3_CALL __stdcall
#else
#define VST3_CALL
#endif

using Result = std::int32_t;
using Bool = std::uint8_t;
using Char16 = char16_t;
using Text = Char16[128];
using ParameterId = std::uint32_t;
using Normalized = double;  // a parameter's value from 0 to 1
using Id = std::int8_t[16];
using Speakers = std::uint64_t;  // one bit a loudspeaker

#if defined(_WIN32)  // COM's own results
enum : Result {
    kNoInterface = static_cast<Result>(0x80004002L),
    kOk = 0,
    kFalse = 1,
    kInvalidArgument = static_cast<Result>(0x80070057L),
    kNotImplemented = static_cast<Result>(0x80004001L),
    kInternalError = static_cast<Result>(0x80004005L),
};
#else
enum : Result {
    kNoInterface = -1,
    kOk = 0,
    kFalse = 1,
    kInvalidArgument = 2,
    kNotImplemented = 3,
    kInternalError = 4,
};
#endif

struct InterfaceId {
    std::uint8_t bytes[16];
};

// Interfaces are named by four 32-bit words; Windows lays their bytes as COM does.
constexpr InterfaceId interface_id(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
    const std::uint32_t words[4] = {a, b, c, d};
    InterfaceId id{};
    for (int word = 0; word < 4; ++word)
        for (int byte = 0; byte < 4; ++byte)
            id.bytes[4 * word + byte] = static_cast<std::uint8_t>(words[word] >> (24 - 8 * byte));
#if defined(_WIN32)
    constexpr int order[8] = {3, 2, 1, 0, 5, 4, 7, 6};
    const InterfaceId plain = id;
    for (int byte = 0; byte < 8; ++byte) id.bytes[byte] = plain.bytes[order[byte]];
#endif
    return id;
}

inline bool same(const Id one, const InterfaceId& other) { return std::memcmp(one, other.bytes, 16) == 0; }

constexpr InterfaceId kUnknownId = interface_id(0x00000000, 0x00000000, 0xC0000000, 0x00000046);
constexpr InterfaceId kPluginBaseId = interface_id(0x22888DDB, 0x156E45AE, 0x8358B348, 0x08190625);
constexpr InterfaceId kFactoryId = interface_id(0x7A4D811C, 0x52114A1F, 0xAED9D2EE, 0x0B43BF9F);
constexpr InterfaceId kFactory2Id = interface_id(0x0007B650, 0xF24B4C0B, 0xA464EDB9, 0xF00B2ABB);
constexpr InterfaceId kFactory3Id = interface_id(0x4555A2AB, 0xC1234E57, 0x9B122910, 0x36878931);
constexpr InterfaceId kComponentId = interface_id(0xE831FF31, 0xF2D54301, 0x928EBBEE, 0x25697802);
constexpr InterfaceId kAudioProcessorId = interface_id(0x42043F99, 0xB7DA453C, 0xA569E79D, 0x9AAEC33D);
constexpr InterfaceId kContextRequirementsId = interface_id(0x2A654303, 0xEF764E3D, 0x95B5FE83, 0x730EF6D0);
constexpr InterfaceId kEditControllerId = interface_id(0xDCD7BBE3, 0x7742448D, 0xA874AACC, 0x979C759E);
constexpr InterfaceId kUnitInfoId = interface_id(0x3D4BD6B5, 0x913A4FD2, 0xA886E768, 0xA5EB92C1);
constexpr InterfaceId kStreamId = interface_id(0xC3BF6EA2, 0x30994752, 0x9B6BF990, 0x1EE33E9B);
constexpr InterfaceId kComponentHandlerId = interface_id(0x93A0BEA3, 0x0BD045DB, 0x8E890B0C, 0xC1E46AC6);
constexpr InterfaceId kHostApplicationId = interface_id(0x58E595CC, 0xDB2D4969, 0x8B6AAF8C, 0x36A664E5);
constexpr InterfaceId kParameterChangesId = interface_id(0xA4779663, 0x0BB64A56, 0xB44384A8, 0x466FEB9D);
constexpr InterfaceId kValueQueueId = interface_id(0x01263A18, 0xED074F6F, 0x98C9D356, 0x4686F9BA);

// Objects -----------------------------------------------------------------------------------------------------

struct FUnknown {
    virtual Result VST3_CALL queryInterface(const Id id, void** object) = 0;
    virtual std::uint32_t VST3_CALL addRef() = 0;
    virtual std::uint32_t VST3_CALL release() = 0;
};

struct IPluginBase : FUnknown {
    virtual Result VST3_CALL initialize(FUnknown* context) = 0;
    virtual Result VST3_CALL terminate() = 0;
};

struct IBStream : FUnknown {
    virtual Result VST3_CALL read(void* buffer, std::int32_t bytes, std::int32_t* done) = 0;
    virtual Result VST3_CALL write(void* buffer, std::int32_t bytes, std::int32_t* done) = 0;
    virtual Result VST3_CALL seek(std::int64_t position, std::int32_t mode, std::int64_t* result) = 0;
    virtual Result VST3_CALL tell(std::int64_t* position) = 0;
};

struct IHostApplication : FUnknown {
    virtual Result VST3_CALL getName(Text name) = 0;
    virtual Result VST3_CALL createInstance(Id class_id, Id interface, void** object) = 0;
};

// Factory -----------------------------------------------------------------------------------------------------

struct FactoryInfo {
    char vendor[64], url[256], email[128];
    std::int32_t flags;
};
constexpr std::int32_t kUnicode = 1 << 4;

struct ClassInfo {
    Id class_id;
    std::int32_t cardinality;
    char category[32], name[64];
};
constexpr std::int32_t kManyInstances = 0x7FFFFFFF;

struct ClassInfo2 {
    Id class_id;
    std::int32_t cardinality;
    char category[32], name[64];
    std::uint32_t flags;
    char subcategories[128], vendor[64], version[64], sdk_version[64];
};

struct ClassInfoW {
    Id class_id;
    std::int32_t cardinality;
    char category[32];
    Char16 name[64];
    std::uint32_t flags;
    char subcategories[128];
    Char16 vendor[64], version[64], sdk_version[64];
};

struct IPluginFactory : FUnknown {
    virtual Result VST3_CALL getFactoryInfo(FactoryInfo* info) = 0;
    virtual std::int32_t VST3_CALL countClasses() = 0;
    virtual Result VST3_CALL getClassInfo(std::int32_t index, ClassInfo* info) = 0;
    virtual Result VST3_CALL createInstance(const char* class_id, const char* interface, void** object) = 0;
};

struct IPluginFactory2 : IPluginFactory {
    virtual Result VST3_CALL getClassInfo2(std::int32_t index, ClassInfo2* info) = 0;
};

struct IPluginFactory3 : IPluginFactory2 {
    virtual Result VST3_CALL getClassInfoUnicode(std::int32_t index, ClassInfoW* info) = 0;
    virtual Result VST3_CALL setHostContext(FUnknown* context) = 0;
};

// Component ---------------------------------------------------------------------------------------------------

enum : std::int32_t { kAudio = 0, kEvent = 1 };
enum : std::int32_t { kInput = 0, kOutput = 1 };
constexpr std::uint32_t kDefaultActive = 1;

struct BusInfo {
    std::int32_t media_type, direction, channels;
    Text name;
    std::int32_t bus_type;
    std::uint32_t flags;
};

struct RoutingInfo {
    std::int32_t media_type, bus, channel;
};

struct IComponent : IPluginBase {
    virtual Result VST3_CALL getControllerClassId(Id id) = 0;
    virtual Result VST3_CALL setIoMode(std::int32_t mode) = 0;
    virtual std::int32_t VST3_CALL getBusCount(std::int32_t media, std::int32_t direction) = 0;
    virtual Result VST3_CALL getBusInfo(
        std::int32_t media, std::int32_t direction, std::int32_t index, BusInfo& info) = 0;
    virtual Result VST3_CALL getRoutingInfo(RoutingInfo& input, RoutingInfo& output) = 0;
    virtual Result VST3_CALL activateBus(
        std::int32_t media, std::int32_t direction, std::int32_t index, Bool active) = 0;
    virtual Result VST3_CALL setActive(Bool active) = 0;
    virtual Result VST3_CALL setState(IBStream* stream) = 0;
    virtual Result VST3_CALL getState(IBStream* stream) = 0;
};

// Audio -------------------------------------------------------------------------------------------------------

enum : std::int32_t { kRealtime = 0, kPrefetch = 1, kOffline = 2 };
enum : std::int32_t { kSample32 = 0, kSample64 = 1 };
constexpr Speakers kStereo = 3, kMono = Speakers{1} << 19;

struct ProcessSetup {
    std::int32_t mode, sample_size, max_block;
    double sample_rate;
};

struct IParamValueQueue : FUnknown {
    virtual ParameterId VST3_CALL getParameterId() = 0;
    virtual std::int32_t VST3_CALL getPointCount() = 0;
    virtual Result VST3_CALL getPoint(std::int32_t index, std::int32_t& offset, Normalized& value) = 0;
    virtual Result VST3_CALL addPoint(std::int32_t offset, Normalized value, std::int32_t& index) = 0;
};

struct IParameterChanges : FUnknown {
    virtual std::int32_t VST3_CALL getParameterCount() = 0;
    virtual IParamValueQueue* VST3_CALL getParameterData(std::int32_t index) = 0;
    virtual IParamValueQueue* VST3_CALL addParameterData(const ParameterId& id, std::int32_t& index) = 0;
};

struct AudioBusBuffers {
    std::int32_t channels;
    std::uint64_t silence_flags;
    union {
        float** samples32;
        double** samples64;
    };
};

struct ProcessData {
    std::int32_t mode, sample_size, samples, input_count, output_count;
    AudioBusBuffers *inputs, *outputs;
    IParameterChanges *input_changes, *output_changes;
    void *input_events, *output_events, *context;
};

struct IAudioProcessor : FUnknown {
    virtual Result VST3_CALL setBusArrangements(
        Speakers* inputs, std::int32_t input_count, Speakers* outputs, std::int32_t output_count) = 0;
    virtual Result VST3_CALL getBusArrangement(std::int32_t direction, std::int32_t index, Speakers& speakers) = 0;
    virtual Result VST3_CALL canProcessSampleSize(std::int32_t size) = 0;
    virtual std::uint32_t VST3_CALL getLatencySamples() = 0;
    virtual Result VST3_CALL setupProcessing(ProcessSetup& setup) = 0;
    virtual Result VST3_CALL setProcessing(Bool on) = 0;
    virtual Result VST3_CALL process(ProcessData& data) = 0;
    virtual std::uint32_t VST3_CALL getTailSamples() = 0;
};

struct IProcessContextRequirements : FUnknown {
    virtual std::uint32_t VST3_CALL getProcessContextRequirements() = 0;
};

// Controller --------------------------------------------------------------------------------------------------

enum : std::int32_t { kCanAutomate = 1, kReadOnly = 2, kIsList = 8, kIsProgramChange = 1 << 15, kIsBypass = 1 << 16 };
enum : std::int32_t { kParamValuesChanged = 4 };
constexpr std::int32_t kRootUnit = 0, kNoParentUnit = -1, kNoProgramList = -1;

struct ParameterInfo {
    ParameterId id;
    Text title, short_title, units;
    std::int32_t step_count;
    Normalized default_value;
    std::int32_t unit_id, flags;
};

struct IComponentHandler : FUnknown {
    virtual Result VST3_CALL beginEdit(ParameterId id) = 0;
    virtual Result VST3_CALL performEdit(ParameterId id, Normalized value) = 0;
    virtual Result VST3_CALL endEdit(ParameterId id) = 0;
    virtual Result VST3_CALL restartComponent(std::int32_t flags) = 0;
};

// Its state functions have the names of the component's in the documentation; one object that is both needs two.
struct IEditController : IPluginBase {
    virtual Result VST3_CALL setComponentState(IBStream* stream) = 0;
    virtual Result VST3_CALL setControllerState(IBStream* stream) = 0;
    virtual Result VST3_CALL getControllerState(IBStream* stream) = 0;
    virtual std::int32_t VST3_CALL getParameterCount() = 0;
    virtual Result VST3_CALL getParameterInfo(std::int32_t index, ParameterInfo& info) = 0;
    virtual Result VST3_CALL getParamStringByValue(ParameterId id, Normalized value, Text text) = 0;
    virtual Result VST3_CALL getParamValueByString(ParameterId id, Char16* text, Normalized& value) = 0;
    virtual double VST3_CALL normalizedParamToPlain(ParameterId id, Normalized value) = 0;
    virtual Normalized VST3_CALL plainParamToNormalized(ParameterId id, double plain) = 0;
    virtual Normalized VST3_CALL getParamNormalized(ParameterId id) = 0;
    virtual Result VST3_CALL setParamNormalized(ParameterId id, Normalized value) = 0;
    virtual Result VST3_CALL setComponentHandler(IComponentHandler* handler) = 0;
    virtual void* VST3_CALL createView(const char* name) = 0;
};

struct UnitInfo {
    std::int32_t id, parent_id;
    Text name;
    std::int32_t program_list_id;
};

struct ProgramListInfo {
    std::int32_t id;
    Text name;
    std::int32_t program_count;
};

struct IUnitInfo : FUnknown {
    virtual std::int32_t VST3_CALL getUnitCount() = 0;
    virtual Result VST3_CALL getUnitInfo(std::int32_t index, UnitInfo& info) = 0;
    virtual std::int32_t VST3_CALL getProgramListCount() = 0;
    virtual Result VST3_CALL getProgramListInfo(std::int32_t index, ProgramListInfo& info) = 0;
    virtual Result VST3_CALL getProgramName(std::int32_t list, std::int32_t program, Text name) = 0;
    virtual Result VST3_CALL getProgramInfo(
        std::int32_t list, std::int32_t program, const char* attribute, Text value) = 0;
    virtual Result VST3_CALL hasProgramPitchNames(std::int32_t list, std::int32_t program) = 0;
    virtual Result VST3_CALL getProgramPitchName(
        std::int32_t list, std::int32_t program, std::int16_t pitch, Text name) = 0;
    virtual std::int32_t VST3_CALL getSelectedUnit() = 0;
    virtual Result VST3_CALL selectUnit(std::int32_t unit) = 0;
    virtual Result VST3_CALL getUnitByBus(
        std::int32_t media, std::int32_t direction, std::int32_t bus, std::int32_t channel, std::int32_t& unit) = 0;
    virtual Result VST3_CALL setUnitProgramData(std::int32_t list, std::int32_t program, IBStream* data) = 0;
};

static_assert(sizeof(FactoryInfo) == 452 && sizeof(ClassInfo) == 116, "layout of the factory's structures");
static_assert(sizeof(ClassInfo2) == 440 && sizeof(ClassInfoW) == 696, "layout of the factory's structures");
static_assert(sizeof(BusInfo) == 276 && sizeof(RoutingInfo) == 12, "layout of the component's structures");
static_assert(sizeof(ProcessSetup) == 24 && sizeof(AudioBusBuffers) == 24, "layout of the processor's structures");
static_assert(sizeof(ProcessData) == 80, "layout of the processor's structures");
static_assert(sizeof(ParameterInfo) == 792, "layout of the controller's structures");
static_assert(sizeof(UnitInfo) == 268 && sizeof(ProgramListInfo) == 264, "layout of the units' structures");

}  // namespace vst3
