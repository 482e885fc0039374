// A gain whose faults are chosen by the name of the bundle that this binary is copied into: "Good" has none.
//
//   g++ -std=c++17 -O1 -fPIC -shared -fvisibility=hidden faulty.cpp -o NAME.vst3/Contents/x86_64-linux/NAME.so
#include "look_ahead.hpp"
#include "settings.hpp"

namespace {

// What is sound no more from kCalm seconds on, or silence instead of it; "Gate..." is as it should be.
//   ReturnsGarbage  1e12 times the sound
//   Dies            nothing but zeros
//   GatesAtTwenty   zeros where a sample, or one of the second before it, is not over -20 dBFS
struct Odd final : Effect {
  std::vector<int64_t> open = {0, 0};

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

struct OneFactory final : FactoryOfClasses {
  int32_t countClasses() override { return fault("Pair") ? 2 : 1; }

  // The class id is the name, padded; of a pair the second has another first letter.
  void describe(int32_t index, Tuid cid, char* name) override {
    std::string own = bundleName();
    if (index) own[0] = 'H';
    std::memset(cid, 0, 16);
    std::memcpy(cid, own.data(), own.size() < 16 ? own.size() : 16);
    std::strncpy(name, own.c_str(), 63);
  }
  Result createInstance(const char*, const char* iid, void** object) override {
    auto* effect = newEffect();
    Result result = effect->queryInterface(reinterpret_cast<const int8_t*>(iid), object);
    effect->release();
    return result;
  }
};

}  // namespace

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
