// The gain that every faulty plugin is, and the faults that are its own.
#pragma once
#include "plugin.hpp"

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

struct Effect : PluginOfOnePart {
  double values[kOwnParameters] = {0.5, 0, 0};
  int channels = fault("Mono") ? 1 : 2;
  double sampleRate = 44100;
  int64_t heardSamples = 0;    // since it was activated
  double heardEnergy = 0;      // ever: what "Learns" learns
  const int number = ++instancesMade;
  uint32_t latency = fault("Latency") ? kDelay : 0;
  std::vector<std::vector<float>> delayed;
  ComponentHandler* handler = nullptr;


  int32_t getBusCount(int32_t mediaType, int32_t) override { return mediaType == 0 ? 1 : 0; }
  Result getBusInfo(int32_t mediaType, int32_t direction, int32_t index, BusInfo& info) override {
    if (mediaType || index) return kInvalid;
    info.mediaType = 0; info.direction = direction; info.channelCount = channels;
    info.busType = 0; info.flags = 1;
    toWide(info.name, direction ? "Output" : "Input");
    return kOk;
  }
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
  uint32_t getLatencySamples() override { return latency; }
  Result setupProcessing(ProcessSetup& setup) override { sampleRate = setup.sampleRate; return kOk; }

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
};

}  // namespace
