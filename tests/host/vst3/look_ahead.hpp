// Faulty plugins: those that come late, and say so, or do not.
#pragma once
#include "gain.hpp"

namespace {

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

}  // namespace
