// Values that are mostly wrong, the same for the same seed.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

#include "vst3.hpp"

class Dice {
public:
    explicit Dice(unsigned seed) : random_(seed) {}
    int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
    bool rarely() { return below(10) == 0; }
    double value() {
        const double odd[] = {0, 1, 0.5, -1, 2, NAN, INFINITY, -INFINITY, 1e300, 0.999999999};
        return rarely() ? odd[below(10)] : below(1001) / 1000.0;
    }
    int whole() {
        const int odd[] = {-1, 0, 1, 2, 3, 63, 128, 511, 100000, INT32_MAX, INT32_MIN};
        return odd[below(11)];
    }
    vst3::ParameterId id() {
        const vst3::ParameterId known[] = {0, 1, 2, 3, 0x7FFFFF01, 0x7FFFFF02, 0x7FFFFF03, 0x7FFFFF04, 0xFFFFFFFF};
        return rarely() ? static_cast<vst3::ParameterId>(random_()) : known[below(9)];
    }
    float sample() { return rarely() ? static_cast<float>(value()) : static_cast<float>(below(2001) - 1000) / 1000.0f; }

private:
    std::mt19937 random_;
};
