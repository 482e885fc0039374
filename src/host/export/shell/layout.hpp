// What the shell and its engine share: one block of memory of fixed size, and messages on a socket.
// The engine's side of the same layout is in Python; both check its version and its size.
//
// Positions count the samples an instance was given, and never go back. An *epoch* is one stream of the engine: it
// begins at `origin`. Rings hold the sample of position p at place p % capacity. Output sample p belongs to input
// sample p: the engine delays nothing, the shell hears it `latency` samples later.
//
// The shell owes: to write input and events before `written`, events in the order of positions; to fill in the
// line of `epoch` and `values` before `epoch` changes; to change `doorbell` and wake its waiters after anything.
//
// The engine owes: where `epoch` is another than `epoch_running`, to read that line and the values (again, where
// `epoch` changed meanwhile), to wait for the state numbered `state_wanted`, to skip events up to `event_first`, to
// set `read` and `produced` to `origin`, and to set `epoch_running` last. Then to take input up to `written`, to obey
// events before the sample of their position, and to write output, never beyond `taken` + capacity, before
// `produced`; once it has read r samples it has produced r - (latency - slack), as the manifest says them. `read`
// may grow as soon as samples are copied; more than a capacity behind, it was overtaken, and a new epoch comes.
// `answer` changes, and its waiters are woken, after anything. A fault is for the epoch that runs.
//
// Started anew, or with another process in the place of one that died, it says that it is ready (again), and has
// the state sent (again); the next epoch may begin in the past, where the ring still holds what was missed. It lives
// as long as its socket is open, in whichever process of its group. Of epochs from before it was ready it runs none.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace shell {

constexpr std::uint32_t kMagic = 0x31584D57;  // "WMX1"
constexpr std::uint32_t kProtocolVersion = 1;
constexpr std::uint32_t kMostEvents = 2048;  // a power of two
constexpr int kMostChannels = 2;

enum : std::uint32_t {
    kStatusReady = 1,
    kStatusLearning = 2,
    kStatusNeedsFindings = 4,
    kStatusRestarting = 8,
    kStatusFault = 16,
};

struct Event {
    std::uint64_t position;
    std::uint32_t kind;   // kParameterEvent, kStateEvent
    std::uint32_t index;  // of the parameter, or number of the state's message
    double value;         // normalized
};
enum : std::uint32_t { kParameterEvent = 0, kStateEvent = 1 };

struct Header {
    std::uint32_t magic, version;
    std::uint64_t bytes, capacity;
    std::uint32_t parameters, event_capacity;

    // The shell's side; words that both sides race for have cache lines of their own.
    alignas(64) std::atomic<std::uint32_t> doorbell;  // futex
    alignas(64) std::atomic<std::uint32_t> epoch;
    std::uint32_t channels;
    double sample_rate;
    std::uint64_t origin;
    std::uint32_t state_wanted, mode, event_first, max_block;
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> taken;
    alignas(64) std::atomic<std::uint32_t> events_written;

    // The engine's side.
    alignas(64) std::atomic<std::uint32_t> answer;  // futex
    alignas(64) std::atomic<std::uint32_t> epoch_running;
    std::atomic<std::uint32_t> status;
    std::atomic<float> learned_seconds;
    std::uint32_t held_back;
    alignas(64) std::atomic<std::uint64_t> read;
    alignas(64) std::atomic<std::uint64_t> produced;
    alignas(64) std::atomic<std::uint32_t> events_read;

    // Tables.
    alignas(1024) double values[512];
    char unused[8192 - 1024 - 512 * sizeof(double)];  // no greater alignment than memory comes with, 4096
    Event events[kMostEvents];
};

constexpr std::size_t kRingsOffset = 65536;

static_assert(std::atomic<std::uint64_t>::is_always_lock_free && std::atomic<float>::is_always_lock_free);
static_assert(sizeof(Event) == 24 && sizeof(Header) <= kRingsOffset);
static_assert(offsetof(Header, doorbell) == 64 && offsetof(Header, epoch) == 128 && offsetof(Header, origin) == 144);
static_assert(offsetof(Header, state_wanted) == 152 && offsetof(Header, max_block) == 164);
static_assert(offsetof(Header, written) == 192 && offsetof(Header, taken) == 256);
static_assert(offsetof(Header, events_written) == 320 && offsetof(Header, answer) == 384);
static_assert(offsetof(Header, epoch_running) == 448 && offsetof(Header, status) == 452);
static_assert(offsetof(Header, learned_seconds) == 456 && offsetof(Header, held_back) == 460);
static_assert(offsetof(Header, read) == 512 && offsetof(Header, produced) == 576);
static_assert(offsetof(Header, events_read) == 640 && offsetof(Header, values) == 1024);
static_assert(offsetof(Header, events) == 8192 && alignof(Header) <= 4096);

constexpr std::size_t memory_bytes(std::size_t capacity) {
    return kRingsOffset + 2 * kMostChannels * capacity * sizeof(float);
}

// Messages -----------------------------------------------------------------------------------------------------
//
// Both ways: a header, then `size` bytes. A state carries its number; what the engine learned, the number of the
// state that it was given last. Ready: u32 version, u32 bytes before the rings. Text: UTF-8 for people; empty: all is
// well. Curve: pairs of float, Hz and dB. Arguments of the engine: those of the manifest, then what it is handed, and
// the folder of the bundle's resources. It is handed descriptors on Linux, 3 memory, 4 socket, 5 a pipe that ends with
// the host; on Windows handles, of the memory, the doorbell, the answer and a pipe.

enum : std::uint32_t {
    kStateToEngine = 1,
    kStateFromEngine = 16,
    kTextFromEngine = 17,
    kCurveFromEngine = 18,
    kReadyFromEngine = 19,
};

struct MessageHeader {
    std::uint32_t kind, number, size, zero;
};
static_assert(sizeof(MessageHeader) == 16);

constexpr std::uint32_t kMostMessageBytes = 64u << 20;
constexpr int kNoRestartExitCode = 78;  // that of a bad configuration; Windows ends with 3 what calls abort()

}  // namespace shell
