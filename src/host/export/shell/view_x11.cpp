// Windows on Linux: a child of a host's X window, on a connection of its own.
#if defined(__linux__)

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "shared_library.hpp"
#include "view.hpp"
#include "xcb.hpp"

namespace shell {
namespace xcb {
namespace {

bool load(Library& xcb) {
    SharedLibrary opened("libxcb.so.1");
#define SHELL_FIND(name) opened.find("xcb_" #name, xcb.name)
    SHELL_FIND(connect);
    SHELL_FIND(disconnect);
    SHELL_FIND(connection_has_error);
    SHELL_FIND(get_file_descriptor);
    SHELL_FIND(get_setup);
    SHELL_FIND(setup_roots_iterator);
    SHELL_FIND(screen_next);
    SHELL_FIND(setup_pixmap_formats);
    SHELL_FIND(screen_allowed_depths_iterator);
    SHELL_FIND(depth_next);
    SHELL_FIND(depth_visuals);
    SHELL_FIND(get_maximum_request_length);
    SHELL_FIND(generate_id);
    SHELL_FIND(create_colormap);
    SHELL_FIND(create_window);
    SHELL_FIND(destroy_window);
    SHELL_FIND(map_window);
    SHELL_FIND(configure_window);
    SHELL_FIND(change_property);
    SHELL_FIND(intern_atom);
    SHELL_FIND(intern_atom_reply);
    SHELL_FIND(get_window_attributes);
    SHELL_FIND(poll_for_reply);
    SHELL_FIND(create_gc);
    SHELL_FIND(put_image);
    SHELL_FIND(flush);
    SHELL_FIND(poll_for_event);
#undef SHELL_FIND
    return opened.complete();
}

}  // namespace

const Library* library() {
    static Library xcb = {};
    static const bool loaded = load(xcb);
    return loaded ? &xcb : nullptr;
}

}  // namespace xcb

namespace {

constexpr std::size_t kRequestHeader = 64;  // bytes, at the most, before an image's
constexpr std::uint8_t kDepth = 24;

// Pixels as a picture has them: 32 bits, blue first.
struct Look {
    const xcb::Screen* screen = nullptr;
    xcb::Id visual = 0;
};

bool has_format(const xcb::Library& xcb, const xcb::Setup* setup) {
    const xcb::Format* formats = xcb.setup_pixmap_formats(setup);
    for (int i = 0; i < setup->formats; ++i)
        if (formats[i].depth == kDepth && formats[i].bits_per_pixel == 32) return true;
    return false;
}

Look look_of(const xcb::Library& xcb, xcb::Connection* connection, int number) {
    const xcb::Setup* setup = xcb.get_setup(connection);
    auto screens = xcb.setup_roots_iterator(setup);
    for (; number > 0 && screens.left > 1; --number) xcb.screen_next(&screens);
    if (screens.left < 1 || setup->image_byte_order != xcb::kLeastByteFirst || !has_format(xcb, setup)) return {};
    Look look;
    for (auto depths = xcb.screen_allowed_depths_iterator(screens.data); depths.left > 0; xcb.depth_next(&depths)) {
        const xcb::Visual* visuals = xcb.depth_visuals(depths.data);
        for (int i = 0; depths.data->depth == kDepth && i < depths.data->visuals; ++i) {
            const xcb::Visual& visual = visuals[i];
            const bool fits = visual.kind == xcb::kTrueColour && visual.red == 0xFF0000 && visual.green == 0xFF00 &&
                              visual.blue == 0xFF;
            const bool better = look.screen == nullptr || visual.id == screens.data->visual;
            if (fits && better) look = {screens.data, visual.id};
        }
    }
    return look;
}

class XWindow final : public Window {
public:
    XWindow(const xcb::Library& xcb, xcb::Connection* connection, const Look& look, xcb::Id parent, Size size);
    ~XWindow() override {
        if (xcb_.connection_has_error(connection_) == 0) xcb_.destroy_window(connection_, window_);
        xcb_.disconnect(connection_);  // the server frees what else there is
    }
    XWindow(const XWindow&) = delete;
    XWindow& operator=(const XWindow&) = delete;

    int descriptor() const override { return xcb_.get_file_descriptor(connection_); }
    bool lost() const override { return destroyed_ || xcb_.connection_has_error(connection_) != 0; }
    void resize(Size size) override;
    void handle(Editor& editor) override;
    void show(Picture& picture) override;
    bool exposed() override {
        const bool was = exposed_;
        exposed_ = false;
        return was;
    }
    bool out_of_sight() override;

private:
    void embed();
    void obey(const xcb::Event& event, Editor& editor);

