// What a host finds when it loads the binary: one class, as the manifest describes it.
#include <cstring>

#include "effect.hpp"
#include "text.hpp"

#if defined(_WIN32)
#define SHELL_EXPORT extern "C" __declspec(dllexport)
#else
#define SHELL_EXPORT extern "C" __attribute__((visibility("default")))
#endif

namespace shell {
namespace {

constexpr char kCategory[] = "Audio Module Class", kInterfaceVersion[] = "VST 3.7.0";

const Manifest* manifest() {
    const auto& parsed = own_manifest();
    return parsed.manifest ? &*parsed.manifest : nullptr;
}

void write_class_id(const Manifest& manifest, vst3::Id id) {
    const auto& b = manifest.class_id;
    const vst3::InterfaceId ordered = vst3::interface_id(
        std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3],
        std::uint32_t{b[4]} << 24 | std::uint32_t{b[5]} << 16 | std::uint32_t{b[6]} << 8 | b[7],
        std::uint32_t{b[8]} << 24 | std::uint32_t{b[9]} << 16 | std::uint32_t{b[10]} << 8 | b[11],
        std::uint32_t{b[12]} << 24 | std::uint32_t{b[13]} << 16 | std::uint32_t{b[14]} << 8 | b[15]);
    std::memcpy(id, ordered.bytes, sizeof ordered.bytes);
}

template <typename Info>
const Manifest* fill_common(std::int32_t index, Info* info) {
    const Manifest* known = manifest();
    if (known == nullptr || index != 0 || info == nullptr) return nullptr;
    std::memset(info, 0, sizeof *info);
    write_class_id(*known, info->class_id);
    info->cardinality = vst3::kManyInstances;
    std::memcpy(info->category, kCategory, sizeof kCategory);
    return known;
}

class Factory final : public vst3::IPluginFactory3 {
public:
    vst3::Result VST3_CALL queryInterface(const vst3::Id id, void** object) override {
        if (object == nullptr || id == nullptr) return vst3::kInvalidArgument;
        const bool known = same(id, vst3::kUnknownId) || same(id, vst3::kFactoryId) || same(id, vst3::kFactory2Id) ||
                           same(id, vst3::kFactory3Id);
        *object = known ? static_cast<vst3::IPluginFactory3*>(this) : nullptr;
        return known ? vst3::kOk : vst3::kNoInterface;
    }

    // It is the binary's own, and gone with it.
    std::uint32_t VST3_CALL addRef() override { return 1; }
    std::uint32_t VST3_CALL release() override { return 1; }

    vst3::Result VST3_CALL getFactoryInfo(vst3::FactoryInfo* info) override {
        if (info == nullptr) return vst3::kInvalidArgument;
        std::memset(info, 0, sizeof *info);
        info->flags = vst3::kUnicode;
        if (const Manifest* known = manifest()) {
            to_field(known->vendor, info->vendor, sizeof info->vendor);
            to_field(known->url, info->url, sizeof info->url);
            to_field(known->email, info->email, sizeof info->email);
        }
        return vst3::kOk;
    }

    std::int32_t VST3_CALL countClasses() override { return manifest() != nullptr ? 1 : 0; }

    vst3::Result VST3_CALL getClassInfo(std::int32_t index, vst3::ClassInfo* info) override {
        const Manifest* known = fill_common(index, info);
        if (known == nullptr) return vst3::kInvalidArgument;
        to_field(known->name, info->name, sizeof info->name);
        return vst3::kOk;
    }

    vst3::Result VST3_CALL getClassInfo2(std::int32_t index, vst3::ClassInfo2* info) override {
        const Manifest* known = fill_common(index, info);
        if (known == nullptr) return vst3::kInvalidArgument;
        to_field(known->name, info->name, sizeof info->name);
        to_field(known->categories, info->subcategories, sizeof info->subcategories);
        to_field(known->vendor, info->vendor, sizeof info->vendor);
        to_field(known->version, info->version, sizeof info->version);
        to_field(kInterfaceVersion, info->sdk_version, sizeof info->sdk_version);
        return vst3::kOk;
    }

    vst3::Result VST3_CALL getClassInfoUnicode(std::int32_t index, vst3::ClassInfoW* info) override {
        const Manifest* known = fill_common(index, info);
        if (known == nullptr) return vst3::kInvalidArgument;
        to_utf16(known->name, info->name, 64);
        to_field(known->categories, info->subcategories, sizeof info->subcategories);
        to_utf16(known->vendor, info->vendor, 64);
        to_utf16(known->version, info->version, 64);
        to_utf16(kInterfaceVersion, info->sdk_version, 64);
        return vst3::kOk;
    }

    vst3::Result VST3_CALL createInstance(const char* class_id, const char* interface, void** object) override {
        if (object == nullptr) return vst3::kInvalidArgument;
        *object = nullptr;
        const Manifest* known = manifest();
        if (known == nullptr || class_id == nullptr || interface == nullptr) return vst3::kInvalidArgument;
        vst3::Id own;
        write_class_id(*known, own);
        if (std::memcmp(class_id, own, sizeof own) != 0) return vst3::kNoInterface;
        auto* effect = new Effect(*known);
        const auto result = effect->queryInterface(reinterpret_cast<const std::int8_t*>(interface), object);
        effect->release();
        return result;
    }

    vst3::Result VST3_CALL setHostContext(vst3::FUnknown*) override { return vst3::kOk; }
};

}  // namespace
}  // namespace shell

SHELL_EXPORT vst3::IPluginFactory* VST3_CALL GetPluginFactory() {
    static shell::Factory factory;
    return &factory;
}

#if defined(_WIN32)
SHELL_EXPORT bool InitDll() { return true; }
SHELL_EXPORT bool ExitDll() { return true; }
#elif defined(__APPLE__)
SHELL_EXPORT bool bundleEntry(void*) { return true; }
SHELL_EXPORT bool bundleExit() { return true; }
#else
SHELL_EXPORT bool ModuleEntry(void*) { return true; }
SHELL_EXPORT bool ModuleExit() { return true; }
#endif
