// Libraries that are opened while the shell runs.
#pragma once

#if defined(__linux__)

#include <dlfcn.h>

namespace shell {

// Functions of a library by their names; `complete()` says whether it had all of them. It stays open.
class SharedLibrary {
public:
    explicit SharedLibrary(const char* name) : handle_(::dlopen(name, RTLD_NOW | RTLD_LOCAL)) {}

    template <typename Function>
    void find(const char* name, Function*& function) {
        void* found = handle_ != nullptr ? ::dlsym(handle_, name) : nullptr;
        function = reinterpret_cast<Function*>(found);
        complete_ = complete_ && found != nullptr;
    }

    bool complete() const { return complete_; }

private:
    void* handle_;
    bool complete_ = true;
};

}  // namespace shell

#endif
