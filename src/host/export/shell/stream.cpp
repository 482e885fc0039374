#include "stream.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace shell {
namespace {

constexpr int kMostSamples = 8192;        // handed over at once
constexpr double kShareOfBlock = 0.5;     // of a live block's time that it waits for the engine
constexpr double kShareOfLead = 0.5;      // of the time by which a host is ahead of the clock
constexpr double kLongestSleep = 0.02;    // seconds, should the engine's call be missed
constexpr int kFadeSamples = 256;         // between dry and restored
constexpr double kSecondsToReplace = 4;   // that a new engine may need until it has caught up

}  // namespace

std::size_t Stream::capacity_for(std::uint32_t latency, double rate) {
    return std::size_t{latency} + static_cast<std::size_t>(kSecondsToReplace * rate) + 2 * kMostSamples;
}

void Stream::open(bool offline, bool bypassed) {
    if (begins(offline)) {
        fresh_ = in_epoch_ = failed_ = false;
        offline_ = offline;
        start_ = retry_ = position_;
        clock_ = 0;
        gain_ = bypassed ? 0 : 1;
        monitor_.reset();
    }
    follow_engine();
    if (in_epoch_ && (tell_all_ || epoch_state_ != engine_.state_number())) tell_everything();
}

// Begin an epoch where there is an engine that has none of this recording.
void Stream::follow_engine() {
    const bool lost = in_epoch_ && !engine_goes_on();
    if (lost) {
        in_epoch_ = false;
        failed_ = offline_;
        if (engine_.generation() == engine_generation_) retry_ = position_ + static_cast<std::uint64_t>(setup_.rate);
    }
    if (offline_ && !in_epoch_ && !failed_) failed_ = !engine_.wait_ready(engine_.timeouts.start);
    const bool another = engine_.generation() != engine_generation_;
    if (failed_ || in_epoch_ || engine_.state() != Engine::State::ready || (position_ < retry_ && !another)) return;
    // What the ring still holds is gone through again, so that live sound is restored as soon as that is done.
    begin_epoch(std::max(start_, position_ - setup_.latency));
}

void Stream::change(std::size_t parameter, std::uint32_t offset, double value) {
    if (!in_epoch_) return;  // the next begins with it
    const auto index = static_cast<std::uint32_t>(parameter);
    if (!tell(kParameterEvent, index, position_ + offset, value)) in_epoch_ = false;  // it begins anew
}

Stream::Outcome Stream::process(const Block& block) {
    for (int first = 0; first < block.samples; first += kMostSamples)
        piece(block, first, std::min(block.samples - first, kMostSamples));
    return failed_ && !block.bypassed ? Outcome::failed : Outcome::restored;
}

void Stream::begin_epoch(std::uint64_t origin) {
    Header& shared = engine_.header();
    for (std::size_t i = 0; i < parameters_.engine_count(); ++i) shared.values[i] = parameters_.sounding(i);
    shared.channels = static_cast<std::uint32_t>(setup_.channels);
    shared.sample_rate = setup_.rate;
    shared.origin = origin_ = origin;
    shared.state_wanted = epoch_state_ = engine_.announce();
    shared.mode = offline_ ? 2 : 0;
    shared.event_first = event_first_ = shared.events_written.load(std::memory_order_relaxed);
    shared.max_block = setup_.max_block;
    shared.written.store(position_, std::memory_order_relaxed);
    shared.taken.store(std::max(origin, position_ - setup_.latency), std::memory_order_relaxed);
    epoch_ = shared.epoch.load(std::memory_order_relaxed) + 1;
    shared.epoch.store(epoch_, std::memory_order_release);
    engine_generation_ = engine_.generation();
    in_epoch_ = true;
    tell_all_ = false;
    engine_.ring_doorbell();
}

bool Stream::epoch_runs() const {
    return in_epoch_ && engine_.header().epoch_running.load(std::memory_order_acquire) == epoch_;
}

bool Stream::engine_goes_on() const {
    if (engine_.state() != Engine::State::ready || engine_.generation() != engine_generation_) return false;
    return !epoch_runs() || (engine_.status() & kStatusFault) == 0;
}

bool Stream::tell(std::uint32_t kind, std::uint32_t index, std::uint64_t position, double value) {
    Header& shared = engine_.header();
    const std::uint32_t written = shared.events_written.load(std::memory_order_relaxed);
    const auto full = [&] {
        return written - (epoch_runs() ? shared.events_read.load(std::memory_order_acquire) : event_first_) >=
               kMostEvents;
    };
    const double deadline = platform::seconds() + (offline_ ? engine_.timeouts.answer : 0);
    while (full()) {
        const std::uint32_t answer = shared.answer.load(std::memory_order_acquire);
        if (!full()) break;
        if (platform::seconds() >= deadline || !engine_goes_on()) {
            failed_ = failed_ || offline_;
            return false;
        }
        engine_.wait_for_more(answer, kLongestSleep);
    }
    shared.events[written % kMostEvents] = {position, kind, index, value};
    shared.events_written.store(written + 1, std::memory_order_release);
    return true;
}

// A state was loaded: the engine's own part of it, then every value.
void Stream::tell_everything() {
    const std::uint32_t number = engine_.announce();
    if (number != epoch_state_ && !tell(kStateEvent, number, position_, 0)) in_epoch_ = false;
    epoch_state_ = number;
    for (std::size_t i = 0; tell_all_ && in_epoch_ && i < parameters_.engine_count(); ++i)
        in_epoch_ = tell(kParameterEvent, static_cast<std::uint32_t>(i), position_, parameters_.sounding(i));
    tell_all_ = false;
}

