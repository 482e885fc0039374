// The part of VST3's binary interface that a small effect needs, for Linux and macOS: the order of the
// functions in each interface, the layout of the structures, and the ids. Written from the published
// documentation; nothing of an SDK is used.
#pragma once
#include <cstdint>
#include <cstring>

namespace vst3 {

using Result = int32_t;
enum : Result { kNoInterface = -1, kOk = 0, kFalse = 1, kInvalid = 2, kNotImplemented = 3 };

using Tuid = int8_t[16];
using Char16 = char16_t;
using String128 = Char16[128];

struct Id {
  uint8_t bytes[16];
  bool is(const Tuid other) const { return std::memcmp(bytes, other, 16) == 0; }
};

constexpr Id id(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return Id{{uint8_t(a >> 24), uint8_t(a >> 16), uint8_t(a >> 8), uint8_t(a),
             uint8_t(b >> 24), uint8_t(b >> 16), uint8_t(b >> 8), uint8_t(b),
             uint8_t(c >> 24), uint8_t(c >> 16), uint8_t(c >> 8), uint8_t(c),
             uint8_t(d >> 24), uint8_t(d >> 16), uint8_t(d >> 8), uint8_t(d)}};
}

constexpr Id kUnknown = id(0, 0, 0xC0000000, 0x46);
constexpr Id kPluginBase = id(0x22888DDB, 0x156E45AE, 0x8358B348, 0x08190625);
constexpr Id kFactory = id(0x7A4D811C, 0x52114A1F, 0xAED9D2EE, 0x0B43BF9F);
constexpr Id kFactory2 = id(0x0007B650, 0xF24B4C0B, 0xA464EDB9, 0xF00B2ABB);
constexpr Id kComponent = id(0xE831FF31, 0xF2D54301, 0x928EBBEE, 0x25697802);
constexpr Id kAudioProcessor = id(0x42043F99, 0xB7DA453C, 0xA569E79D, 0x9AAEC33D);
constexpr Id kEditController = id(0xDCD7BBE3, 0x7742448D, 0xA874AACC, 0x979C759E);

// No virtual destructor anywhere: the table holds these functions and nothing else.
struct Unknown {
  virtual Result queryInterface(const Tuid id, void** object) = 0;
  virtual uint32_t addRef() = 0;
  virtual uint32_t release() = 0;
};

struct Stream : Unknown {
  virtual Result read(void* data, int32_t count, int32_t* done) = 0;
  virtual Result write(void* data, int32_t count, int32_t* done) = 0;
  virtual Result seek(int64_t position, int32_t mode, int64_t* result) = 0;
  virtual Result tell(int64_t* position) = 0;
};

struct FactoryInfo { char vendor[64], url[256], email[128]; int32_t flags; };
struct ClassInfo { Tuid cid; int32_t cardinality; char category[32], name[64]; };
struct ClassInfo2 {
  Tuid cid; int32_t cardinality; char category[32], name[64];
  uint32_t flags; char subCategories[128], vendor[64], version[64], sdkVersion[64];
};

struct Factory : Unknown {
  virtual Result getFactoryInfo(FactoryInfo* info) = 0;
  virtual int32_t countClasses() = 0;
  virtual Result getClassInfo(int32_t index, ClassInfo* info) = 0;
  virtual Result createInstance(const char* cid, const char* iid, void** object) = 0;
  virtual Result getClassInfo2(int32_t index, ClassInfo2* info) = 0;
};

struct PluginBase : Unknown {
  virtual Result initialize(Unknown* context) = 0;
  virtual Result terminate() = 0;
};

struct BusInfo { int32_t mediaType, direction, channelCount; String128 name; int32_t busType; uint32_t flags; };
struct RoutingInfo { int32_t mediaType, busIndex, channel; };

struct Component : PluginBase {
  virtual Result getControllerClassId(Tuid cid) = 0;
  virtual Result setIoMode(int32_t mode) = 0;
  virtual int32_t getBusCount(int32_t mediaType, int32_t direction) = 0;
  virtual Result getBusInfo(int32_t mediaType, int32_t direction, int32_t index, BusInfo& info) = 0;
  virtual Result getRoutingInfo(RoutingInfo& in, RoutingInfo& out) = 0;
  virtual Result activateBus(int32_t mediaType, int32_t direction, int32_t index, uint8_t on) = 0;
  virtual Result setActive(uint8_t on) = 0;
  virtual Result setState(Stream* stream) = 0;
  virtual Result getState(Stream* stream) = 0;
};

struct ValueQueue : Unknown {
  virtual uint32_t getParameterId() = 0;
  virtual int32_t getPointCount() = 0;
  virtual Result getPoint(int32_t index, int32_t& offset, double& value) = 0;
  virtual Result addPoint(int32_t offset, double value, int32_t& index) = 0;
};

struct ParameterChanges : Unknown {
  virtual int32_t getParameterCount() = 0;
  virtual ValueQueue* getParameterData(int32_t index) = 0;
  virtual ValueQueue* addParameterData(const uint32_t& id, int32_t& index) = 0;
};

struct ProcessSetup { int32_t mode, sampleSize, maxSamples; double sampleRate; };
struct BusBuffers { int32_t channelCount; uint64_t silenceFlags; float** channels; };
struct ProcessData {
  int32_t mode, sampleSize, samples, inputCount, outputCount;
  BusBuffers *inputs, *outputs;
  ParameterChanges *inputChanges, *outputChanges;
  void *inputEvents, *outputEvents, *context;
};

struct AudioProcessor : Unknown {
  virtual Result setBusArrangements(uint64_t* in, int32_t inCount, uint64_t* out, int32_t outCount) = 0;
  virtual Result getBusArrangement(int32_t direction, int32_t index, uint64_t& arrangement) = 0;
  virtual Result canProcessSampleSize(int32_t size) = 0;
  virtual uint32_t getLatencySamples() = 0;
  virtual Result setupProcessing(ProcessSetup& setup) = 0;
  virtual Result setProcessing(uint8_t on) = 0;
  virtual Result process(ProcessData& data) = 0;
  virtual uint32_t getTailSamples() = 0;
};

struct ComponentHandler : Unknown {
  virtual Result beginEdit(uint32_t id) = 0;
  virtual Result performEdit(uint32_t id, double value) = 0;
  virtual Result endEdit(uint32_t id) = 0;
  virtual Result restartComponent(int32_t flags) = 0;
};
enum { kParameterValuesChanged = 4, kLatencyChanged = 8 };

struct ParameterInfo {
  uint32_t id; String128 title, shortTitle, units;
  int32_t stepCount; double defaultValue; int32_t unitId, flags;
};
enum { kCanAutomate = 1, kIsList = 8 };

// The component's and the controller's setState and getState are told apart by name here; only their places
// in the table matter.
struct EditController : PluginBase {
  virtual Result setComponentState(Stream* stream) = 0;
  virtual Result setControllerState(Stream* stream) = 0;
  virtual Result getControllerState(Stream* stream) = 0;
  virtual int32_t getParameterCount() = 0;
  virtual Result getParameterInfo(int32_t index, ParameterInfo& info) = 0;
  virtual Result getParamStringByValue(uint32_t id, double value, String128 text) = 0;
  virtual Result getParamValueByString(uint32_t id, Char16* text, double& value) = 0;
  virtual double normalizedParamToPlain(uint32_t id, double value) = 0;
  virtual double plainParamToNormalized(uint32_t id, double value) = 0;
  virtual double getParamNormalized(uint32_t id) = 0;
  virtual Result setParamNormalized(uint32_t id, double value) = 0;
  virtual Result setComponentHandler(ComponentHandler* handler) = 0;
  virtual void* createView(const char* name) = 0;
};

static_assert(sizeof(FactoryInfo) == 452 && sizeof(ClassInfo) == 116 && sizeof(ClassInfo2) == 440, "layout");
static_assert(sizeof(BusInfo) == 276 && sizeof(ProcessSetup) == 24 && sizeof(BusBuffers) == 24, "layout");
static_assert(sizeof(ProcessData) == 80 && sizeof(ParameterInfo) == 792, "layout");

inline void toWide(Char16* to, const char* from) {
  int i = 0;
  for (; i < 127 && from[i]; ++i) to[i] = Char16(uint8_t(from[i]));
  to[i] = 0;
}

inline void toNarrow(char* to, const Char16* from, int size) {
  int i = 0;
  for (; i < size - 1 && from[i]; ++i) to[i] = from[i] < 128 ? char(from[i]) : '?';
  to[i] = 0;
}

}  // namespace vst3