    const xcb::Library& xcb_;
    xcb::Connection* connection_;
    xcb::Id window_, context_;
    bool exposed_ = false, destroyed_ = false;
    unsigned asked_ = 0;  // for its attributes, in this request; 0: they were not asked for
};

XWindow::XWindow(
    const xcb::Library& xcb, xcb::Connection* connection, const Look& look, xcb::Id parent, Size size)
    : xcb_(xcb), connection_(connection), window_(xcb.generate_id(connection)), context_(xcb.generate_id(connection)) {
    const xcb::Id colours = xcb.generate_id(connection);
    xcb.create_colormap(connection, xcb::kAllocateNone, colours, look.screen->root, look.visual);
    // The parent may be of another depth, so all that would be copied from it is said.
    const std::uint32_t mask = xcb::kBackPixel | xcb::kBorderPixel | xcb::kEventMask | xcb::kColormap;
    const std::uint32_t wanted =
        xcb::kWantPress | xcb::kWantRelease | xcb::kWantButtonMotion | xcb::kWantExpose | xcb::kWantStructure;
    const std::uint32_t values[] = {0, 0, wanted, colours};
    xcb.create_window(connection, kDepth, window_, parent, 0, 0, static_cast<std::uint16_t>(size.width),
                      static_cast<std::uint16_t>(size.height), 0, xcb::kInputOutput, look.visual, mask, values);
    xcb.create_gc(connection, context_, window_, 0, nullptr);
    embed();
    xcb.map_window(connection, window_);
    xcb.flush(connection);
}

// Say to hosts that embed by the XEmbed protocol that it speaks version 0, and is to be mapped.
void XWindow::embed() {
    constexpr char name[] = "_XEMBED_INFO";
    const auto asked = xcb_.intern_atom(connection_, 0, sizeof name - 1, name);
    xcb::AtomReply* reply = xcb_.intern_atom_reply(connection_, asked, nullptr);
    if (reply == nullptr) return;
    const std::uint32_t info[] = {0, 1};
    xcb_.change_property(connection_, xcb::kReplace, window_, reply->atom, reply->atom, 32, 2, info);
    std::free(reply);
}

void XWindow::resize(Size size) {
    const std::uint32_t values[] = {static_cast<std::uint32_t>(size.width), static_cast<std::uint32_t>(size.height)};
    xcb_.configure_window(connection_, window_, xcb::kWidth | xcb::kHeight, values);
    xcb_.flush(connection_);
}

void XWindow::handle(Editor& editor) {
    while (xcb::Event* event = xcb_.poll_for_event(connection_)) {
        obey(*event, editor);
        std::free(event);
    }
}

void XWindow::obey(const xcb::Event& event, Editor& editor) {
    const Point at = {static_cast<double>(event.x), static_cast<double>(event.y)};
    const bool finely = (event.state & xcb::kShift) != 0;
    switch (event.kind & ~xcb::kSent) {
    case xcb::kButtonPress:
        if (event.detail == 1) editor.press(at, event.time);
        if (event.detail == 4 || event.detail == 5) editor.wheel(at, event.detail == 4 ? 1 : -1, finely);
        break;
    case xcb::kButtonRelease:
        if (event.detail != 1) break;
        editor.drag(at, finely);
        editor.let_go();
        break;
    case xcb::kMotion: editor.drag(at, finely); break;
    case xcb::kExpose: exposed_ = true; break;
    case xcb::kDestroyed: destroyed_ = true; break;
    case xcb::kConfigured: {  // a host may resize it by itself
        xcb::ConfigureEvent configured;
        std::memcpy(&configured, &event, sizeof configured);
        editor.resize({configured.width, configured.height});
        break;
    }
    default: break;  // errors among them: of a window that its host has destroyed
    }
}

// No event tells a window that one around it is shown no more.
bool XWindow::out_of_sight() {
    void *reply = nullptr, *error = nullptr;
    bool is_out = false;
    if (asked_ != 0 && xcb_.poll_for_reply(connection_, asked_, &reply, &error) != 0) {
        is_out = reply != nullptr && static_cast<const xcb::AttributesReply*>(reply)->map_state != xcb::kViewable;
        std::free(reply);
        std::free(error);
        asked_ = 0;
    }
    if (asked_ == 0) asked_ = xcb_.get_window_attributes(connection_, window_).sequence;
    xcb_.flush(connection_);
    return is_out;
}

// In pieces that the server takes.
void XWindow::show(Picture& picture) {
    const std::size_t row = static_cast<std::size_t>(picture.width_px()) * 4;
    const std::size_t most = std::size_t{4} * xcb_.get_maximum_request_length(connection_);
    const unsigned char* pixels = picture.pixels();
    if (most < row + kRequestHeader) return;
    const auto rows = static_cast<int>(std::min<std::size_t>((most - kRequestHeader) / row, INT16_MAX));
    for (int y = 0; y < picture.height_px(); y += rows) {
        const int height = std::min(rows, picture.height_px() - y);
        xcb_.put_image(connection_, xcb::kZPixmap, window_, context_, static_cast<std::uint16_t>(picture.width_px()),
                       static_cast<std::uint16_t>(height), 0, static_cast<std::int16_t>(y), 0, kDepth,
                       static_cast<std::uint32_t>(row * static_cast<std::size_t>(height)),
                       pixels + row * static_cast<std::size_t>(y));
    }
    xcb_.flush(connection_);
}

}  // namespace

bool Window::takes(const char* type) {
    return std::strcmp(type, vst3::kX11) == 0 && xcb::library() != nullptr && can_draw();
}

std::unique_ptr<Window> Window::open(void* parent, Size size) {
    const auto window = static_cast<xcb::Id>(reinterpret_cast<std::uintptr_t>(parent));
    const xcb::Library* xcb = xcb::library();
    if (xcb == nullptr || window == 0) return nullptr;
    int screen = 0;
    xcb::Connection* connection = xcb->connect(nullptr, &screen);
    const bool connected = xcb->connection_has_error(connection) == 0;
    const Look look = connected ? look_of(*xcb, connection, screen) : Look{};
    if (look.screen != nullptr) return std::make_unique<XWindow>(*xcb, connection, look, window, size);
    xcb->disconnect(connection);
    return nullptr;
}

}  // namespace shell

#endif
