// The editor in a window of a host.
#pragma once

#include <memory>

#include "canvas.hpp"
#include "editor.hpp"
#include "subject.hpp"
#include "vst3_view.hpp"

namespace shell {

// A child of a host's window, which it draws and whose mouse it hears. Its host waits on its behalf.
class Window {
public:
    // Nothing where there is no display, or no parent.
    static std::unique_ptr<Window> open(void* parent, Size size);
    // Of the interface: what a parent is here.
    static bool takes(const char* type);

    virtual ~Window() = default;
    virtual int descriptor() const = 0;  // readable when something happened
    virtual bool lost() const = 0;       // for good
    virtual void resize(Size size) = 0;
    virtual void handle(Editor& editor) = 0;  // all that happened, without waiting
    virtual void show(Picture& picture) = 0;
    virtual bool out_of_sight() = 0;  // a moment ago, without waiting; asked anew for the next time
    virtual bool exposed() = 0;  // whether its pixels were lost since it was asked last
};

// A view for a host, counted once; `owner` is kept as long as it is. Null where there are no windows yet.
void* make_view(vst3::FUnknown& owner, Subject& subject);

}  // namespace shell
