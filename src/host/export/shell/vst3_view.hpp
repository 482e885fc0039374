// The part of the VST 3 binary interface that an editor in a host's window needs; see vst3.hpp.
#pragma once

#include "vst3.hpp"

namespace vst3 {

constexpr InterfaceId kPlugViewId = interface_id(0x5BC32507, 0xD06049EA, 0xA6151B52, 0x2B755B29);
constexpr InterfaceId kRunLoopId = interface_id(0x18C35366, 0x97764F1A, 0x9C5B8385, 0x7A871389);
constexpr InterfaceId kEventHandlerId = interface_id(0x561E65C9, 0x13A0496F, 0x813A2C35, 0x654D7983);
constexpr InterfaceId kTimerHandlerId = interface_id(0x10BDD94F, 0x41424774, 0x821FAD8F, 0xECA72CA9);

constexpr char kX11[] = "X11EmbedWindowID";  // a parent is then the number of an X window

struct ViewRect {
    std::int32_t left, top, right, bottom;
};

struct IPlugFrame;

struct IPlugView : FUnknown {
    virtual Result VST3_CALL isPlatformTypeSupported(const char* type) = 0;
    virtual Result VST3_CALL attached(void* parent, const char* type) = 0;
    virtual Result VST3_CALL removed() = 0;
    virtual Result VST3_CALL onWheel(float distance) = 0;
    virtual Result VST3_CALL onKeyDown(Char16 key, std::int16_t code, std::int16_t modifiers) = 0;
    virtual Result VST3_CALL onKeyUp(Char16 key, std::int16_t code, std::int16_t modifiers) = 0;
    virtual Result VST3_CALL getSize(ViewRect* size) = 0;
    virtual Result VST3_CALL onSize(ViewRect* size) = 0;
    virtual Result VST3_CALL onFocus(Bool has) = 0;
    virtual Result VST3_CALL setFrame(IPlugFrame* frame) = 0;
    virtual Result VST3_CALL canResize() = 0;
    virtual Result VST3_CALL checkSizeConstraint(ViewRect* size) = 0;
};

struct IPlugFrame : FUnknown {
    virtual Result VST3_CALL resizeView(IPlugView* view, ViewRect* size) = 0;
};

// On Linux hosts wait on behalf of editors: a frame answers for the interface of its run loop.
struct IEventHandler : FUnknown {
    virtual void VST3_CALL onFDIsSet(int descriptor) = 0;
};

struct ITimerHandler : FUnknown {
    virtual void VST3_CALL onTimer() = 0;
};

struct IRunLoop : FUnknown {
    virtual Result VST3_CALL registerEventHandler(IEventHandler* handler, int descriptor) = 0;
    virtual Result VST3_CALL unregisterEventHandler(IEventHandler* handler) = 0;
    virtual Result VST3_CALL registerTimer(ITimerHandler* handler, std::uint64_t milliseconds) = 0;
    virtual Result VST3_CALL unregisterTimer(ITimerHandler* handler) = 0;
};

static_assert(sizeof(ViewRect) == 16, "layout of the view's structures");

}  // namespace vst3
