// A gain whose faults are chosen by the name of the bundle that this binary is copied into: "Good" has none.
//
//   g++ -std=c++17 -O1 -fPIC -shared -fvisibility=hidden faulty.cpp -o NAME.vst3/Contents/x86_64-linux/NAME.so
#include "vst3_abi.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

using namespace vst3;

namespace {

std::string bundleName() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&bundleName), &info);
  std::string path = info.dli_fname;
  std::string file = path.substr(path.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

bool fault(const char* name) {
  static const std::string bundle = bundleName();
  return bundle == name;
}

constexpr int kDelay = 1000;          // of "Latency", in samples
constexpr int kNewDelay = 480;        // of "ChangesLatency"
constexpr double kCalm = 3;           // seconds without a fault, so that trying it out shows none
constexpr int kManyParameters = 20000;
constexpr double kLowDb = -24, kHighDb = 24;
constexpr size_t kMeal = size_t(1) << 24, kTooMuch = size_t(1) << 40;
enum Parameter { kGain, kMode, kInvert, kOwnParameters };
const char* kModes[] = {"Soft", "Medium", "Hard"};

void crash() { std::raise(SIGSEGV); }

void hang() {
  for (;;) usleep(1000);
}

// Faults of a plugin that does more than process: called with every block, `after` seconds of sound.
void misbehave(double after) {
  if (after <= kCalm) return;
  if (fault("ForksAndCrashes")) {
    if (fork() == 0)
      for (;;) pause();  // and holds every descriptor of its parent open
    crash();
  }
  if (fault("Forks")) {
    static const bool once = fork() == 0;
    while (once) pause();
  }
  if (fault("EatsMemory"))
    for (;;) std::memset(std::malloc(kMeal), 1, kMeal);  // until it is given none, and writes to nowhere
  if (fault("AsksForTooMuch")) std::vector<char> much(kTooMuch);
}

// Of "KeepsCount": instances this process ever made; the sound of each depends on it.
int instancesMade = 0;

struct Effect : Component, AudioProcessor, EditController {
  uint32_t references = 1;
  double values[kOwnParameters] = {0.5, 0, 0};
  int channels = fault("Mono") ? 1 : 2;
  double sampleRate = 44100;
  int64_t heardSamples = 0;    // since it was activated
  double heardEnergy = 0;      // ever: what "Learns" learns
  const int number = ++instancesMade;
  uint32_t latency = fault("Latency") ? kDelay : 0;
  std::vector<std::vector<float>> delayed;
  ComponentHandler* handler = nullptr;

  Result queryInterface(const Tuid iid, void** object) override {
    if (kUnknown.is(iid) || kPluginBase.is(iid) || kComponent.is(iid)) *object = static_cast<Component*>(this);
    else if (kAudioProcessor.is(iid)) *object = static_cast<AudioProcessor*>(this);
    else if (kEditController.is(iid)) *object = static_cast<EditController*>(this);
    else { *object = nullptr; return kNoInterface; }
    addRef();
    return kOk;
  }
  uint32_t addRef() override { return ++references; }
  uint32_t release() override {
    uint32_t left = --references;
    if (!left) delete this;
    return left;
  }

  Result initialize(Unknown*) override { return kOk; }
  Result terminate() override { return kOk; }
  Result getControllerClassId(Tuid) override { return kNotImplemented; }  // the component is its own controller
  Result setIoMode(int32_t) override { return kNotImplemented; }
  int32_t getBusCount(int32_t mediaType, int32_t) override { return mediaType == 0 ? 1 : 0; }
  Result getBusInfo(int32_t mediaType, int32_t direction, int32_t index, BusInfo& info) override {
    if (mediaType || index) return kInvalid;
    info.mediaType = 0; info.direction = direction; info.channelCount = channels;
    info.busType = 0; info.flags = 1;
    toWide(info.name, direction ? "Output" : "Input");
    return kOk;
  }
  Result getRoutingInfo(RoutingInfo&, RoutingInfo&) override { return kNotImplemented; }
  Result activateBus(int32_t mediaType, int32_t, int32_t index, uint8_t) override {
    return mediaType || index ? kInvalid : kOk;
  }
  Result setActive(uint8_t on) override {
    if (on) {
      heardSamples = 0;
      delayed.assign(channels, std::vector<float>(kDelay, 0.0f));
    }
    return kOk;
  }
  Result setState(Stream* stream) override {
    if (fault("Forgetful")) return kOk;
    double read[kOwnParameters];
    int32_t done = 0;
    if (!stream || stream->read(read, sizeof read, &done) != kOk || done != int32_t(sizeof read)) return kFalse;
    std::memcpy(values, read, sizeof values);
    return kOk;
  }
  Result getState(Stream* stream) override {
    int32_t done;
    double nothing[kOwnParameters] = {};
    return stream->write(fault("Forgetful") ? nothing : values, sizeof values, &done);
  }

  Result setBusArrangements(uint64_t* in, int32_t inCount, uint64_t* out, int32_t outCount) override {
    if (inCount != 1 || outCount != 1 || in[0] != out[0]) return kFalse;
    int wanted = __builtin_popcountll(in[0]);
    if (wanted < 1 || wanted > 2 || (fault("Mono") && wanted != 1)) return kFalse;
    channels = wanted;
    return kOk;
  }
  Result getBusArrangement(int32_t, int32_t index, uint64_t& arrangement) override {
    if (index) return kInvalid;
    arrangement = channels == 1 ? uint64_t(1) << 19 : 3;
    return kOk;
  }
  Result canProcessSampleSize(int32_t size) override { return size == 0 ? kOk : kFalse; }
  uint32_t getLatencySamples() override { return latency; }
  Result setupProcessing(ProcessSetup& setup) override { sampleRate = setup.sampleRate; return kOk; }
  Result setProcessing(uint8_t) override { return kOk; }
  uint32_t getTailSamples() override { return 0; }

  Result process(ProcessData& data) override {
    takeChanges(data.inputChanges);
    if (data.samples <= 0 || data.inputCount < 1 || data.outputCount < 1) return kOk;
    if (fault("CrashesAtOnce")) crash();
    if (fault("CrashesInMono") && data.outputs[0].channelCount == 1) crash();
    double before = heardSamples / sampleRate;
    heardSamples += data.samples;
    double after = heardSamples / sampleRate;
    if (fault("CrashesLater") && after > 10) crash();
    misbehave(after);
    if (fault("Hangs") && after > kCalm) hang();
    if (fault("Exits") && after > kCalm) std::exit(0);
    if (fault("ChangesLatency") && before <= kCalm && after > kCalm) {
      latency = kNewDelay;
      if (handler) handler->restartComponent(kLatencyChanged);
    }
    double gain = std::pow(10, plain(kGain) / 20) * (values[kInvert] > 0.5 ? -1 : 1);
    if (fault("Learns")) gain /= 1 + heardEnergy;
    if (fault("KeepsCount")) gain /= number;
    for (int c = 0; c < data.outputs[0].channelCount; ++c)
      playChannel(data.inputs[0].channels[c], data.outputs[0].channels[c], data.samples, c, float(gain));
    if (fault("BlockEdges"))
      for (int c = 0; c < data.outputs[0].channelCount; ++c) data.outputs[0].channels[c][0] = 0.5f;
    if (fault("ReturnsNan") && after > kCalm)
      data.outputs[0].channels[0][data.samples - 1] = std::numeric_limits<float>::quiet_NaN();
    if (fault("WritesOutside") && after > kCalm)
      for (int64_t i = 0; i < int64_t(1) << 28; ++i) data.outputs[0].channels[0][i] = 1.0f;
    data.outputs[0].silenceFlags = 0;
    return kOk;
  }

  // Input and output may be the same memory.
  void playChannel(const float* in, float* out, int samples, int channel, float gain) {
    for (int i = 0; i < samples; ++i) {
      float x = in[i];
      heardEnergy += std::fabs(x);
      if (fault("Latency")) {
        float& place = delayed[channel][(heardSamples - samples + i) % kDelay];
        std::swap(x, place);
      }
      out[i] = x * gain;
    }
  }

  void takeChanges(ParameterChanges* changes) {
    for (int32_t i = 0, n = changes ? changes->getParameterCount() : 0; i < n; ++i) {
      ValueQueue* queue = changes->getParameterData(i);
      int32_t offset, last = queue->getPointCount() - 1;
      double value;
      if (queue->getParameterId() < kOwnParameters && last >= 0 && queue->getPoint(last, offset, value) == kOk)
        values[queue->getParameterId()] = value;
    }
  }

  double plain(uint32_t id) const { return kLowDb + values[id] * (kHighDb - kLowDb); }

  Result setComponentState(Stream* stream) override {
    Result result = setState(stream);
    if (result == kOk && handler) handler->restartComponent(kParameterValuesChanged);
    return result;
  }
  Result setControllerState(Stream*) override { return kNotImplemented; }
  Result getControllerState(Stream*) override { return kNotImplemented; }
  int32_t getParameterCount() override { return fault("HugeList") ? kManyParameters : kOwnParameters; }
  Result getParameterInfo(int32_t index, ParameterInfo& info) override {
    if (index < 0 || index >= getParameterCount()) return kInvalid;
    std::memset(&info, 0, sizeof info);
    char title[64];
    std::snprintf(title, sizeof title, "Extra %d", index);
    const char* own[] = {"Gain", "Mode", "Invert"};
    info.id = index;
    toWide(info.title, index < kOwnParameters ? own[index] : title);
    toWide(info.units, index == kGain ? "dB" : "");
    info.stepCount = index == kMode ? 2 : index == kInvert ? 1 : 0;
    info.defaultValue = index == kGain ? 0.5 : 0;
    info.flags = kCanAutomate | (index == kMode ? kIsList : 0);
    return kOk;
  }
  Result getParamStringByValue(uint32_t id, double value, String128 text) override {
    char narrow[64];
    if (id == kGain) std::snprintf(narrow, sizeof narrow, "%.2f", kLowDb + value * (kHighDb - kLowDb));
    else if (id == kMode) std::snprintf(narrow, sizeof narrow, "%s", kModes[int(std::lround(value * 2))]);
    else if (id == kInvert) std::snprintf(narrow, sizeof narrow, "%s", value > 0.5 ? "On" : "Off");
    else std::snprintf(narrow, sizeof narrow, "%.3f", value);
    toWide(text, narrow);
    return kOk;
  }
  Result getParamValueByString(uint32_t id, Char16* text, double& value) override {
    char narrow[64];
    toNarrow(narrow, text, sizeof narrow);
    if (id != kGain) return kNotImplemented;
    value = (std::atof(narrow) - kLowDb) / (kHighDb - kLowDb);
    return kOk;
  }
  double normalizedParamToPlain(uint32_t id, double value) override {
    return id == kGain ? kLowDb + value * (kHighDb - kLowDb) : value;
  }
  double plainParamToNormalized(uint32_t id, double value) override {
    return id == kGain ? (value - kLowDb) / (kHighDb - kLowDb) : value;
  }
  double getParamNormalized(uint32_t id) override { return id < kOwnParameters ? values[id] : 0; }
  Result setParamNormalized(uint32_t id, double value) override {
    if (id < kOwnParameters) values[id] = value;
    return kOk;
  }
  Result setComponentHandler(ComponentHandler* given) override { handler = given; return kOk; }
  void* createView(const char*) override { return nullptr; }
};

// -- settings: how parameters are written, and what a state keeps of them --------------------------------

constexpr int kManySettings = 600;  // of "ForgetsMany"
enum Setting { kLevel, kHold, kRatio, kAttack, kBalance, kWordSettings };

// What is set reaches the sound with the next block alone, as the format has it: the controller's values are
// not the processor's. "MonoQueued" takes one channel, "Queued" both. "NoParameters" has none, and an empty
// state; "NoState" has neither, and calls it a failure to be asked; "Secretive" does that with its parameter.
// "ForgetsMany" has hundreds, and states without them. "Words" has numbers with a word among them, and converts no text.
struct Settings final : Effect {
  std::vector<double> shown, heard;

  static bool without() { return fault("NoParameters") || fault("NoState"); }
  static bool mute() { return fault("NoState") || fault("Secretive"); }
  static bool wanted() {
    return fault("MonoQueued") || fault("Queued") || fault("Secretive") || without() ||
           fault("ForgetsMany") || fault("Words");
  }
  Settings() {
    if (fault("MonoQueued")) channels = 1;
    for (int i = 0; i < count(); ++i) shown.push_back(defaultOf(i));
    heard = shown;
  }
  uint32_t release() override {
    uint32_t left = --references;
    if (!left) delete this;
    return left;
  }
  static int count() {
    return without() ? 0 : fault("ForgetsMany") ? kManySettings : fault("Words") ? kWordSettings : 1;
  }
  static double defaultOf(int) { return fault("ForgetsMany") ? 0 : 0.5; }

  Result setBusArrangements(uint64_t* in, int32_t inCount, uint64_t* out, int32_t outCount) override {
    if (fault("MonoQueued") && (inCount != 1 || __builtin_popcountll(in[0]) != 1)) return kFalse;
    return Effect::setBusArrangements(in, inCount, out, outCount);
  }
  Result setState(Stream* stream) override {
    if (mute()) return kFalse;
    if (!fault("ForgetsMany")) readAll(stream, heard);
    return kOk;
  }
  Result setComponentState(Stream* stream) override {
    if (mute()) return kFalse;
    if (!fault("ForgetsMany")) readAll(stream, shown);
    if (handler) handler->restartComponent(kParameterValuesChanged);
    return kOk;
  }
  Result getState(Stream* stream) override {
    int32_t done;
    if (mute()) return kFalse;
    return fault("ForgetsMany") || heard.empty() ? kOk : stream->write(heard.data(), int32_t(heard.size() * sizeof(double)), &done);
  }
  static void readAll(Stream* stream, std::vector<double>& values) {
    std::vector<double> read(values.size());
    int32_t done = 0, wanted = int32_t(read.size() * sizeof(double));
    if (stream && stream->read(read.data(), wanted, &done) == kOk && done == wanted) values = read;
  }

  Result process(ProcessData& data) override {
    ParameterChanges* changes = data.inputChanges;
    for (int32_t i = 0, n = changes ? changes->getParameterCount() : 0; i < n; ++i) {
      ValueQueue* queue = changes->getParameterData(i);
      int32_t offset;
      double value;
      if (queue->getParameterId() < heard.size() && queue->getPoint(queue->getPointCount() - 1, offset, value) == kOk)
        heard[queue->getParameterId()] = value;
    }
    for (int c = 0; data.samples > 0 && c < data.outputs[0].channelCount; ++c)
      for (int i = 0; i < data.samples; ++i)
        data.outputs[0].channels[c][i] = data.inputs[0].channels[c][i] * float(gain());
    if (data.outputCount > 0) data.outputs[0].silenceFlags = 0;
    return kOk;
  }
  double gain() const {
    if (without()) return 0.5;
    if (fault("Words")) return heard[kLevel] <= 0 ? 0 : std::pow(10, levelAt(heard[kLevel]) / 20);
    if (!fault("ForgetsMany")) return std::pow(10, (kLowDb + heard[0] * (kHighDb - kLowDb)) / 20);
    double sum = 0;  // each with a weight of its own, so that none may be mistaken for another
    for (size_t i = 0; i < heard.size(); ++i) sum += heard[i] * double(i + 1);
    return sum / (kManySettings * double(kManySettings));
  }

  static double levelAt(double place) { return -90 + place * 102; }
  static const char* nameOf(int index) {
    static const char* names[] = {"Level", "Hold", "Ratio", "Attack", "Balance"};
    return fault("Words") ? names[index] : "Gain";
  }
  int32_t getParameterCount() override { return count(); }
  Result getParameterInfo(int32_t index, ParameterInfo& info) override {
    if (index < 0 || index >= count()) return kInvalid;
    std::memset(&info, 0, sizeof info);
    char title[64];
    std::snprintf(title, sizeof title, "Part %d", index);
    info.id = index;
    toWide(info.title, fault("ForgetsMany") ? title : nameOf(index));
    if (!fault("ForgetsMany") && index == kLevel) toWide(info.units, "dB");
    info.defaultValue = defaultOf(index);
    info.flags = kCanAutomate;
    return kOk;
  }
  Result getParamStringByValue(uint32_t id, double place, String128 text) override {
    char narrow[64];
    if (fault("ForgetsMany")) std::snprintf(narrow, sizeof narrow, "%.4f", place);
    else if (fault("Words")) writeWord(id, place, narrow, sizeof narrow);
    else std::snprintf(narrow, sizeof narrow, "%.2f", kLowDb + place * (kHighDb - kLowDb));
    toWide(text, narrow);
    return kOk;
  }
  static void writeWord(uint32_t id, double place, char* text, size_t size) {
    if (id == kLevel && place <= 0) std::snprintf(text, size, "-oo");
    else if (id == kLevel) std::snprintf(text, size, "%.1f", levelAt(place));
    else if (id == kHold && place < 0.004) std::snprintf(text, size, "OFF");
    else if (id == kHold) std::snprintf(text, size, "%.0f ms", std::pow(10, 3 * place));
    else if (id == kRatio && place > 0.99) std::snprintf(text, size, "inf");
    else if (id == kRatio) std::snprintf(text, size, "%.1f", 1 + 19 * place * place);
    else if (id == kAttack && place >= 1) std::snprintf(text, size, "Auto");
    else if (id == kAttack) std::snprintf(text, size, "%.2f kHz", 20 - 18 * place);
    else if (std::fabs(place - 0.5) < 0.01) std::snprintf(text, size, "-");
    else std::snprintf(text, size, "%+.0f%%", 200 * place - 100);
  }
  Result getParamValueByString(uint32_t, Char16*, double&) override { return kNotImplemented; }
  double normalizedParamToPlain(uint32_t, double place) override { return place; }
  double plainParamToNormalized(uint32_t, double place) override { return place; }
  double getParamNormalized(uint32_t id) override { return id < shown.size() ? shown[id] : 0; }
  Result setParamNormalized(uint32_t id, double place) override {
    if (id < shown.size()) shown[id] = place;
    return kOk;
  }
};

// A delay that looks ahead, as limiters do, by a parameter of 0 to 20 ms: a bundle whose name begins with
// "LookAhead". What follows in the name is how it tells the host, or what else is the matter with it:
//   ""        its figure is right at once, whoever asks
//   Later     figure and delay change when it is activated next
//   Tells     as "", and it calls restartComponent
//   Mono      takes one channel
//   Unkept    its state does not keep the parameter
//   Unplayed  forgets a state that came before its first block
//   Lies      tells of no delay at all;  Half  tells of half of it
// and, for what must not be taken for a wrong figure, an effect behind a figure that is 0 and right:
//   Echo      as loud as the sound and 20 ms late, beside it
//   Tone      a resonance that swings for some milliseconds
//   Gate      shut below -20 dBFS
//   Haas      the right channel alone comes late
constexpr double kMostAheadMs = 20;

struct LookAhead final : Effect {
  std::string kind = bundleName().substr(9);
  std::vector<std::vector<float>> line;
  size_t position = 0;
  uint32_t ahead = 0;      // samples, as it works now
  uint32_t told = 0;       // as the host was told last
  bool played = false;
  double swing[2][2] = {};

  LookAhead() {
    values[kGain] = 0.25;
    if (kind == "Mono") channels = 1;
  }
  uint32_t release() override {
    uint32_t left = --references;
    if (!left) delete this;
    return left;
  }
  uint32_t wanted() const { return uint32_t(std::lround(values[kGain] * kMostAheadMs * sampleRate / 1000)); }

  Result setActive(uint8_t on) override {
    if (on) {
      ahead = wanted();
      position = 0;
      line.assign(channels, std::vector<float>(size_t(kMostAheadMs * sampleRate / 1000) + 2, 0.0f));
    }
    return kOk;
  }
  Result setState(Stream* stream) override {
    double before = values[kGain];
    Result result = Effect::setState(stream);
    if (kind == "Unkept") values[kGain] = before;
    return result;
  }
  Result setBusArrangements(uint64_t* in, int32_t inCount, uint64_t* out, int32_t outCount) override {
    if (kind == "Mono" && inCount == 1 && __builtin_popcountll(in[0]) != 1) return kFalse;
    return Effect::setBusArrangements(in, inCount, out, outCount);
  }
  bool effectAlone() const { return kind == "Echo" || kind == "Tone" || kind == "Gate" || kind == "Haas"; }
  uint32_t getLatencySamples() override {
    if (kind == "Lies" || effectAlone()) return 0;
    if (kind == "Half") return wanted() / 2;
    return kind == "Later" ? ahead : wanted();
  }

  Result process(ProcessData& data) override {
    takeChanges(data.inputChanges);
    if (kind == "Unplayed" && !played) values[kGain] = 0.25;
    played = true;
    if (kind != "Later") ahead = wanted();
    if (kind == "Tells" && told != ahead && handler) {
      told = ahead;
      handler->restartComponent(kLatencyChanged);
    }
    if (data.samples <= 0 || data.inputCount < 1 || data.outputCount < 1) return kOk;
    for (int i = 0; i < data.samples; ++i, ++position)
      for (int c = 0; c < data.outputs[0].channelCount; ++c)
        data.outputs[0].channels[c][i] = sample(c, data.inputs[0].channels[c][i]);
    data.outputs[0].silenceFlags = 0;
    return kOk;
  }
  float sample(int c, float x) {
    std::vector<float>& past = line[c];
    past[position % past.size()] = x;
    float late = past[(position + past.size() - ahead) % past.size()];
    if (kind == "Echo") return x + late;
    if (kind == "Gate") return std::fabs(x) < 0.1f ? 0.0f : x;
    if (kind == "Haas") return c ? late : x;
    if (kind != "Tone") return late;
    double y = x + 1.99 * swing[c][0] - 0.995 * swing[c][1];
    swing[c][1] = swing[c][0];
    swing[c][0] = y;
    return float(0.01 * y);
  }

  int32_t getParameterCount() override { return 1; }
  Result getParameterInfo(int32_t index, ParameterInfo& info) override {
    if (index) return kInvalid;
    Result result = Effect::getParameterInfo(index, info);
    toWide(info.title, "Lookahead");
    toWide(info.units, "ms");
    info.defaultValue = 0.25;
    return result;
  }
  Result getParamStringByValue(uint32_t, double value, String128 text) override {
    char narrow[64];
    std::snprintf(narrow, sizeof narrow, "%.2f", value * kMostAheadMs);
    toWide(text, narrow);
    return kOk;
  }
  Result getParamValueByString(uint32_t, Char16* text, double& value) override {
    char narrow[64];
    toNarrow(narrow, text, sizeof narrow);
    value = std::atof(narrow) / kMostAheadMs;
    return kOk;
  }
  double normalizedParamToPlain(uint32_t, double value) override { return value * kMostAheadMs; }
  double plainParamToNormalized(uint32_t, double value) override { return value / kMostAheadMs; }
};

// What is sound no more from kCalm seconds on, or silence instead of it; "Gate..." is as it should be.
//   ReturnsGarbage  1e12 times the sound
//   Dies            nothing but zeros
//   GatesAtTwenty   zeros where a sample, or one of the second before it, is not over -20 dBFS
struct Odd final : Effect {
  std::vector<int64_t> open = {0, 0};

  uint32_t release() override {
    uint32_t left = --references;
    if (!left) delete this;
    return left;
  }
  Result process(ProcessData& data) override {
    double before = heardSamples / sampleRate;
    Result result = Effect::process(data);
    for (int c = 0; c < data.outputs[0].channelCount; ++c)
      for (int i = 0; i < data.samples; ++i) {
        float& x = data.outputs[0].channels[c][i];
        if (fault("ReturnsGarbage") && before > kCalm) x *= 1e12f;
        if (fault("Dies") && before > kCalm) x = 0;
        if (fault("GatesAtTwenty")) {
          open[c] = std::fabs(x) > 0.1f ? int64_t(sampleRate) : open[c] - 1;
          if (open[c] <= 0) x = 0;
        }
      }
    return result;
  }
};

Effect* newEffect() {
  if (Settings::wanted()) return new Settings;
  if (fault("ReturnsGarbage") || fault("Dies") || fault("GatesAtTwenty")) return new Odd;
  if (bundleName().rfind("LookAhead", 0) == 0) return new LookAhead;
  return new Effect;
}

struct OneFactory final : Factory {
  Result queryInterface(const Tuid iid, void** object) override {
    if (!kUnknown.is(iid) && !kFactory.is(iid) && !kFactory2.is(iid)) { *object = nullptr; return kNoInterface; }
    *object = this;
    return kOk;
  }
  uint32_t addRef() override { return 1; }
  uint32_t release() override { return 1; }
  Result getFactoryInfo(FactoryInfo* info) override {
    std::memset(info, 0, sizeof *info);
    std::strcpy(info->vendor, "wavemend tests");
    return kOk;
  }
  int32_t countClasses() override { return fault("Pair") ? 2 : 1; }

  // The class id is the name, padded; of a pair the second has another first letter.
  static void describe(int32_t index, Tuid cid, char* name) {
    std::string own = bundleName();
    if (index) own[0] = 'H';
    std::memset(cid, 0, 16);
    std::memcpy(cid, own.data(), own.size() < 16 ? own.size() : 16);
    std::strncpy(name, own.c_str(), 63);
  }
  Result getClassInfo(int32_t index, ClassInfo* info) override {
    if (index < 0 || index >= countClasses()) return kInvalid;
    std::memset(info, 0, sizeof *info);
    info->cardinality = 0x7FFFFFFF;
    std::strcpy(info->category, "Audio Module Class");
    describe(index, info->cid, info->name);
    return kOk;
  }
  Result getClassInfo2(int32_t index, ClassInfo2* info) override {
    if (index < 0 || index >= countClasses()) return kInvalid;
    std::memset(info, 0, sizeof *info);
    info->cardinality = 0x7FFFFFFF;
    std::strcpy(info->category, "Audio Module Class");
    std::strcpy(info->subCategories, "Fx|Tools");
    std::strcpy(info->vendor, "wavemend tests");
    std::strcpy(info->version, "1.0.0");
    std::strcpy(info->sdkVersion, "VST 3.7");
    describe(index, info->cid, info->name);
    return kOk;
  }
  Result createInstance(const char*, const char* iid, void** object) override {
    auto* effect = newEffect();
    Result result = effect->queryInterface(reinterpret_cast<const int8_t*>(iid), object);
    effect->release();
    return result;
  }
};

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))
EXPORTED Factory* GetPluginFactory() {
  if (fault("CrashesLoading")) crash();
  if (fault("HangsLoading")) hang();
  static OneFactory factory;
  return &factory;
}
EXPORTED bool ModuleEntry(void*) { return true; }
EXPORTED bool ModuleExit() { return true; }
EXPORTED bool bundleEntry(void*) { return true; }
EXPORTED bool bundleExit() { return true; }
