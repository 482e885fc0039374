// Sound on its way to the engine and back, block by block: the audio thread's side of the shared memory.
//
// What the host hears at position t is the engine's sample t - latency, or the input's, which the ring still holds.
// Offline a block waits for the engine, and without it the stream has failed: what was not restored is never given
// out as if it had been. Live a block waits for a share of its own time, then the dry sound passes, as late as the
// restored one would.
#pragma once

#include <cstdint>

#include "engine.hpp"
#include "monitor.hpp"
#include "parameters.hpp"

namespace shell {

class Stream {
public:
    enum class Outcome { restored, failed };

    struct Setup {
        double rate = 0;
        std::uint32_t latency = 0, max_block = 0;
        int channels = kMostChannels;
    };

    struct Block {
        const float* const* in;
        float* const* out;
        int samples;
        bool bypassed;
        Listening listening;  // live; offline the restored sound is given out, whatever it says
    };

    Stream(Engine& engine, const Parameters& parameters) : engine_(engine), parameters_(parameters) {}

    void prepare(const Setup& setup) { setup_ = setup; }
    // The next block begins a new recording: nothing of what was before is heard in it.
    void reset() { fresh_ = true; }
    // Values changed otherwise than by events: all are told again.
    void values_changed() { tell_all_ = true; }

    // Whether the next block begins a recording: what changes at its very start is what that begins with.
    bool begins(bool offline) const { return fresh_ || offline != offline_; }
    // To be called for each block of more than no samples, before its changes are told.
    void open(bool offline, bool bypassed);
    // A change of a parameter `offset` samples into the block, in the order of offsets.
    void change(std::size_t parameter, std::uint32_t offset, double value);
    Outcome process(const Block& block);

    std::uint32_t dropouts() const { return dropouts_; }
    bool failed() const { return failed_; }
    bool offline() const { return offline_; }

    // Samples that the rings hold: what is delayed, and what comes while a dead engine is replaced.
    static std::size_t capacity_for(std::uint32_t latency, double rate);

private:
    struct Range {
        std::uint64_t begin, end;
    };

    void follow_engine();
    void begin_epoch(std::uint64_t origin);
    bool epoch_runs() const;
    bool engine_goes_on() const;
    bool tell(std::uint32_t kind, std::uint32_t index, std::uint64_t position, double value);
    void tell_everything();
    void write(const Block& block, int first, int samples);
    bool has_restored(const Range& heard) const;
    bool await(const Range& heard, double budget);
    double budget(int samples);
    void piece(const Block& block, int first, int samples);
    void give_out(const Block& block, int first, const Range& heard, bool restored);
    void give_heard(const Block& block, int first, int silent, const Range& heard);
    void give_silence(const Block& block, int first, int samples) const;

    Engine& engine_;
    const Parameters& parameters_;
    Setup setup_;

    std::uint64_t position_ = 1u << 24;  // of the next sample; beyond every latency, so that none is below 0
    std::uint64_t start_ = 0;            // of the recording: silence before it
    std::uint64_t origin_ = 0;           // of the epoch
    std::uint64_t retry_ = 0;            // where the next may begin after one that could not go on
    std::uint32_t epoch_ = 0, event_first_ = 0, epoch_state_ = 0, engine_generation_ = 0, dropouts_ = 0;
    bool fresh_ = true, in_epoch_ = false, offline_ = false, failed_ = false, tell_all_ = false;
    double clock_ = 0;  // when what was processed so far will have been heard
    double gain_ = 1;   // of the restored sound against the dry one
    Monitor monitor_;
};

}  // namespace shell
