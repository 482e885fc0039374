// What differs between systems: shared memory, waiting across processes, and the engine's process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shell::platform {

#if defined(_WIN32)
using Handle = void*;
constexpr Handle kNoHandle = nullptr;
#else
using Handle = int;
constexpr Handle kNoHandle = -1;
#endif

// Path of the binary that this code is in. Paths are UTF-8.
std::string own_path();

std::FILE* open_to_read(const std::string& path);

// Of the environment.
std::optional<std::string> variable(const char* name);

// Of a clock that only goes forward.
double seconds();

void write_error(const std::string& line);

// Nameless memory that a child can map too and that can neither shrink nor grow, and what both wait with.
class SharedMemory {
public:
    explicit SharedMemory(std::size_t bytes);  // `address()` is null where there is none
    ~SharedMemory();
    SharedMemory(const SharedMemory&) = delete;
    SharedMemory& operator=(const SharedMemory&) = delete;
    void* address() const { return address_; }

    // Wait until the word is another than `expected`, `wake_shell` was called by either side, or the time is over;
    // may return early. One thread at a time.
    void wait(const std::atomic<std::uint32_t>& answer, std::uint32_t expected, double seconds) const;
    void wake_shell(std::atomic<std::uint32_t>& answer) const;
    void wake_engine(std::atomic<std::uint32_t>& doorbell) const;

    Handle handle() const { return handle_; }
#if defined(_WIN32)
    Handle answer() const { return answer_; }
    Handle doorbell() const { return doorbell_; }
#endif

private:
    std::size_t bytes_;
    Handle handle_ = kNoHandle;
    void* address_ = nullptr;
#if defined(_WIN32)
    Handle answer_ = kNoHandle, doorbell_ = kNoHandle;  // events
    Handle timer_ = kNoHandle;                          // finer than a wait's own milliseconds
#endif
};

// Ends a wait in `Child::exchange` from another thread.
class Bell {
public:
    Bell();
    ~Bell();
    Bell(const Bell&) = delete;
    Bell& operator=(const Bell&) = delete;
    void ring();
    void clear();
    Handle handle() const { return handles_[0]; }

private:
    Handle handles_[2] = {kNoHandle, kNoHandle};
};

// The engine's process and what it is talked to with: gone with the host, however that goes.
class Child {
public:
    // Starts it; nothing where that fails, and `error` says why.
    static std::unique_ptr<Child> start(
        const std::vector<std::string>& command, const SharedMemory& memory, const std::string& folder,
        std::string& error);
    ~Child();  // kills it
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    struct Exchanged {
        bool closed = false;
        std::size_t sent = 0;
        std::size_t received = 0;
    };

    // Wait up to `seconds` for the bell or the engine; send of `out` and receive into `in` what goes at once.
    Exchanged exchange(
        Bell& bell, double seconds, const char* out, std::size_t out_bytes, char* in, std::size_t in_bytes);

    // Its exit code once it has ended; below 0 where it did not end by itself.
    std::optional<int> exit_code();

    // End it and wait until it has ended.
    void end();

private:
    Child();
    std::optional<int> code_;
#if defined(_WIN32)
    struct Pipe;
    Handle process_ = kNoHandle;
    Handle job_ = kNoHandle;  // ends all that is in it when its last handle is closed, by whatever
    std::unique_ptr<Pipe> pipe_;
#else
    long pid_ = 0;
    Handle socket_ = kNoHandle, lifeline_ = kNoHandle;
#endif
};

// What an exit code below 0 stands for.
std::string how_it_was_ended(int code);

}  // namespace shell::platform
