// Faulty plugins: how parameters are written, and what a state keeps of them.
#pragma once
#include "gain.hpp"

namespace {

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

}  // namespace
