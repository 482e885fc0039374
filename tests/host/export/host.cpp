// A host for tests: it obeys lines on stdin, as hosts of all kinds would call, and answers each with one line.
// The shell is linked into it, so that sanitizers watch both; it lies in the bundle, where the shell finds its manifest.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "dice.hpp"
#include "host.hpp"
#include "host_surface.hpp"
#include "parameters.hpp"
#include "text.hpp"

using namespace vst3;
extern "C" IPluginFactory* GetPluginFactory();

namespace {

struct Handler final : IComponentHandler {
    std::atomic<int> restarts{0};
    Result queryInterface(const Id, void** object) override { *object = nullptr; return kNoInterface; }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    Edits edits;
    Result beginEdit(ParameterId id) override { edits.log << "begin:" << id << " "; return kOk; }
    Result performEdit(ParameterId id, Normalized value) override { edits.log << id << ":" << value << " "; return kOk; }
    Result endEdit(ParameterId id) override { edits.log << "end:" << id << " "; return kOk; }
    Result restartComponent(std::int32_t flags) override { restarts += flags; return kOk; }
};

struct Application final : IHostApplication {
    std::string name = "Test";
    Result queryInterface(const Id id, void** object) override {
        *object = same(id, kHostApplicationId) ? this : nullptr;
        return *object != nullptr ? kOk : kNoInterface;
    }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    Result getName(Text text) override { shell::to_utf16(name, text, 128); return kOk; }
    Result createInstance(Id, Id, void**) override { return kNotImplemented; }
};

class Host {
public:
    explicit Host(const char* samples) {
        std::ifstream file(samples, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)), {});
        input_.resize(bytes.size() / sizeof(float));
        if (!input_.empty()) std::memcpy(input_.data(), bytes.data(), input_.size() * sizeof(float));
        create();
    }
    ~Host() { destroy(); }

    std::string obey(const std::string& line) {
        std::istringstream words(line);
        std::string what;
        words >> what;
        if (what == "setup") return setup(words);
        if (what == "buses") return buses(words);
        if (what == "active") return number(component_->setActive(static_cast<Bool>(take<int>(words))));
        if (what == "latency") return number(processor_->getLatencySamples());
        if (what == "process") return process(words);
        if (what == "live") return live(words);
        if (what == "bench") return bench(words);
        if (what == "rates") return rates(words);
        if (what == "seek") { cursor_ = take<std::size_t>(words); return "0"; }
        if (what == "parameters") return parameters();
        if (what == "units") return units();
        if (what == "get") return text(controller_->getParamNormalized(take<ParameterId>(words)));
        if (what == "set") return set(words);
        if (what == "text") return value_text(words);
        if (what == "value") return text_value(words);
        if (what == "save") return save(words);
        if (what == "load" || what == "show") return load(words, what == "show");
        if (what == "restarts") return number(handler_.restarts.exchange(0));
        if (what == "class") return class_text();
        if (what == "many") return many(words);
        if (what == "edits") return handler_.edits.take() + ".";
        if (surface_)
            if (const auto answer = surface_->obey(what, words, *component_, *controller_)) return *answer;
        if (what == "fuzz") return fuzz(words);
        if (what == "again") { application_.name = take<std::string>(words); destroy(); create(); return "0"; }
        return "unknown";
    }

    std::vector<float> output;

