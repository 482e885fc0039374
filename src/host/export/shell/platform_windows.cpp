// Windows 10 or newer. What Linux has in one kind of word, Windows has in objects of the kernel: a section is the
// memory, two events are its bells, a job that its last handle takes along is the lifeline.
#if defined(_WIN32)

#if !defined(WIN32_LEAN_AND_MEAN)
#define WIN32_LEAN_AND_MEAN
#endif
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0A00
#undef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#include <windows.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <cwchar>
#include <string_view>

#include "platform.hpp"

namespace shell::platform {
namespace {

constexpr DWORD kPipeBytes = 1 << 16;
constexpr UINT kEnded = 0xC000013A;  // exit code of an engine that was ended; below 0, as those of crashes
constexpr DWORD kFineTimer = 2;      // CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
constexpr DWORD_PTR kJobList = 0x2000D;  // PROC_THREAD_ATTRIBUTE_JOB_LIST

void close_one(Handle& handle) {
    if (handle != kNoHandle && handle != INVALID_HANDLE_VALUE) ::CloseHandle(handle);
    handle = kNoHandle;
}

std::wstring wide(std::string_view text) {
    const int bytes = static_cast<int>(text.size());
    std::wstring made(text.size(), L'\0');
    made.resize(static_cast<std::size_t>(
        ::MultiByteToWideChar(CP_UTF8, 0, text.data(), bytes, made.data(), static_cast<int>(made.size()))));
    return made;
}

std::string narrow(std::wstring_view text) {
    const int units = static_cast<int>(text.size());
    std::string made(3 * text.size(), '\0');
    made.resize(static_cast<std::size_t>(::WideCharToMultiByte(
        CP_UTF8, 0, text.data(), units, made.data(), static_cast<int>(made.size()), nullptr, nullptr)));
    return made;
}

std::string reason(DWORD error) {
    wchar_t text[512];
    constexpr DWORD how = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | FORMAT_MESSAGE_MAX_WIDTH_MASK;
    const DWORD length = ::FormatMessageW(how, nullptr, error, 0, text, 512, nullptr);
    return length > 0 ? narrow({text, length}) : "error " + std::to_string(error);
}

// As programs take the line of their arguments apart: backslashes count double before a quote alone.
std::wstring quoted(const std::wstring& word) {
    std::wstring line = L"\"";
    std::size_t backslashes = 0;
    for (const wchar_t letter : word) {
        if (letter == L'"') line.append(backslashes + 1, L'\\');
        backslashes = letter == L'\\' ? backslashes + 1 : 0;
        line += letter;
    }
    return line.append(backslashes, L'\\') + L'"';
}

// The host's environment without what is meant for the host's own Python alone.
std::wstring child_environment() {
    constexpr std::wstring_view left_out[] = {
        L"PYTHONHOME=", L"PYTHONPATH=", L"PYTHONSTARTUP=", L"PYTHONEXECUTABLE=", L"__PYVENV_LAUNCHER__="};
    std::wstring kept;
    wchar_t* const all = ::GetEnvironmentStringsW();
    for (const wchar_t* entry = all; entry != nullptr && *entry != L'\0'; entry += std::wcslen(entry) + 1) {
        const auto drops = [entry](std::wstring_view name) { return ::_wcsnicmp(entry, name.data(), name.size()) == 0; };
        if (std::none_of(std::begin(left_out), std::end(left_out), drops)) kept.append(entry).push_back(L'\0');
    }
    if (all != nullptr) ::FreeEnvironmentStringsW(all);
    kept.push_back(L'\0');
    return kept;
}

// A copy that a child inherits; none where there is nothing to copy.
Handle heritable(Handle handle) {
    Handle copy = kNoHandle;
    const HANDLE self = ::GetCurrentProcess();
    const bool known = handle != kNoHandle && handle != INVALID_HANDLE_VALUE;
    if (known) ::DuplicateHandle(self, handle, self, &copy, 0, TRUE, DUPLICATE_SAME_ACCESS);
    return copy;
}

// A file, the null device or a pipe, that a child inherits.
Handle open_heritable(const std::wstring& path, DWORD access, DWORD flags) {
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, nullptr, TRUE};
    constexpr DWORD shared = FILE_SHARE_READ | FILE_SHARE_WRITE;
    const Handle file = ::CreateFileW(path.c_str(), access, shared, &inherited, OPEN_EXISTING, flags, nullptr);
    return file == INVALID_HANDLE_VALUE ? kNoHandle : file;
}

std::wstring pipe_name() {
    static std::atomic<unsigned> count{0};
    LARGE_INTEGER now;
    ::QueryPerformanceCounter(&now);
    return L"\\\\.\\pipe\\wavemend-" + std::to_wstring(::GetCurrentProcessId()) + L"-" + std::to_wstring(now.QuadPart) +
           L"-" + std::to_wstring(++count);
}

// What a child is given; the host's copies go at once.
struct Handed {
    Handle section, doorbell, answer, pipe, input, errors;

