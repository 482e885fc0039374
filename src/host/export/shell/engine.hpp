// The engine: a Python process of this instance's own, watched by one thread. It is started once, started again
// when it dies, killed when it hangs, and gone with the instance.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "manifest.hpp"
#include "platform.hpp"

namespace shell {

using Bytes = std::shared_ptr<const std::string>;

struct CurvePoint {
    float hz, db;
};
using Curve = std::shared_ptr<const std::vector<CurvePoint>>;  // by rising frequency

// Seconds; each may be set in the environment.
struct Timeouts {
    double first_wait;  // WAVEMEND_ENGINE_WAIT_S: the first activation waits so long for it
    double start;       // WAVEMEND_ENGINE_START_S: it has to become ready; the first time it compiles for minutes
    double answer;      // WAVEMEND_ENGINE_ANSWER_S: it has to get on while it owes sound
};

class Engine {
public:
    enum class State { off, starting, ready, failed };

    explicit Engine(const Manifest& manifest);
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // Have it running with rings of at least `capacity` samples. Never while sound is processed.
    void start(std::size_t capacity);
    void stop();

    bool started() const { return memory_ != nullptr; }
    // Whether it is ready before the time is over; at once false where it could not be started.
    bool wait_ready(double seconds);

    // It let a block wait for longer than it may: it is ended, and another started.
    void abandon();

    Header& header() const { return header_of(*memory_); }
    float* ring(int direction, int channel) const;
    // Tell it that something changed.
    void ring_doorbell() const;
    // Wait until it has said more than `answer`, or the time is over; may return early.
    void wait_for_more(std::uint32_t answer, double seconds) const;
    std::size_t capacity() const { return capacity_; }

    State state() const { return state_.load(std::memory_order_acquire); }
    // Grows each time one became ready: what an older one was told is lost.
    std::uint32_t generation() const { return generation_.load(std::memory_order_acquire); }
    std::uint32_t status() const;
    // The same for threads that make no sound, whoever starts or stops it meanwhile.
    std::uint32_t status_at_any_time() const;

    // The engine's own part of a state: what it was last given or told. Numbered by how often it was given.
    void give(Bytes opaque);
    Bytes opaque() const;
    std::uint32_t state_number() const { return state_number_.load(std::memory_order_acquire); }
    // The number of the latest, which some sample is said to begin with: it is sent even if another one is given.
    std::uint32_t announce();

    // Wait, for a host that renders, until what it learns from what it was given by now is part of `opaque`, whoever
    // starts or stops it meanwhile.
    void settle(bool learning);

    // For people to see, a moment late; never waits for a thread that makes sound, nor keeps one waiting.
    struct Seen {
        std::uint32_t status = 0;
        float learned_seconds = 0;
        std::string text;  // what it has to tell, or why there is none
        Curve curve;       // the noise print; null where there is none
    };
    Seen seen() const;

    const Timeouts timeouts;

private:
    void run();
    bool serve();  // one process from its start to its end; whether it had become ready
    bool hear(std::string& heard);
    bool obey(const MessageHeader& head, std::string payload);
    bool overdue(double now);
    std::string next_state();
    void send_again();
    using Memory = std::shared_ptr<platform::SharedMemory>;
    static Header& header_of(const platform::SharedMemory& memory) { return *static_cast<Header*>(memory.address()); }
    Memory kept_memory() const;
    Memory replace_memory(Memory memory);
    bool owes_learned(const Header& shared, bool learning) const;
    void wait_while(const Header& shared, const std::function<bool()>& condition);
    void became(State state);
    void say(std::string text);
    bool draw(const std::string& points);
    void glance(bool alive);
    void pause(double seconds);

    const Manifest& manifest_;
    mutable std::mutex memory_mutex_;  // of which memory it is, for threads that neither start it nor make sound
    Memory memory_;
    std::size_t capacity_ = 0;
    platform::Bell bell_;
    std::thread thread_;
    std::atomic<bool> stopping_{false}, abandoned_{false};
    std::atomic<State> state_{State::off};
    std::atomic<std::uint32_t> generation_{0}, state_number_{1}, announced_{0};
    std::atomic<std::uint32_t> epoch_before_{0};  // it was ready: that one it does not run
    std::atomic<std::uint32_t> heard_out_{0};     // how often there was nothing more to hear

    mutable std::mutex mutex_;  // of what follows
    std::condition_variable changed_;
    Bytes opaque_ = std::make_shared<const std::string>();
    std::deque<std::pair<std::uint32_t, Bytes>> unsent_;

    mutable std::mutex seen_mutex_;  // of what follows; no thread that makes sound takes it
    Seen seen_;

    // The thread's alone.
    double progressed_ = 0;
    std::uint32_t answered_ = 0;
};

}  // namespace shell
