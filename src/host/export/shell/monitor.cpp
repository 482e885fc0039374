#include "monitor.hpp"

#include <algorithm>
#include <cmath>

namespace shell {
namespace {

constexpr int kFadeSamples = 256;  // for a share to change by one

}  // namespace

Monitor::Shares Monitor::wanted(Listening listening) {
    if (listening == Listening::in) return {0, 1};
    return listening == Listening::removed ? Shares{-1, 1} : kOut;
}

// The straight way, so that nothing is louder in between than at both its ends.
Monitor::Shares Monitor::moved(Shares now, Shares wanted, int samples) {
    const double out = wanted.out - now.out, dry = wanted.dry - now.dry;
    const double left = std::max(std::abs(out), std::abs(dry)) * kFadeSamples;
    if (left <= samples) return wanted;
    return {now.out + out * samples / left, now.dry + dry * samples / left};
}

bool Monitor::idle(Listening listening) const {
    return listening == Listening::out && now_.out == kOut.out && now_.dry == kOut.dry;
}

void Monitor::mix(
    Listening listening, float* out, int samples, const float* ring, std::uint64_t begin, std::size_t mask) const {
    const Shares target = wanted(listening);
    Shares shares = now_;
    for (int i = 0; i < samples; ++i) {
        shares = moved(shares, target, 1);
        const double dry = ring[(begin + static_cast<std::uint64_t>(i)) & mask];
        out[i] = static_cast<float>(shares.out * static_cast<double>(out[i]) + shares.dry * dry);
    }
}

void Monitor::passed(Listening listening, int samples) {
    now_ = moved(now_, wanted(listening), samples);
}

}  // namespace shell