void Stream::write(const Block& block, int first, int samples) {
    Header& shared = engine_.header();
    const std::size_t capacity = engine_.capacity();
    for (int channel = 0; channel < setup_.channels; ++channel) {
        float* ring = engine_.ring(vst3::kInput, channel);
        const float* from = block.in[channel] + first;
        for (int i = 0; i < samples; ++i) {
            const bool finite = std::isfinite(from[i]);  // a host's glitch must not end the engine's stream
            ring[(position_ + static_cast<std::uint64_t>(i)) & (capacity - 1)] = finite ? from[i] : 0.0f;
        }
    }
    position_ += static_cast<std::uint64_t>(samples);
    const std::uint64_t heard = position_ - static_cast<std::uint64_t>(samples) - setup_.latency;
    shared.written.store(position_, std::memory_order_release);
    shared.taken.store(std::max(origin_, heard), std::memory_order_release);
    if (in_epoch_) engine_.ring_doorbell();
}

bool Stream::has_restored(const Range& heard) const {
    if (!epoch_runs() || heard.begin < origin_) return false;
    const std::uint64_t produced = engine_.header().produced.load(std::memory_order_acquire);
    return produced >= heard.end && produced - heard.begin <= engine_.capacity();
}

// Seconds that a live block may wait. A host that is ahead of the clock, as one that renders faster while it says
// that it plays, has the more time the further it is ahead.
double Stream::budget(int samples) {
    const double now = platform::seconds();
    clock_ = std::max(clock_, now);
    const double block = samples / setup_.rate;
    const double lead = clock_ - now;
    clock_ += block;
    return std::max(kShareOfBlock * block, kShareOfLead * lead);
}

// Wait for what is heard. Offline as long as the engine gets on.
bool Stream::await(const Range& heard, double budget) {
    const Header& shared = engine_.header();
    const double limit = offline_ ? engine_.timeouts.answer : budget;
    double deadline = platform::seconds() + limit;
    std::uint32_t answered = 0;
    for (;;) {
        const std::uint32_t answer = shared.answer.load(std::memory_order_acquire);
        if (has_restored(heard)) return true;
        if (!in_epoch_ || heard.begin < origin_ || !engine_goes_on()) return false;
        const double now = platform::seconds();
        if (offline_ && answer != answered) deadline = now + limit;  // it may have much to think about
        answered = answer;
        if (now >= deadline) {
            if (offline_) engine_.abandon();
            return false;
        }
        engine_.wait_for_more(answer, std::min(deadline - now, kLongestSleep));
    }
}

void Stream::piece(const Block& block, int first, int samples) {
    const double seconds = budget(samples);
    if (epoch_runs() && !offline_) {
        const std::uint64_t read = engine_.header().read.load(std::memory_order_acquire);
        const std::uint64_t next = position_ + static_cast<std::uint64_t>(samples);
        if (next > read + engine_.capacity()) begin_epoch(position_);  // overtaken: what it has to read is gone
    }
    write(block, first, samples);
    const std::uint64_t end = position_ - setup_.latency;
    const Range heard = {end - static_cast<std::uint64_t>(samples), end};
    const Range wanted = {std::max(heard.begin, start_), end};
    const bool silent = wanted.begin >= wanted.end;
    const bool restored = !failed_ && (silent || await(wanted, seconds));
    if (!restored && offline_) failed_ = true;
    if (failed_ && !block.bypassed) return give_silence(block, first, samples);
    if (!restored && !block.bypassed && dropouts_ < 0xFFFFFFFF) ++dropouts_;
    give_out(block, first, heard, restored && !silent);
}

void Stream::give_out(const Block& block, int first, const Range& heard, bool restored) {
    const std::size_t mask = engine_.capacity() - 1;
    const int samples = static_cast<int>(heard.end - heard.begin);
    const int silent = static_cast<int>(std::min(std::max(start_, heard.begin), heard.end) - heard.begin);
    const double target = restored && !block.bypassed ? 1 : 0;
    if (silent == samples) return give_silence(block, first, samples);
    if (!restored) gain_ = 0;
    double gain = gain_;
    for (int channel = 0; channel < setup_.channels; ++channel) {
        const float* dry = engine_.ring(vst3::kInput, channel);
        const float* wet = engine_.ring(vst3::kOutput, channel);
        float* out = block.out[channel] + first;
        gain = gain_;
        std::fill_n(out, silent, 0.0f);
        for (int i = silent; i < samples; ++i) {
            const std::size_t place = (heard.begin + static_cast<std::uint64_t>(i)) & mask;
            if (gain < target) gain = std::min(gain + 1.0 / kFadeSamples, target);
            else if (gain > target) gain = std::max(gain - 1.0 / kFadeSamples, target);
            if (gain == 0) out[i] = dry[place];
            else if (gain == 1) out[i] = wet[place];
            else out[i] = static_cast<float>(dry[place] + gain * (static_cast<double>(wet[place]) - dry[place]));
        }
    }
    gain_ = gain;
    if (!offline_ && !monitor_.idle(block.listening)) give_heard(block, first, silent, heard);
}

// What somebody listens to in the editor, in the place of what was given out.
void Stream::give_heard(const Block& block, int first, int silent, const Range& heard) {
    const int samples = static_cast<int>(heard.end - heard.begin) - silent;
    const std::uint64_t begin = heard.begin + static_cast<std::uint64_t>(silent);
    for (int channel = 0; channel < setup_.channels; ++channel)
        monitor_.mix(block.listening, block.out[channel] + first + silent, samples, engine_.ring(vst3::kInput, channel),
                     begin, engine_.capacity() - 1);
    monitor_.passed(block.listening, samples);
}

void Stream::give_silence(const Block& block, int first, int samples) const {
    for (int channel = 0; channel < setup_.channels; ++channel) std::fill_n(block.out[channel] + first, samples, 0.0f);
}

}  // namespace shell