    Handed(const SharedMemory& memory, const std::wstring& pipe_path)
        : section(heritable(memory.handle())), doorbell(heritable(memory.doorbell())),
          answer(heritable(memory.answer())),
          pipe(open_heritable(pipe_path, GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED)),
          input(open_heritable(L"NUL", GENERIC_READ, 0)), errors(heritable(::GetStdHandle(STD_ERROR_HANDLE))) {
        if (errors == kNoHandle) errors = open_heritable(L"NUL", GENERIC_WRITE, 0);  // a host without a terminal
    }
    ~Handed() {
        for (Handle* handle : {&section, &doorbell, &answer, &pipe, &input, &errors}) close_one(*handle);
    }
    Handed(const Handed&) = delete;
    Handed& operator=(const Handed&) = delete;

    std::array<HANDLE, 6> all() const { return {section, doorbell, answer, pipe, input, errors}; }
    bool whole() const {
        const auto handles = all();
        return std::none_of(handles.begin(), handles.end(), [](HANDLE handle) { return handle == kNoHandle; });
    }
};

// How a child is made: it inherits these handles and no others, and is in the job from its first moment on.
struct Attributes {
    std::array<HANDLE, 6> inherited;
    HANDLE job;
    std::vector<char> room;
    LPPROC_THREAD_ATTRIBUTE_LIST list = nullptr;

    Attributes(const Handed& handed, HANDLE in_job) : inherited(handed.all()), job(in_job) {
        SIZE_T bytes = 0;
        ::InitializeProcThreadAttributeList(nullptr, 2, 0, &bytes);
        room.resize(bytes);
        auto* made = reinterpret_cast<LPPROC_THREAD_ATTRIBUTE_LIST>(room.data());
        if (!::InitializeProcThreadAttributeList(made, 2, 0, &bytes)) return;
        const SIZE_T size = inherited.size() * sizeof(HANDLE);
        if (::UpdateProcThreadAttribute(
                made, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, inherited.data(), size, nullptr, nullptr) &&
            ::UpdateProcThreadAttribute(made, 0, kJobList, &job, sizeof job, nullptr, nullptr))
            list = made;
        else ::DeleteProcThreadAttributeList(made);
    }
    ~Attributes() {
        if (list != nullptr) ::DeleteProcThreadAttributeList(list);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
};

Handle new_job() {
    Handle job = ::CreateJobObjectW(nullptr, nullptr);
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits = {};
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    if (!::SetInformationJobObject(job, JobObjectExtendedLimitInformation, &limits, sizeof limits)) close_one(job);
    return job;
}

std::wstring command_line(const std::vector<std::string>& command, const Handed& handed, const std::string& folder) {
    std::wstring line;
    for (const auto& word : command) line += quoted(wide(word)) + L" ";
    for (const HANDLE handle : {handed.section, handed.doorbell, handed.answer, handed.pipe})
        line += std::to_wstring(reinterpret_cast<std::uintptr_t>(handle)) + L" ";
    return line + quoted(wide(folder));
}

}  // namespace

std::string own_path() {
    HMODULE module = nullptr;
    constexpr DWORD how = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT;
    if (!::GetModuleHandleExW(how, reinterpret_cast<LPCWSTR>(&own_path), &module)) return {};
    std::wstring path(1 << 15, L'\0');  // longer ones there are not
    path.resize(::GetModuleFileNameW(module, path.data(), static_cast<DWORD>(path.size())));
    return narrow(path);
}

std::FILE* open_to_read(const std::string& path) { return ::_wfopen(wide(path).c_str(), L"rb"); }

std::optional<std::string> variable(const char* name) {
    std::wstring value(1 << 15, L'\0');  // longer ones there are not
    const DWORD length =
        ::GetEnvironmentVariableW(wide(name).c_str(), value.data(), static_cast<DWORD>(value.size()));
    if (length == 0 || length >= value.size()) return std::nullopt;
    return narrow(value.substr(0, length));
}

double seconds() {
    LARGE_INTEGER now, rate;
    ::QueryPerformanceCounter(&now);
    ::QueryPerformanceFrequency(&rate);
    return static_cast<double>(now.QuadPart) / static_cast<double>(rate.QuadPart);
}

// To the terminal; from a host that has none, to who debugs it.
void write_error(const std::string& line) {
    const std::string text = "wavemend: " + line + "\n";
    const HANDLE terminal = ::GetStdHandle(STD_ERROR_HANDLE);
    DWORD written = 0;
    const bool has_one = terminal != nullptr && terminal != INVALID_HANDLE_VALUE;
    if (!has_one || !::WriteFile(terminal, text.data(), static_cast<DWORD>(text.size()), &written, nullptr))
        ::OutputDebugStringW(wide(text).c_str());
}

SharedMemory::SharedMemory(std::size_t bytes) : bytes_(bytes) {
    const std::uint64_t size = bytes;
    const auto high = static_cast<DWORD>(size >> 32), low = static_cast<DWORD>(size);
    handle_ = ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, high, low, nullptr);
    answer_ = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
    doorbell_ = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
    timer_ = ::CreateWaitableTimerExW(nullptr, nullptr, kFineTimer, TIMER_ALL_ACCESS);
    if (timer_ == kNoHandle) timer_ = ::CreateWaitableTimerExW(nullptr, nullptr, 0, TIMER_ALL_ACCESS);  // before 1803
    if (handle_ == kNoHandle || answer_ == kNoHandle || doorbell_ == kNoHandle || timer_ == kNoHandle) return;
    address_ = ::MapViewOfFile(handle_, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, bytes_);
}

