// What an editor shows of an effect and does to it. All of it belongs to the thread of the host's surface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine.hpp"
#include "monitor.hpp"
#include "parameters.hpp"

namespace shell {

// All that changes, at one moment.
struct Shown {
    EngineWord word = EngineWord::off;
    std::uint32_t dropouts = 0;
    double learned_seconds = 0;
    std::string text;  // the engine's last words; empty where all is well
    Curve curve;       // the noise print; null where there is none
    Listening listening = Listening::out;
    std::vector<double> values;  // normalized, by place among the parameters

    bool operator==(const Shown& other) const;
};

class Subject {
public:
    virtual const Parameters& parameters() const = 0;
    virtual Shown look() const = 0;

    // One turn of a parameter: it begins, is at values, and ends; the host is told.
    virtual void begin(std::size_t parameter) = 0;
    virtual void perform(std::size_t parameter, double value) = 0;
    virtual void end(std::size_t parameter) = 0;

    virtual void listen(Listening listening) = 0;

protected:
    ~Subject() = default;
};

}  // namespace shell
