// A bundle of many classes, good ones and such as cannot be used; in a bundle called "Big" there are 184.
//
//   g++ -std=c++17 -O1 -fPIC -shared -fvisibility=hidden shell.cpp -o NAME.vst3/Contents/x86_64-linux/NAME.so
#include "plugin.hpp"

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

using namespace vst3;

namespace {

constexpr int kBig = 184, kKeptBad = 20;  // of the 184, those at the end of which some are bad

enum Fault { kNone, kCrashesMade, kRefusesToBegin, kCrashesPlaying, kHangsPlaying, kNeedsSideChain, kAnswersNan };

struct Class {
  std::string name;
  const char* categories = "Fx|Tools";
  Fault fault = kNone;
  std::vector<int> inputs = {2}, outputs = {2};
  bool isTwin = false;  // of another class of its name
};

std::vector<Class> classesOf(const std::string& bundle) {
  if (bundle == "Silent") return {{"Crashes Made", "Fx", kCrashesMade}};
  std::vector<Class> all = {
      {"Shelf"},
      {"Crashes Made", "Fx", kCrashesMade},
      {"Refuses To Begin", "Fx", kRefusesToBegin},
      {"Crashes Playing", "Fx", kCrashesPlaying},
      {"Piano", "Instrument|Piano", kNone, {}, {2}},
      {"Ducker", "Fx|Dynamics", kNeedsSideChain, {2, 2}},
      {"Gate", "Fx|Dynamics", kNone, {2, 2}},
      {"Splitter", "Fx", kNone, {2}, {2, 2}},
      {"Panner", "Fx|Spatial", kNone, {1}, {2}},
      {"Quad", "Fx", kNone, {4}, {4}},
      {"Nan", "Fx", kAnswersNan},
      {"Last"},
  };
  if (bundle == "Slow")
    all = {{"Shelf"},
           {"Hangs Playing", "Fx", kHangsPlaying},
           {"Shelf", "Fx|Tools", kNone, {2}, {2}, true},
           {"Hum", "Fx|Generator", kNone, {}, {2}},
           {"Last"}};
  if (bundle == "Big")
    while (int(all.size()) < kBig) {
      int number = int(all.size());
      Class more{"Number " + std::to_string(number)};
      if (number > kBig - kKeptBad) {
        if (number % 4 == 0) more.fault = kCrashesPlaying;
        if (number % 4 == 2) more.categories = "Instrument", more.inputs = {};
      }
      all.push_back(more);
    }
  return all;
}

const std::vector<Class>& classes() {
  static const std::vector<Class> all = classesOf(bundleName());
  return all;
}

uint64_t arrangement(int channels) { return channels == 1 ? uint64_t(1) << 19 : (uint64_t(1) << channels) - 1; }

struct Effect final : PluginOfOnePart {
  const Class& kind;
  double gain = 0.5;

  explicit Effect(const Class& kind) : kind(kind) {}


  Result initialize(Unknown*) override {
    if (kind.fault == kCrashesMade) std::raise(SIGSEGV);
    return kind.fault == kRefusesToBegin ? kFalse : kOk;
  }

  const std::vector<int>& buses(int32_t direction) const { return direction ? kind.outputs : kind.inputs; }
  int32_t getBusCount(int32_t mediaType, int32_t direction) override {
    return mediaType == 0 ? int32_t(buses(direction).size()) : 0;
  }
  Result getBusInfo(int32_t mediaType, int32_t direction, int32_t index, BusInfo& info) override {
    if (mediaType || index < 0 || index >= int(buses(direction).size())) return kInvalid;
    info.mediaType = 0; info.direction = direction; info.channelCount = buses(direction)[index];
    info.busType = index ? 1 : 0; info.flags = index ? 0 : 1;
    toWide(info.name, index ? "Side Chain" : direction ? "Output" : "Input");
    return kOk;
  }
  Result activateBus(int32_t mediaType, int32_t direction, int32_t index, uint8_t on) override {
    if (mediaType || index < 0 || index >= int(buses(direction).size())) return kInvalid;
    if (index && kind.fault == kNeedsSideChain && !on) return kFalse;
    return kOk;
  }
  Result setActive(uint8_t) override { return kOk; }
  Result setState(Stream* stream) override {
    int32_t done = 0;
    return stream->read(&gain, sizeof gain, &done) == kOk && done == sizeof gain ? kOk : kFalse;
  }
  Result getState(Stream* stream) override {
    int32_t done;
    return stream->write(&gain, sizeof gain, &done);
  }