SharedMemory::~SharedMemory() {
    if (address_ != nullptr) ::UnmapViewOfFile(address_);
    for (Handle* handle : {&handle_, &answer_, &doorbell_, &timer_}) close_one(*handle);
}

// An event stays set until somebody has waited for it: who comes too late for the word does not miss it.
void SharedMemory::wait(const std::atomic<std::uint32_t>& answer, std::uint32_t expected, double seconds) const {
    if (answer.load(std::memory_order_acquire) != expected) return;
    LARGE_INTEGER due;
    due.QuadPart = -std::max(static_cast<LONGLONG>(1e7 * seconds), LONGLONG{1});
    const HANDLE waited[] = {answer_, timer_};
    if (::SetWaitableTimer(timer_, &due, 0, nullptr, nullptr, FALSE))
        ::WaitForMultipleObjects(2, waited, FALSE, INFINITE);
}

void SharedMemory::wake_shell(std::atomic<std::uint32_t>&) const { ::SetEvent(answer_); }
void SharedMemory::wake_engine(std::atomic<std::uint32_t>&) const { ::SetEvent(doorbell_); }

Bell::Bell() { handles_[0] = ::CreateEventW(nullptr, TRUE, FALSE, nullptr); }
Bell::~Bell() { close_one(handles_[0]); }
void Bell::ring() { ::SetEvent(handles_[0]); }
void Bell::clear() { ::ResetEvent(handles_[0]); }

// The host's end of a pipe: one piece each way may be under way.
struct Child::Pipe {
    Handle handle = kNoHandle;
    OVERLAPPED reading = {}, writing = {};
    bool reads = false, writes = false;
    char inbox[kPipeBytes], outbox[kPipeBytes];

