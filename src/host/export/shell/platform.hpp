// What differs between systems: shared memory, waiting across processes, and the engine's process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shell::platform {

// Path of the binary that this code is in.
std::string own_path();

// Of a clock that only goes forward.
double seconds();

void write_error(const std::string& line);

// Nameless memory that a child can map too; it can neither shrink nor grow.
class SharedMemory {
public:
    explicit SharedMemory(std::size_t bytes);  // `address()` is null where there is none
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    void* address() const { return address_; }
    int handle() const { return handle_; }

private:
    std::size_t bytes_;
    int handle_ = -1;
    void* address_ = nullptr;
};

// Wait until the word is another than `expected`, it was woken, or the time is over; may return early.
void wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected, double seconds);
void wake(std::atomic<std::uint32_t>& word);

// Ends a wait in `Child::exchange` from another thread.
class Bell {
public:
    Bell();
    ~Bell();
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    void ring();
    void clear();
    int handle() const { return handles_[0]; }

private:
    int handles_[2] = {-1, -1};
};

// The engine's process, its socket and its lifeline: gone with the host, however that goes.
class Child {
public:
    // Starts it; nothing where that fails, and `error` says why.
    static std::unique_ptr<Child> start(
        const std::vector<std::string>& command, int memory, const std::string& folder, std::string& error);
    ~Child();  // kills it
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    struct Exchanged {
        bool closed = false;
        std::size_t sent = 0;
        std::size_t received = 0;
    };

    // Wait up to `seconds` for the bell or the socket; send of `out` and receive into `in` what goes at once.
    Exchanged exchange(
        Bell& bell, double seconds, const char* out, std::size_t out_bytes, char* in, std::size_t in_bytes);

    // Its exit code once it has ended, minus the signal that ended it.
    std::optional<int> exit_code();

    // End it and wait until it has ended.
    void end();

private:
    Child() = default;
    long pid_ = 0;
    int socket_ = -1, lifeline_ = -1;
    std::optional<int> code_;
};

}  // namespace shell::platform
