#if defined(__linux__)

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "platform.hpp"

extern char** environ;

namespace shell::platform {
namespace {

void close_one(int& descriptor) {
    if (descriptor >= 0) ::close(descriptor);
    descriptor = -1;
}

// Out of the way of 3, 4 and 5, which the child is given: a copy onto itself would stay closed on exec.
int above_handed(int descriptor) {
    if (descriptor < 0 || descriptor > 5) return descriptor;
    const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 6);
    ::close(descriptor);
    return moved;
}

// The host's environment without what is meant for the host's own Python and libraries alone.
std::vector<char*> child_environment() {
    constexpr std::string_view left_out[] = {"PYTHONHOME=", "PYTHONPATH=", "PYTHONSTARTUP=", "PYTHONEXECUTABLE=",
                                             "LD_PRELOAD=", "LD_LIBRARY_PATH="};
    std::vector<char*> kept;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        bool keep = true;
        for (const auto name : left_out) keep = keep && std::strncmp(*entry, name.data(), name.size()) != 0;
        if (keep) kept.push_back(*entry);
    }
    kept.push_back(nullptr);
    return kept;
}

void wake_all(std::atomic<std::uint32_t>& word) {
    ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

struct Actions {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;

    Actions(int memory, int socket, int lifeline) {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&files, 2, 1);
        posix_spawn_file_actions_adddup2(&files, memory, 3);
        posix_spawn_file_actions_adddup2(&files, socket, 4);
        posix_spawn_file_actions_adddup2(&files, lifeline, 5);
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
        posix_spawn_file_actions_addclosefrom_np(&files, 6);  // hosts leave open what none that they start should have
#endif
#endif
        sigset_t signals;
        sigemptyset(&signals);
        posix_spawnattr_setsigmask(&attributes, &signals);
        sigfillset(&signals);
        posix_spawnattr_setsigdefault(&attributes, &signals);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    }
    ~Actions() {
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&files);
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
};

}  // namespace

std::string own_path() {
    Dl_info info;
    char resolved[PATH_MAX];
    if (dladdr(reinterpret_cast<const void*>(&own_path), &info) == 0) return {};
    return ::realpath(info.dli_fname, resolved) != nullptr ? resolved : info.dli_fname;
}

std::FILE* open_to_read(const std::string& path) { return std::fopen(path.c_str(), "rb"); }

std::optional<std::string> variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

