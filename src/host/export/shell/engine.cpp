#include "engine.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>

#include "text.hpp"

namespace shell {
namespace {

constexpr double kGlance = 0.1;  // seconds between looks at a process that says nothing
constexpr double kFirstPause = 0.1, kLongestPause = 5;  // seconds between starts that fail
constexpr std::size_t kMostTextBytes = 4096;

double from_environment(const char* name, double otherwise) {
    const auto text = platform::variable(name);
    const auto value = text ? to_number(*text) : std::nullopt;
    return value && *value > 0 && *value <= 3600 ? *value : otherwise;
}

std::vector<std::string> command_of(const Manifest& manifest) {
    std::vector<std::string> command = manifest.command;
    if (const auto python = platform::variable("WAVEMEND_PYTHON")) command[0] = *python;
    return command;
}

void prepare(void* memory, std::size_t capacity, std::size_t parameters) {
    auto* header = new (memory) Header{};
    header->magic = kMagic;
    header->version = kProtocolVersion;
    header->bytes = memory_bytes(capacity);
    header->capacity = capacity;
    header->parameters = static_cast<std::uint32_t>(parameters);
    header->event_capacity = kMostEvents;
}

// One that hung up gets a moment to end by itself.
std::string how_it_ended(platform::Child& child) {
    for (int look = 0; !child.exit_code() && look < 50; ++look)
        std::this_thread::sleep_for(std::chrono::milliseconds(4));
    const auto code = child.exit_code();
    if (!code) return "the engine hung up";
    if (*code < 0) return "the engine was ended " + platform::how_it_was_ended(*code);
    return "the engine ended with code " + std::to_string(*code);
}

}  // namespace

Engine::Engine(const Manifest& manifest)
    : timeouts{from_environment("WAVEMEND_ENGINE_WAIT_S", 10), from_environment("WAVEMEND_ENGINE_START_S", 300),
               from_environment("WAVEMEND_ENGINE_ANSWER_S", 30)},
      manifest_(manifest) {}

Engine::~Engine() { stop(); }

void Engine::start(std::size_t capacity) {
    if (memory_ && capacity <= capacity_) return;
    stop();
    std::size_t rounded = 1;
    while (rounded < capacity) rounded *= 2;
    auto memory = std::make_unique<platform::SharedMemory>(memory_bytes(rounded));
    if (memory->address() == nullptr) {
        say("there is no memory for the engine");
        became(State::failed);
        return;
    }
    prepare(memory->address(), rounded, manifest_.parameters.size());
    replace_memory(std::move(memory));
    capacity_ = rounded;
    stopping_ = false;
    became(State::starting);
    thread_ = std::thread([this] { run(); });
}

void Engine::stop() {
    stopping_ = true;
    bell_.ring();
    if (thread_.joinable()) thread_.join();
    became(State::off);
    replace_memory(nullptr);
    capacity_ = 0;
}

Engine::Memory Engine::kept_memory() const {
    const std::lock_guard lock(memory_mutex_);
    return memory_;
}

// Return what was there, which may be unmapped once nobody waits for the lock.
Engine::Memory Engine::replace_memory(Memory memory) {
    const std::lock_guard lock(memory_mutex_);
    memory_.swap(memory);
    return memory;
}

bool Engine::wait_ready(double seconds) {
    if (state() == State::ready) return true;
    std::unique_lock lock(mutex_);
    const auto decided = [this] { return state() != State::starting; };
    changed_.wait_for(lock, std::chrono::duration<double>(seconds), decided);
    return state() == State::ready;
}

void Engine::abandon() {
    abandoned_ = true;
    became(State::starting);
    bell_.ring();
}

void Engine::ring_doorbell() const {
    auto& doorbell = header().doorbell;
    doorbell.fetch_add(1, std::memory_order_release);
    memory_->wake_engine(doorbell);
}

void Engine::wait_for_more(std::uint32_t answer, double seconds) const {
    memory_->wait(header().answer, answer, seconds);
}

float* Engine::ring(int direction, int channel) const {
    auto* rings = reinterpret_cast<float*>(static_cast<char*>(memory_->address()) + kRingsOffset);
    return rings + static_cast<std::size_t>(direction * kMostChannels + channel) * capacity_;
}

std::uint32_t Engine::status() const {
    return state() == State::ready ? header().status.load(std::memory_order_acquire) : 0;
}

std::uint32_t Engine::status_at_any_time() const {
    const Memory memory = kept_memory();
    const bool ready = memory && state() == State::ready;
    return ready ? header_of(*memory).status.load(std::memory_order_acquire) : 0;
}

void Engine::give(Bytes opaque) {
    {
        const std::lock_guard lock(mutex_);
        opaque_ = std::move(opaque);
        ++state_number_;
        if (!unsent_.empty() && unsent_.back().first != announced_) unsent_.pop_back();
        unsent_.emplace_back(state_number_, opaque_);
    }
    bell_.ring();
}

std::uint32_t Engine::announce() {
    announced_ = state_number();
    return announced_;
}

Bytes Engine::opaque() const {
    const std::lock_guard lock(mutex_);
    return opaque_;
}

Engine::Seen Engine::seen() const {
    const std::lock_guard lock(seen_mutex_);
    return seen_;
}

void Engine::settle(bool learning) {
    const Memory memory = kept_memory();
    if (!memory) return;
    const Header& shared = header_of(*memory);
    wait_while(shared, [&] { return owes_learned(shared, learning); });
    const std::uint32_t heard_out = heard_out_;  // a look at the socket may have begun before
    wait_while(shared, [&] { return heard_out_ - heard_out < 2; });
}

// As long as it is ready and shows signs of life.
void Engine::wait_while(const Header& shared, const std::function<bool()>& condition) {
    double now = platform::seconds(), progressed = now;
    std::uint32_t answered = shared.answer;
    while (condition() && state() == State::ready && now - progressed < timeouts.answer) {
        bell_.ring();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        now = platform::seconds();
        const std::uint32_t answer = shared.answer;
        if (answer != answered) progressed = now;
        answered = answer;
    }
}

bool Engine::owes_learned(const Header& shared, bool learning) const {
    if (shared.epoch == epoch_before_ || (shared.status & kStatusFault) != 0) return false;
    if (shared.epoch != shared.epoch_running || shared.events_read != shared.events_written) return true;
    return !learning && (shared.status & kStatusLearning) != 0;
}

// The thread --------------------------------------------------------------------------------------------------

void Engine::run() {
    double pause_seconds = 0;
    while (!stopping_) {
        const bool had_become_ready = serve();
        if (had_become_ready) pause_seconds = 0;
        else pause_seconds = std::clamp(2 * pause_seconds, kFirstPause, kLongestPause);
        pause(pause_seconds);
    }
}

bool Engine::serve() {
    std::string error;
    header().status = 0;
    header().epoch_running = 0;
    auto child = platform::Child::start(command_of(manifest_), *memory_, manifest_.folder, error);
    const double start = platform::seconds();
    const std::uint32_t generation = generation_;
    std::string outgoing, heard, received(1 << 16, '\0');
    std::uint32_t serving = generation;  // it may replace what works in it, and say again that it is ready
    progressed_ = start;
    send_again();
    while (child && !stopping_ && error.empty()) {
        if (outgoing.empty()) outgoing = next_state();
        const auto done = child->exchange(
            bell_, kGlance, outgoing.data(), outgoing.size(), received.data(), received.size());
        outgoing.erase(0, done.sent);
        heard.append(received, 0, done.received);
        const double now = platform::seconds();
        const bool understood = hear(heard);
        glance(true);
        if (serving != generation && serving != generation_) send_again();
        if (done.received == 0 && heard.empty()) ++heard_out_;
        serving = generation_;
        const bool ready = generation != generation_;
        if (!understood) error = "the engine is none of this version of wavemend";
        // While the socket is open it lives, if only in a process that another one has left behind for that.
        else if (done.closed) error = how_it_ended(*child);
        else if (!ready && now - start > timeouts.start) error = "the engine did not become ready in time";
        else if (ready && (overdue(now) || abandoned_)) error = "the engine hung and was ended";
    }
    const bool had_become_ready = generation != generation_;
    abandoned_ = false;
    const bool wants_no_other = child && child->exit_code().value_or(0) == kNoRestartExitCode;
    child.reset();
    glance(false);
    if (stopping_) return true;
    platform::write_error(manifest_.name + ": " + error);
    const bool told_why = wants_no_other && !seen().text.empty();
    if (!told_why) say(error);
    became(had_become_ready ? State::starting : State::failed);
    if (wants_no_other) {
        became(State::failed);
        while (!stopping_) pause(kLongestPause);
    }
    return had_become_ready;
}

std::string Engine::next_state() {
    std::pair<std::uint32_t, Bytes> next;
    {
        const std::lock_guard lock(mutex_);  // not while it is copied: a program is given by threads that make sound
        if (unsent_.empty()) return {};
        next = std::move(unsent_.front());
        unsent_.pop_front();
    }
    const auto& [number, opaque] = next;
    const MessageHeader head = {kStateToEngine, number, static_cast<std::uint32_t>(opaque->size()), 0};
    return std::string(reinterpret_cast<const char*>(&head), sizeof head).append(*opaque);
}

// To one that knows nothing, what is to be known now.
void Engine::send_again() {
    const std::lock_guard lock(mutex_);
    unsent_.clear();
    unsent_.emplace_back(state_number_, opaque_);
}

// Take whole messages off the front; false where they are none.
bool Engine::hear(std::string& heard) {
    MessageHeader head;
    std::size_t used = 0;
    while (heard.size() - used >= sizeof head) {
        std::memcpy(&head, heard.data() + used, sizeof head);
        if (head.size > kMostMessageBytes || head.zero != 0) return false;
        if (heard.size() - used - sizeof head < head.size) break;
        if (!obey(head, heard.substr(used + sizeof head, head.size))) return false;
        used += sizeof head + head.size;
    }
    heard.erase(0, used);
    return true;
}

bool Engine::obey(const MessageHeader& head, std::string payload) {
    if (head.kind == kReadyFromEngine) {
        const std::uint32_t wanted[2] = {kProtocolVersion, kRingsOffset};
        if (payload.size() != sizeof wanted || std::memcmp(payload.data(), wanted, sizeof wanted) != 0) return false;
        answered_ = header().answer;
        epoch_before_ = header().epoch.load();
        progressed_ = platform::seconds();
        if (state() == State::ready) platform::write_error(manifest_.name + ": the engine died and was replaced");
        say({});
        ++generation_;
        became(State::ready);
    } else if (head.kind == kStateFromEngine) {
        const std::lock_guard lock(mutex_);
        if (head.number == state_number_) opaque_ = std::make_shared<const std::string>(std::move(payload));
    } else if (head.kind == kTextFromEngine) {
        if (payload.size() > kMostTextBytes) return false;
        if (!payload.empty()) platform::write_error(manifest_.name + ": " + payload);
        say(std::move(payload));
    } else if (head.kind == kCurveFromEngine) {
        return draw(payload);
    }
    return true;  // kinds it does not know tell it nothing
}

// Whether it owes sound and has not got on for longer than it may.
bool Engine::overdue(double now) {
    const Header& shared = header();
    const bool gave_up = (shared.status & kStatusFault) != 0;
    const bool begun = shared.epoch != epoch_before_;
    const bool owes = begun && !gave_up && (shared.epoch_running != shared.epoch || shared.read < shared.written);
    const std::uint32_t answered = shared.answer;
    if (!owes || answered != answered_) progressed_ = now;
    answered_ = answered;
    return now - progressed_ > timeouts.answer;
}

void Engine::became(State state) {
    {
        const std::lock_guard lock(mutex_);
        state_.store(state, std::memory_order_release);
    }
    changed_.notify_all();
    if (!memory_) return;
    ++header().answer;  // whoever waits for sound looks again
    memory_->wake_shell(header().answer);
}

void Engine::say(std::string text) {
    const std::lock_guard lock(seen_mutex_);
    seen_.text = std::move(text);
}

// Take over a noise print, as far as it can be drawn; false where it is none.
bool Engine::draw(const std::string& points) {
    if (points.size() % sizeof(CurvePoint) != 0) return false;
    std::vector<CurvePoint> kept;
    for (std::size_t at = 0; at < points.size(); at += sizeof(CurvePoint)) {
        CurvePoint point;
        std::memcpy(&point, points.data() + at, sizeof point);
        const bool rises = point.hz > (kept.empty() ? 0.0f : kept.back().hz);
        if (rises && std::isfinite(point.hz) && std::isfinite(point.db)) kept.push_back(point);
    }
    const std::lock_guard lock(seen_mutex_);
    seen_.curve = kept.size() < 2 ? nullptr : std::make_shared<const std::vector<CurvePoint>>(std::move(kept));
    return true;
}

void Engine::glance(bool alive) {
    const std::lock_guard lock(seen_mutex_);
    seen_.status = alive ? header().status.load(std::memory_order_acquire) : 0;
    seen_.learned_seconds = alive ? header().learned_seconds.load(std::memory_order_relaxed) : 0;
}

void Engine::pause(double seconds) {
    const double end = platform::seconds() + seconds;
    while (!stopping_ && platform::seconds() < end) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

}  // namespace shell