  bool fits(const uint64_t* wanted, int32_t count, const std::vector<int>& buses) const {
    if (count != int(buses.size())) return false;
    for (int32_t i = 0; i < count; ++i)
      if (wanted[i] != arrangement(buses[i])) return false;
    return true;
  }
  Result setBusArrangements(uint64_t* in, int32_t inCount, uint64_t* out, int32_t outCount) override {
    return fits(in, inCount, kind.inputs) && fits(out, outCount, kind.outputs) ? kOk : kFalse;
  }
  Result getBusArrangement(int32_t direction, int32_t index, uint64_t& found) override {
    if (index < 0 || index >= int(buses(direction).size())) return kInvalid;
    found = arrangement(buses(direction)[index]);
    return kOk;
  }
  uint32_t getLatencySamples() override { return 0; }
  Result setupProcessing(ProcessSetup&) override { return kOk; }

  Result process(ProcessData& data) override {
    if (data.samples <= 0 || data.outputCount < 1) return kOk;
    if (kind.fault == kCrashesPlaying) std::raise(SIGSEGV);
    while (kind.fault == kHangsPlaying) usleep(1000);
    float peak = 0, aside = 0;
    for (int c = 0; c < data.outputs[0].channelCount; ++c)
      for (int i = 0; i < data.samples; ++i) {
        float x = data.inputCount && c < data.inputs[0].channelCount ? data.inputs[0].channels[c][i] : 0;
        if (kind.fault == kNeedsSideChain) aside += data.inputs[1].channels[c][i];
        peak = std::fmax(peak, std::fabs(x));
        data.outputs[0].channels[c][i] = x * float(2 * gain) * (aside > 1e9f ? 0 : 1);
      }
    // What divides by the level it found is calm in silence, and not beside it.
    if (kind.fault == kAnswersNan && peak > 0) data.outputs[0].channels[0][0] = std::numeric_limits<float>::quiet_NaN();
    return kOk;
  }

  Result setComponentState(Stream* stream) override { return setState(stream); }
  int32_t getParameterCount() override { return 1; }
  Result getParameterInfo(int32_t index, ParameterInfo& info) override {
    if (index) return kInvalid;
    std::memset(&info, 0, sizeof info);
    toWide(info.title, "Gain");
    info.defaultValue = 0.5;
    info.flags = kCanAutomate;
    return kOk;
  }
  Result getParamStringByValue(uint32_t, double value, String128 text) override {
    char narrow[64];
    std::snprintf(narrow, sizeof narrow, "%.3f", value);
    toWide(text, narrow);
    return kOk;
  }
  Result getParamValueByString(uint32_t, Char16*, double&) override { return kNotImplemented; }
  double normalizedParamToPlain(uint32_t, double value) override { return value; }
  double plainParamToNormalized(uint32_t, double value) override { return value; }
  double getParamNormalized(uint32_t) override { return gain; }
  Result setParamNormalized(uint32_t, double value) override { gain = value; return kOk; }
  Result setComponentHandler(ComponentHandler*) override { return kOk; }
};

struct Shell final : FactoryOfClasses {
  int32_t countClasses() override { return int32_t(classes().size()); }

  // The class id is the name, padded.
  void describe(int32_t index, Tuid cid, char* name) override {
    const std::string& own = classes()[index].name;
    std::memset(cid, 0, 16);
    std::memcpy(cid, own.data(), own.size() < 16 ? own.size() : 16);
    if (classes()[index].isTwin) cid[15] = 1;
    std::strncpy(name, own.c_str(), 63);
  }
  const char* categoriesOf(int32_t index) override { return classes()[index].categories; }
  Result createInstance(const char* cid, const char* iid, void** object) override {
    for (int32_t index = 0; index < countClasses(); ++index) {
      Tuid own;
      char name[64];
      describe(index, own, name);
      if (std::memcmp(own, cid, 16)) continue;
      auto* effect = new Effect(classes()[index]);
      Result result = effect->queryInterface(reinterpret_cast<const int8_t*>(iid), object);
      effect->release();
      return result;
    }
    return kNoInterface;
  }
};

}  // namespace

EXPORTED Factory* GetPluginFactory() {
  static Shell shell;
  return &shell;
}
EXPORTED bool ModuleEntry(void*) { return true; }
EXPORTED bool ModuleExit() { return true; }