double seconds() {
    timespec now;
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void write_error(const std::string& line) {
    const std::string text = "wavemend: " + line + "\n";
    const auto ignored = ::write(2, text.data(), text.size());
    static_cast<void>(ignored);
}

SharedMemory::SharedMemory(std::size_t bytes) : bytes_(bytes) {
    handle_ = ::memfd_create("wavemend-effect", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (handle_ < 0 || ::ftruncate(handle_, static_cast<off_t>(bytes)) != 0) return;
    ::fcntl(handle_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
    void* mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, handle_, 0);
    if (mapped != MAP_FAILED) address_ = mapped;
}

SharedMemory::~SharedMemory() {
    if (address_ != nullptr) ::munmap(address_, bytes_);
    close_one(handle_);
}

void SharedMemory::wait(const std::atomic<std::uint32_t>& answer, std::uint32_t expected, double seconds) const {
    timespec time;
    time.tv_sec = static_cast<time_t>(seconds);
    time.tv_nsec = static_cast<long>(1e9 * (seconds - static_cast<double>(time.tv_sec)));
    ::syscall(SYS_futex, reinterpret_cast<const std::uint32_t*>(&answer), FUTEX_WAIT, expected, &time, nullptr, 0);
}

void SharedMemory::wake_shell(std::atomic<std::uint32_t>& answer) const { wake_all(answer); }
void SharedMemory::wake_engine(std::atomic<std::uint32_t>& doorbell) const { wake_all(doorbell); }

Bell::Bell() {
    if (::pipe2(handles_, O_CLOEXEC | O_NONBLOCK) != 0) handles_[0] = handles_[1] = -1;
}

Bell::~Bell() {
    close_one(handles_[0]);
    close_one(handles_[1]);
}

void Bell::ring() {
    const auto ignored = ::write(handles_[1], "", 1);  // full: it rings already
    static_cast<void>(ignored);
}

void Bell::clear() {
    char rung[64];
    while (::read(handles_[0], rung, sizeof rung) > 0) {
    }
}

std::unique_ptr<Child> Child::start(
    const std::vector<std::string>& command, const SharedMemory& memory, const std::string& folder,
    std::string& error) {
    int sockets[2] = {-1, -1}, lifeline[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0 || ::pipe2(lifeline, O_CLOEXEC) != 0) {
        error = std::string("no more files can be opened: ") + std::strerror(errno);
        close_one(sockets[0]);
        close_one(sockets[1]);
        return nullptr;
    }
    int given = ::fcntl(memory.handle(), F_DUPFD_CLOEXEC, 6);
    sockets[1] = above_handed(sockets[1]);
    lifeline[0] = above_handed(lifeline[0]);
    std::vector<std::string> words = command;
    words.insert(words.end(), {"3", "4", "5", folder});
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto environment = child_environment();
    std::unique_ptr<Child> child(new Child);
    child->socket_ = sockets[0];
    child->lifeline_ = lifeline[1];
    ::fcntl(child->socket_, F_SETFL, O_NONBLOCK);
    Actions actions(given, sockets[1], lifeline[0]);
    pid_t pid = 0;
    const int failed =
        ::posix_spawn(&pid, arguments[0], &actions.files, &actions.attributes, arguments.data(), environment.data());
    close_one(given);
    close_one(sockets[1]);
    close_one(lifeline[0]);
    if (failed != 0) {
        error = command[0] + " cannot be started: " + std::strerror(failed);
        return nullptr;
    }
    child->pid_ = pid;
    return child;
}

Child::Child() = default;

Child::~Child() {
    end();
    close_one(socket_);
    close_one(lifeline_);
}

Child::Exchanged Child::exchange(
    Bell& bell, double seconds, const char* out, std::size_t out_bytes, char* in, std::size_t in_bytes) {
    pollfd waited[2] = {{socket_, static_cast<short>(out_bytes > 0 ? POLLIN | POLLOUT : POLLIN), 0},
                        {bell.handle(), POLLIN, 0}};
    Exchanged done;
    if (::poll(waited, 2, static_cast<int>(1000 * seconds)) <= 0) return done;
    if (waited[1].revents != 0) bell.clear();
    if ((waited[0].revents & POLLOUT) != 0) {
        const auto sent = ::send(socket_, out, out_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent > 0) done.sent = static_cast<std::size_t>(sent);
    }
    if ((waited[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
        const auto received = ::recv(socket_, in, in_bytes, MSG_DONTWAIT);
        if (received > 0) done.received = static_cast<std::size_t>(received);
        done.closed = received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR);
    }
    return done;
}

std::optional<int> Child::exit_code() {
    if (code_ || pid_ == 0) return code_;
    siginfo_t ended = {};
    const auto pid = static_cast<pid_t>(pid_);
    const int failed = ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (failed != 0 && errno == EINTR) return std::nullopt;
    if (failed != 0) {  // a host that waits for every child of its own, or for none, took the code away
        code_ = -SIGKILL;
        return code_;
    }
    if (ended.si_pid == 0) return std::nullopt;
    ::kill(-pid, SIGKILL);  // what it started; until it is waited for, nobody else has its number
    ::waitpid(pid, nullptr, 0);
    code_ = ended.si_code == CLD_EXITED ? ended.si_status : -ended.si_status;
    return code_;
}

void Child::end() {
    if (pid_ == 0 || exit_code()) return;
    ::kill(static_cast<pid_t>(pid_), SIGKILL);
    while (!exit_code()) ::usleep(500);
}

std::string how_it_was_ended(int code) { return "by signal " + std::to_string(-code); }

}  // namespace shell::platform

#endif
