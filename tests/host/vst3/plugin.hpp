// What the plugins made for tests share: the name of their bundle, reference counts, and answers that are all alike.
#pragma once
#include "vst3_abi.hpp"

#include <dlfcn.h>

#include <cstring>
#include <string>

namespace vst3 {

inline std::string bundleName() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&bundleName), &info);
  std::string path = info.dli_fname;
  std::string file = path.substr(path.rfind('/') + 1);
  return file.substr(0, file.rfind('.'));
}

// A plugin whose component is its processor and its controller.
struct PluginOfOnePart : Component, AudioProcessor, EditController {
  uint32_t references = 1;

  virtual ~PluginOfOnePart() = default;

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
  Result getRoutingInfo(RoutingInfo&, RoutingInfo&) override { return kNotImplemented; }
  Result canProcessSampleSize(int32_t size) override { return size == 0 ? kOk : kFalse; }
  Result setProcessing(uint8_t) override { return kOk; }
  uint32_t getTailSamples() override { return 0; }
  Result setControllerState(Stream*) override { return kNotImplemented; }
  Result getControllerState(Stream*) override { return kNotImplemented; }
  void* createView(const char*) override { return nullptr; }
};

struct FactoryOfClasses : Factory {
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

  virtual void describe(int32_t index, Tuid cid, char* name) = 0;
  virtual const char* categoriesOf(int32_t) { return "Fx|Tools"; }

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
    std::strcpy(info->subCategories, categoriesOf(index));
    std::strcpy(info->vendor, "wavemend tests");
    std::strcpy(info->version, "1.0.0");
    std::strcpy(info->sdkVersion, "VST 3.7");
    describe(index, info->cid, info->name);
    return kOk;
  }
};

}  // namespace vst3

#define EXPORTED extern "C" __attribute__((visibility("default")))
