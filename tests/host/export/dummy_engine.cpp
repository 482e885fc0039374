// `dummy_engine.py` for systems that have no Python here: a gain, a delay inside, and faults on purpose.
//
// gain=0.5 hold=100 crash=4000 hang=4000 once=FILE exit=78, then what the shell adds; that one says what they do.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "layout.hpp"

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#endif

namespace {

using Words = std::vector<std::string>;

#if defined(_WIN32)
HANDLE handle(const std::string& word) { return reinterpret_cast<HANDLE>(std::strtoull(word.c_str(), nullptr, 10)); }

class Ends {
public:
    static constexpr std::size_t kWords = 5;
    explicit Ends(const Words& words) : doorbell_(handle(words[1])), answer_(handle(words[2])), pipe_(handle(words[3])) {
        memory = ::MapViewOfFile(handle(words[0]), FILE_MAP_ALL_ACCESS, 0, 0, 0);
    }
    void wake() { ::SetEvent(answer_); }
    void wait(std::atomic<std::uint32_t>&, std::uint32_t) { ::WaitForSingleObject(doorbell_, 50); }
    void send(const std::string& bytes) { transfer(true, const_cast<char*>(bytes.data()), bytes.size()); }
    std::string received() {
        DWORD there = 0;
        if (!::PeekNamedPipe(pipe_, nullptr, 0, nullptr, &there, nullptr)) std::exit(0);
        std::string bytes(there, '\0');
        if (there > 0) bytes.resize(transfer(false, bytes.data(), bytes.size()));
        return bytes;
    }
    static void crash() { std::abort(); }  // as much as an exit with code 3
    void* memory;

private:
    DWORD transfer(bool out, char* bytes, std::size_t count) {
        OVERLAPPED one = {};
        DWORD done = 0;
        one.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
        if (out) ::WriteFile(pipe_, bytes, static_cast<DWORD>(count), nullptr, &one);
        else ::ReadFile(pipe_, bytes, static_cast<DWORD>(count), nullptr, &one);
        if (!::GetOverlappedResult(pipe_, &one, &done, TRUE)) std::exit(0);
        ::CloseHandle(one.hEvent);
        return done;
    }
    HANDLE doorbell_, answer_, pipe_;
};
#else
class Ends {
public:
    static constexpr std::size_t kWords = 4;
    explicit Ends(const Words& words) : socket_(std::atoi(words[1].c_str())) {
        const int descriptor = std::atoi(words[0].c_str());
        struct stat status;
        ::fstat(descriptor, &status);
        const auto size = static_cast<std::size_t>(status.st_size);
        memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
        lifeline_ = std::thread([lifeline = std::atoi(words[2].c_str())] {
            char none;
            while (::read(lifeline, &none, 1) > 0) {
            }
            ::_exit(0);
        });
    }
    void wake() { futex(reinterpret_cast<char*>(memory) + offsetof(shell::Header, answer), FUTEX_WAKE, 1 << 30, nullptr); }
    void wait(std::atomic<std::uint32_t>& doorbell, std::uint32_t expected) {
        const timespec most = {0, 50'000'000};
        futex(&doorbell, FUTEX_WAIT, expected, &most);
    }
    void send(const std::string& bytes) {
        if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0) ::_exit(0);
    }
    std::string received() {
        char bytes[1 << 16];
        const auto got = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got == 0) ::_exit(0);
        return {bytes, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }
    static void crash() { ::raise(SIGKILL); }
    void* memory;

private:
    static void futex(void* word, int what, std::uint32_t value, const timespec* time) {
        ::syscall(SYS_futex, word, what, value, time, nullptr, 0);
    }
    int socket_;
    std::thread lifeline_;
};
#endif

class Dummy {
public:
    Dummy(Ends& ends, std::map<std::string, std::string> does)
        : ends_(ends), shared_(*static_cast<shell::Header*>(ends.memory)), does_(std::move(does)),
          gain_(std::strtof(does_.emplace("gain", "1").first->second.c_str(), nullptr)),
          hold_(std::strtoull(does_["hold"].c_str(), nullptr, 10)) {}

    void say(std::uint32_t kind, const std::string& payload) {
        const shell::MessageHeader head = {kind, 0, static_cast<std::uint32_t>(payload.size()), 0};
        ends_.send(std::string(reinterpret_cast<const char*>(&head), sizeof head) + payload);
    }

