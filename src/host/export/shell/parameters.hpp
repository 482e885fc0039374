// Every parameter of an instance, the shell's own too, with two values each: what the sound is made with, which
// comes with the blocks, and what the host's surface shows. They are two because hosts tell the surface late.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "manifest.hpp"
#include "state.hpp"

namespace shell {

enum : std::uint32_t {
    kBypassId = 0x7FFFFF01,
    kDropoutsId = 0x7FFFFF02,
    kEngineId = 0x7FFFFF03,
    kProgramId = 0x7FFFFF04,
};

// Places of the parameter `kEngineId`.
enum class EngineWord { off, starting, ready, learning, needs_learning, restarting, failed };

class Parameters {
public:
    explicit Parameters(const Manifest& manifest);

    std::size_t count() const { return specs_.size(); }
    // The first `engine_count()` are the manifest's, in its order; the rest is the shell's.
    std::size_t engine_count() const { return manifest_.parameters.size(); }
    const ParameterSpec& spec(std::size_t index) const { return specs_[index]; }
    std::optional<std::size_t> index_of(std::uint32_t id) const;

    double sounding(std::size_t index) const { return values_[index].sounding.load(std::memory_order_relaxed); }
    double shown(std::size_t index) const { return values_[index].shown.load(std::memory_order_relaxed); }
    void set_sounding(std::size_t index, double value);
    void set_shown(std::size_t index, double value);
    bool bypassed() const { return sounding(bypass_) >= 0.5; }
    bool learning() const;  // whether a switch is on that no state holds

    // Take over what a state says; what it does not know gets its default, what it must not say stays.
    enum class Part { all, engine };  // a program says nothing of the shell's own parameters
    void load_sounding(const SavedState& state, Part part);
    void load_shown(const SavedState& state, Part part);
    SavedState saved() const;

    // The program that a value of the program parameter stands for.
    const ProgramSpec* program(double normalized) const;
    const Manifest& manifest() const { return manifest_; }

private:
    struct Value {
        std::atomic<double> sounding{0}, shown{0};
    };

    bool in_states(std::size_t index) const;
    double from_state(const SavedState& state, std::size_t index) const;

    const Manifest& manifest_;
    std::vector<ParameterSpec> specs_;
    std::vector<Value> values_;
    std::unordered_map<std::uint32_t, std::size_t> places_;
    std::size_t bypass_ = 0;
};

// A value as a host may give it: from 0 to 1, and nothing else.
double kept_normalized(double value, double otherwise);

}  // namespace shell