    explicit Pipe(const std::wstring& name) {
        constexpr DWORD opened = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE;
        constexpr DWORD kind = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
        handle = ::CreateNamedPipeW(name.c_str(), opened, kind, 1, kPipeBytes, kPipeBytes, 0, nullptr);
        reading.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
        writing.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
    }
    ~Pipe() {
        if (reads || writes) ::CancelIo(handle);  // begun by the same thread, whose buffers these are
        DWORD ignored = 0;
        if (reads) ::GetOverlappedResult(handle, &reading, &ignored, TRUE);
        if (writes) ::GetOverlappedResult(handle, &writing, &ignored, TRUE);
        close_one(handle);
        close_one(reading.hEvent);
        close_one(writing.hEvent);
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    // Each returns whether the other end is still there.
    bool read(std::size_t bytes) {
        const auto most = static_cast<DWORD>(std::min<std::size_t>(bytes, kPipeBytes));
        if (!reads) reads = ::ReadFile(handle, inbox, most, nullptr, &reading) || ::GetLastError() == ERROR_IO_PENDING;
        return reads;
    }
    bool write(const char* bytes, std::size_t count) {
        std::memcpy(outbox, bytes, count);
        const auto many = static_cast<DWORD>(count);
        writes = ::WriteFile(handle, outbox, many, nullptr, &writing) || ::GetLastError() == ERROR_IO_PENDING;
        return writes;
    }
    bool finish(OVERLAPPED& one, bool& under_way, DWORD& count) {
        if (!under_way || !HasOverlappedIoCompleted(&one)) return true;
        under_way = false;
        return ::GetOverlappedResult(handle, &one, &count, FALSE) != 0;
    }
};

Child::Child() = default;

std::unique_ptr<Child> Child::start(
    const std::vector<std::string>& command, const SharedMemory& memory, const std::string& folder,
    std::string& error) {
    HMODULE stays = nullptr;  // a thread looks after the engine: its code must not be unloaded
    constexpr DWORD pinned = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
    ::GetModuleHandleExW(pinned, reinterpret_cast<LPCWSTR>(&own_path), &stays);
    const std::wstring name = pipe_name();
    std::unique_ptr<Child> child(new Child);
    child->pipe_ = std::make_unique<Pipe>(name);
    child->job_ = new_job();
    const Handed handed(memory, name);
    const Attributes attributes(handed, child->job_);
    if (child->job_ == kNoHandle || !handed.whole() || attributes.list == nullptr) {
        error = "no engine can be prepared: " + reason(::GetLastError());
        return nullptr;
    }
    STARTUPINFOEXW how = {};
    how.StartupInfo.cb = sizeof how;
    how.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
    how.StartupInfo.hStdInput = handed.input;
    how.StartupInfo.hStdOutput = how.StartupInfo.hStdError = handed.errors;
    how.lpAttributeList = attributes.list;
    DWORD flags = EXTENDED_STARTUPINFO_PRESENT | CREATE_UNICODE_ENVIRONMENT | CREATE_NEW_PROCESS_GROUP;
    if (::GetConsoleWindow() == nullptr) flags |= CREATE_NO_WINDOW;  // else it shares the host's
    std::wstring line = command_line(command, handed, folder), environment = child_environment();
    PROCESS_INFORMATION made = {};
    const bool started = ::CreateProcessW(
        wide(command[0]).c_str(), line.data(), nullptr, nullptr, TRUE, flags, environment.data(), nullptr,
        &how.StartupInfo, &made);
    if (!started) {
        error = command[0] + " cannot be started: " + reason(::GetLastError());
        return nullptr;
    }
    child->process_ = made.hProcess;
    ::CloseHandle(made.hThread);
    return child;
}

Child::~Child() {
    end();
    pipe_.reset();
    close_one(process_);
    close_one(job_);
}

Child::Exchanged Child::exchange(
    Bell& bell, double seconds, const char* out, std::size_t out_bytes, char* in, std::size_t in_bytes) {
    Exchanged done;
    Pipe& pipe = *pipe_;
    done.closed = !pipe.read(in_bytes);
    if (out_bytes > 0 && !pipe.writes && !done.closed) {
        done.sent = std::min<std::size_t>(out_bytes, kPipeBytes);
        done.closed = !pipe.write(out, done.sent);
    }
    if (done.closed) return done;
    const HANDLE waited[] = {pipe.reading.hEvent, bell.handle(), process_, pipe.writing.hEvent};
    ::WaitForMultipleObjects(pipe.writes ? 4 : 3, waited, FALSE, static_cast<DWORD>(1000 * seconds));
    bell.clear();
    const bool gone = ::WaitForSingleObject(process_, 0) == WAIT_OBJECT_0;
    DWORD received = 0, sent = 0;
    const bool heard = pipe.finish(pipe.reading, pipe.reads, received);
    const bool told = pipe.finish(pipe.writing, pipe.writes, sent);
    done.received = heard ? received : 0;
    // Another program that this host started at the same time may hold a copy of the engine's end of the pipe.
    done.closed = !heard || !told || (gone && done.received == 0);
    std::memcpy(in, pipe.inbox, done.received);
    return done;
}

std::optional<int> Child::exit_code() {
    DWORD code = 0;
    if (code_ || process_ == kNoHandle || ::WaitForSingleObject(process_, 0) != WAIT_OBJECT_0) return code_;
    ::GetExitCodeProcess(process_, &code);
    ::TerminateJobObject(job_, kEnded);  // what it started
    code_ = static_cast<int>(code);
    return code_;
}

void Child::end() {
    if (process_ == kNoHandle || exit_code()) return;
    ::TerminateJobObject(job_, kEnded);
    ::WaitForSingleObject(process_, INFINITE);
    exit_code();
}

std::string how_it_was_ended(int code) {
    char text[32];
    std::snprintf(text, sizeof text, "by the system (0x%08X)", static_cast<unsigned>(code));
    return text;
}

}  // namespace shell::platform

#endif