    [[noreturn]] void run() {
        const std::uint32_t ready[] = {shell::kProtocolVersion, shell::kRingsOffset};
        say(shell::kReadyFromEngine, std::string(reinterpret_cast<const char*>(ready), sizeof ready));
        for (;;) {
            const std::uint32_t doorbell = shared_.doorbell.load(std::memory_order_acquire);
            if (shared_.epoch.load(std::memory_order_acquire) != shared_.epoch_running) begin();
            else if (shared_.written.load(std::memory_order_acquire) > shared_.read) step();
            else {
                ends_.wait(shared_.doorbell, doorbell);
                if (shared_.doorbell == doorbell) hear();
            }
        }
    }

private:
    void hear() {
        heard_ += ends_.received();
        shell::MessageHeader head;
        while (heard_.size() >= sizeof head) {
            std::memcpy(&head, heard_.data(), sizeof head);
            if (heard_.size() < sizeof head + head.size) return;
            if (head.kind == shell::kStateToEngine) state_ = head.number;
            heard_.erase(0, sizeof head + head.size);
        }
    }

    void begin() {
        const std::uint32_t epoch = shared_.epoch.load(std::memory_order_acquire);
        while (static_cast<std::int32_t>(state_ - shared_.state_wanted) < 0) {
            hear();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        origin_ = shared_.origin;
        event_ = shared_.event_first;
        place_ = shared_.values[0];
        shared_.events_read = event_;
        shared_.read = origin_;
        shared_.produced = origin_;
        shared_.status = shell::kStatusReady;
        shared_.epoch_running.store(epoch, std::memory_order_release);
        answer();
    }

    void step() {
        const std::uint64_t first = shared_.read, last = shared_.written.load(std::memory_order_acquire);
        if (comes("crash", last)) Ends::crash();
        if (comes("hang", last)) std::this_thread::sleep_for(std::chrono::hours(1));
        for (std::uint64_t position = first; position < last; ++position) {
            obey(position);
            const std::size_t place = position & (shared_.capacity - 1);
            const float factor = gain_ * static_cast<float>(place_);
            for (std::uint32_t channel = 0; channel < shared_.channels; ++channel)
                ring(2 + channel)[place] = factor * ring(channel)[place];
        }
        shared_.read.store(last, std::memory_order_release);
        shared_.produced.store(std::max(origin_, last - hold_), std::memory_order_release);
        answer();
    }

    void obey(std::uint64_t position) {
        for (; event_ != shared_.events_written.load(std::memory_order_acquire); ++event_) {
            const shell::Event& event = shared_.events[event_ % shell::kMostEvents];
            if (event.position > position) break;
            if (event.kind == shell::kParameterEvent && event.index == 0) place_ = event.value;
        }
        shared_.events_read.store(event_, std::memory_order_release);
    }

    bool comes(const char* fault, std::uint64_t last) {
        const auto at = does_.find(fault);
        if (at == does_.end() || last - origin_ <= std::strtoull(at->second.c_str(), nullptr, 10)) return false;
        const auto mark = does_.find("once");
        if (mark == does_.end()) return true;
        if (std::ifstream(mark->second)) return false;
        return static_cast<bool>(std::ofstream(mark->second));
    }

    float* ring(std::uint32_t number) const {
        return reinterpret_cast<float*>(static_cast<char*>(ends_.memory) + shell::kRingsOffset) +
               number * shared_.capacity;
    }

    void answer() {
        shared_.answer.fetch_add(1, std::memory_order_release);
        ends_.wake();
    }

    Ends& ends_;
    shell::Header& shared_;
    std::map<std::string, std::string> does_;
    float gain_;
    std::uint64_t hold_, origin_ = 0;
    std::uint32_t event_ = 0, state_ = 0;
    double place_ = 1;
    std::string heard_;
};

}  // namespace

int main(int count, char** arguments) {
    const Words words(arguments + 1, arguments + count);
    const auto given = words.end() - static_cast<std::ptrdiff_t>(Ends::kWords);
    std::map<std::string, std::string> does;
    for (auto word = words.begin(); word != given; ++word)
        does[word->substr(0, word->find('='))] = word->substr(word->find('=') + 1);
    if (!std::ifstream(words.back() + "/manifest.tsv")) return 1;
    Ends ends({given, words.end()});
    Dummy dummy(ends, does);
    if (does.count("exit") != 0) {
        dummy.say(shell::kTextFromEngine, "the stage is gone; export it again");
        std::_Exit(std::atoi(does["exit"].c_str()));
    }
    dummy.run();
}
