// What of the dry and the restored sound is heard while playing: a choice of the editor's, which lasts as long as
// that is in sight. It is no parameter: none is saved, automated or left on unseen, and no export is ever made of it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace shell {

enum class Listening { in, out, removed };  // dry, restored, dry minus restored

class Monitor {
public:
    // From here on the restored sound is heard, without a fade.
    void reset() { now_ = kOut; }

    // Whether the sound passes as it is.
    bool idle(Listening listening) const;

    // Make of `out` what is heard, in place; sample i of the dry sound is ring[(begin + i) & mask].
    void mix(Listening listening, float* out, int samples, const float* ring, std::uint64_t begin, std::size_t mask) const;
    // That was done for every channel.
    void passed(Listening listening, int samples);

private:
    struct Shares {
        double out, dry;
    };
    static constexpr Shares kOut = {1, 0};
    static Shares wanted(Listening listening);
    static Shares moved(Shares now, Shares wanted, int samples);

    Shares now_ = kOut;
};

}  // namespace shell