private:
    template <typename T>
    static T take(std::istream& words) { T value{}; words >> value; return value; }
    static std::string number(long value) { return std::to_string(value); }
    static std::string text(double value) { std::ostringstream out; out.precision(17); out << value; return out.str(); }

    void create() {
        ClassInfo info;
        auto* factory = GetPluginFactory();
        if (factory->getClassInfo(0, &info) != kOk) return;
        void* object = nullptr;
        factory->createInstance(reinterpret_cast<char*>(info.class_id),
                                reinterpret_cast<const char*>(kComponentId.bytes), &object);
        component_ = static_cast<IComponent*>(object);
        component_->initialize(application_.name.empty() ? nullptr : &application_);
        processor_ = query<IAudioProcessor>(kAudioProcessorId);
        controller_ = query<IEditController>(kEditControllerId);
        unit_info_ = query<IUnitInfo>(kUnitInfoId);
        controller_->setComponentHandler(&handler_);
    }

    template <typename T>
    T* query(const InterfaceId& id) {
        void* object = nullptr;
        component_->queryInterface(reinterpret_cast<const std::int8_t*>(id.bytes), &object);
        return static_cast<T*>(object);
    }

    void destroy() {
        if (component_ == nullptr) return;
        if (surface_) surface_->close();
        component_->setActive(0);
        component_->terminate();
        processor_->release();
        controller_->release();
        unit_info_->release();
        component_->release();
        component_ = nullptr;
    }

    std::string class_text() {
        ClassInfo2 info;
        ClassInfoW wide;
        auto* factory = static_cast<IPluginFactory3*>(GetPluginFactory());
        if (factory->countClasses() == 0) return "none";
        factory->getClassInfo2(0, &info);
        factory->getClassInfoUnicode(0, &wide);
        std::ostringstream out;
        out << std::hex;
        for (const auto byte : info.class_id) out << (static_cast<int>(byte) & 0xFF) / 16 << (byte & 15);
        out << "|" << info.name << "|" << shell::to_utf8(wide.name, 64) << "|" << info.vendor << "|" << info.subcategories;
        return out.str();
    }

    std::string setup(std::istream& words) {
        const double rate = take<double>(words);
        const int mode = take<int>(words), most = take<int>(words);
        ProcessSetup setup = {mode, kSample32, most, rate};
        rate_ = rate;
        return number(processor_->setupProcessing(setup));
    }

    std::string buses(std::istream& words) {
        Speakers in = take<Speakers>(words), out = take<Speakers>(words);
        const auto result = processor_->setBusArrangements(&in, 1, &out, 1);
        if (result == kOk) channels_ = in == kStereo ? 2 : 1;
        return number(result);
    }

    // N MODE [alias] [id:offset:value ...]
    std::string process(std::istream& words) {
        const int samples = take<int>(words), mode = take<int>(words);
        Changes changes, told;
        bool alias = false;
        for (std::string word; words >> word;) {
            unsigned id = 0;
            int offset = 0;
            double value = 0;
            if (word == "alias") alias = true;
            else if (std::sscanf(word.c_str(), "%u:%d:%lf", &id, &offset, &value) == 3) changes.add(id, offset, value);
        }
        std::uint64_t silent = 0;
        const auto result = block(samples, mode, alias, changes, told, silent);
        std::string line = number(result) + " " + number(static_cast<long>(silent));
        for (const auto& [id, points] : told.points()) line += " " + number(id) + "=" + text(points.back().value);
        return line;
    }

    Result block(int samples, int mode, bool alias, Changes& changes, Changes& told, std::uint64_t& silent) {
        const auto many = static_cast<std::size_t>(samples);
        std::vector<std::vector<float>> in(2, std::vector<float>(many)), out(2, std::vector<float>(many, 7.0f));
        for (std::size_t i = 0; i < many; ++i, cursor_ += 2)
            for (std::size_t channel = 0; channel < 2; ++channel)
                in[channel][i] = input_.empty() ? 0.0f : input_[(cursor_ + channel) % input_.size()];
        float* from[] = {in[0].data(), in[1].data()};
        float* to[] = {out[0].data(), out[1].data()};
        AudioBusBuffers input = {channels_, 0, {from}}, result = {channels_, 0, {alias ? from : to}};
        ProcessData data = {mode, kSample32, samples, 1, 1, &input, &result, &changes, &told, nullptr, nullptr, nullptr};
        const auto code = processor_->process(data);
        silent = result.silence_flags;
        auto& heard = alias ? in : out;
        for (std::size_t i = 0; i < many; ++i)
            for (int channel = 0; keep_ && channel < channels_; ++channel)
                output.push_back(heard[static_cast<std::size_t>(channel)][i]);
        return code;
    }

    // N COUNT [unheard]: blocks at the pace of a sound card; worst time of a call in milliseconds, and when the last
    // block that passed dry ended, by the clock that only goes forward (0: none did).
    std::string live(std::istream& words) {
        const int samples = take<int>(words), count = take<int>(words);
        keep_ = take<std::string>(words) != "unheard";
        Changes none, told;
        std::uint64_t silent = 0;
        double worst = 0, dry = 0, dropouts = controller_->getParamNormalized(shell::kDropoutsId);
        auto next = std::chrono::steady_clock::now();
        for (int i = 0; i < count; ++i) {
            next += std::chrono::nanoseconds(static_cast<long>(1e9 * samples / rate_));
            const auto begin = std::chrono::steady_clock::now();
            if (block(samples, kRealtime, false, none, told, silent) != kOk) return "error";
            worst = std::max(worst, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
            const double now = controller_->getParamNormalized(shell::kDropoutsId);
            if (now != dropouts) dry = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
            dropouts = now;
            std::this_thread::sleep_until(next);
        }
        return text(1e3 * worst) + " " + text(dry);
    }

    // RATE...: a block at each, while another thread asks how the engine is and saves; results of the blocks.
    std::string rates(std::istream& words) {
        std::atomic<bool> done{false};
        std::thread asks([&] {
            for (Stream stream; !done; stream.bytes.clear()) {
                controller_->getParamNormalized(shell::kEngineId);
                component_->getState(&stream);
            }
        });
        std::string results;
        for (std::string rate; words >> rate;)
            for (const std::string& line : {std::string("active 0"), "setup " + rate + " 2 512", std::string("active 1"), std::string("process 64 2")})
                results += obey(line).substr(0, 1);
        done = true;
        asks.join();
        return results;
    }

    // N COUNT: offline blocks; median and 99th percentile in microseconds.
    std::string bench(std::istream& words) {
        const int samples = take<int>(words), count = take<int>(words);
        std::vector<float> left(static_cast<std::size_t>(samples), 0.1f), right = left;
        float* both[] = {left.data(), right.data()};
        AudioBusBuffers buffers = {channels_, 0, {both}};
        ProcessData data = {kOffline, kSample32, samples, 1, 1, &buffers, &buffers, nullptr, nullptr, nullptr, nullptr, nullptr};
        std::vector<double> times;
        for (int i = 0; i < count; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            if (processor_->process(data) != kOk) return "error";
            times.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
        }
        std::sort(times.begin(), times.end());
        return text(times[times.size() / 2]) + " " + text(times[times.size() * 99 / 100]);
    }

    // SEED COUNT: as many instances beside this one, all processing, that end in any order; results of their blocks.
    static std::string many(std::istream& words) {
        std::mt19937 random(take<unsigned>(words));
        std::vector<std::unique_ptr<Host>> hosts(take<std::size_t>(words));
        std::string results;
        for (auto& host : hosts) {
            host = std::make_unique<Host>("/dev/null");
            for (const char* line : {"buses 3 3", "setup 48000 2 512", "active 1"}) results += host->obey(line);
        }
        std::shuffle(hosts.begin(), hosts.end(), random);
        while (!hosts.empty()) {
            for (auto& host : hosts) results += host->obey("process 64 2").substr(0, 1);
            hosts.pop_back();
        }
        return results;
    }

    std::string parameters() {
        std::string line;
        for (int i = 0; i < controller_->getParameterCount(); ++i) {
            ParameterInfo info;
            controller_->getParameterInfo(i, info);
            line += number(info.id) + "|" + shell::to_utf8(info.title, 128) + "|" + shell::to_utf8(info.units, 128) + "|" +
                    number(info.step_count) + "|" + text(info.default_value) + "|" + number(info.unit_id) + "|" +
                    number(info.flags) + ";";
        }
        return line;
    }

    std::string units() {
        std::string line;
        for (int i = 0; i < unit_info_->getUnitCount(); ++i) {
            UnitInfo info;
            unit_info_->getUnitInfo(i, info);
            line += number(info.id) + "|" + shell::to_utf8(info.name, 128) + "|" + number(info.program_list_id) + ";";
        }
        ProgramListInfo list;
        if (unit_info_->getProgramListInfo(0, list) != kOk) return line;
        for (int i = 0; i < list.program_count; ++i) {
            Text name;
            unit_info_->getProgramName(list.id, i, name);
            line += shell::to_utf8(name, 128) + ";";
        }
        return line;
    }

    std::string set(std::istream& words) {
        const auto id = take<ParameterId>(words);
        return number(controller_->setParamNormalized(id, take<double>(words)));
    }

    std::string value_text(std::istream& words) {
        const auto id = take<ParameterId>(words);
        Text out;
        const auto result = controller_->getParamStringByValue(id, take<double>(words), out);
        return result == kOk ? shell::to_utf8(out, 128) : "error";
    }

    std::string text_value(std::istream& words) {
        const auto id = take<ParameterId>(words);
        std::string rest;
        std::getline(words >> std::ws, rest);
        Text written;
        shell::to_utf16(rest, written, 128);
        double value = 0;
        return controller_->getParamValueByString(id, written, value) == kOk ? text(value) : "error";
    }

    std::string save(std::istream& words) {
        Stream stream;
        const auto result = component_->getState(&stream);
        std::ofstream(take<std::string>(words), std::ios::binary) << stream.bytes;
        return number(result);
    }

    std::string load(std::istream& words, bool show) {
        std::ifstream file(take<std::string>(words), std::ios::binary);
        Stream stream;
        stream.bytes.assign(std::istreambuf_iterator<char>(file), {});
        return number(show ? controller_->setComponentState(&stream) : component_->setState(&stream));
    }

    // SEED COUNT: calls in any order with any values.
    std::string fuzz(std::istream& words);

    Application application_;
    Handler handler_;
    IComponent* component_ = nullptr;
    IAudioProcessor* processor_ = nullptr;
    IEditController* controller_ = nullptr;
    IUnitInfo* unit_info_ = nullptr;
    std::unique_ptr<Surface> surface_ = make_surface != nullptr ? make_surface() : nullptr;
    std::vector<float> input_;
    std::size_t cursor_ = 0;
    int channels_ = 2;
    bool keep_ = true;
    double rate_ = 48000;
};

#include "host_fuzz.inc"

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) return 2;
    Host host(arguments[1]);
    for (std::string line; std::getline(std::cin, line) && line != "quit";) std::cout << host.obey(line) << std::endl;
    std::ofstream file(arguments[2], std::ios::binary);
    file.write(reinterpret_cast<const char*>(host.output.data()),
               static_cast<std::streamsize>(host.output.size() * sizeof(float)));
}
