// A host's windows with a run loop, and the mouse over an editor that has no window.

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "editor.hpp"
#include "effect.hpp"
#include "host_surface.hpp"
#include "shared_library.hpp"
#include "view.hpp"
#include "xcb.hpp"

namespace {

struct RunLoop final : vst3::IRunLoop {
    std::vector<std::pair<vst3::IEventHandler*, int>> handlers;
    std::vector<vst3::ITimerHandler*> timers;
    vst3::Result queryInterface(const vst3::Id, void** object) override { *object = nullptr; return vst3::kNoInterface; }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    vst3::Result registerEventHandler(vst3::IEventHandler* handler, int descriptor) override {
        handlers.emplace_back(handler, descriptor);
        return vst3::kOk;
    }
    vst3::Result unregisterEventHandler(vst3::IEventHandler* handler) override {
        const auto of = [&](const auto& one) { return one.first == handler; };
        handlers.erase(std::remove_if(handlers.begin(), handlers.end(), of), handlers.end());
        return vst3::kOk;
    }
    vst3::Result registerTimer(vst3::ITimerHandler* handler, std::uint64_t) override {
        timers.push_back(handler);
        return vst3::kOk;
    }
    vst3::Result unregisterTimer(vst3::ITimerHandler* handler) override {
        timers.erase(std::remove(timers.begin(), timers.end(), handler), timers.end());
        return vst3::kOk;
    }

    // Wait as hosts do, for so long; turns in which a descriptor was readable.
    long pump(int milliseconds) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
        long turns = 0;
        do {
            std::vector<pollfd> waited;
            for (const auto& [handler, descriptor] : handlers) waited.push_back({descriptor, POLLIN, 0});
            const bool any = ::poll(waited.data(), waited.size(), 20) > 0;
            turns += any ? 1 : 0;
            const auto readable = handlers;
            for (const auto& [handler, descriptor] : readable) handler->onFDIsSet(descriptor);
            const auto due = timers;
            for (auto* timer : due) timer->onTimer();
        } while (std::chrono::steady_clock::now() < end);
        return turns;
    }
};

struct Frame final : vst3::IPlugFrame {
    RunLoop loop;
    bool has_loop = true;
    vst3::Result queryInterface(const vst3::Id id, void** object) override {
        *object = has_loop && vst3::same(id, vst3::kRunLoopId) ? &loop : nullptr;
        return *object != nullptr ? vst3::kOk : vst3::kNoInterface;
    }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    vst3::Result resizeView(vst3::IPlugView* view, vst3::ViewRect* size) override { return view->onSize(size); }
};

// A window at the top left of the screen that no window manager touches.
class TopLevel {
public:
    TopLevel(int width, int height) {
        if (xcb_ == nullptr) return;
        load();
        connection_ = xcb_->connect(nullptr, nullptr);
        if (xcb_->connection_has_error(connection_) != 0) return;
        const auto* screen = xcb_->setup_roots_iterator(xcb_->get_setup(connection_)).data;
        window_ = xcb_->generate_id(connection_);
        const std::uint32_t values[] = {1};  // override redirect
        xcb_->create_window(connection_, screen->depth, window_, screen->root, 0, 0, static_cast<std::uint16_t>(width),
                            static_cast<std::uint16_t>(height), 0, shell::xcb::kInputOutput, screen->visual, 1 << 9, values);
        xcb_->map_window(connection_, window_);
        sync();
    }
    ~TopLevel() {
        if (connection_ != nullptr) xcb_->disconnect(connection_);
    }
    TopLevel(const TopLevel&) = delete;
    TopLevel& operator=(const TopLevel&) = delete;

    void* handle() const { return reinterpret_cast<void*>(std::uintptr_t{window_}); }

    void destroy() {
        xcb_->destroy_window(connection_, window_);
        sync();
    }

    // As hosts do that keep the view of a window which people have closed.
    void hide() {
        unmap_window_(connection_, window_);
        sync();
    }

    // Windows inside it.
    int children() {
        auto* reply = query_tree_reply_(connection_, query_tree_(connection_, window_), nullptr);
        if (reply == nullptr) return -1;
        std::uint16_t count = 0;
        std::memcpy(&count, static_cast<char*>(reply) + 16, sizeof count);
        std::free(reply);
        return count;
    }

    std::string pixels(int width, int height) {
        auto* reply = get_image_reply_(connection_, get_image_(connection_, shell::xcb::kZPixmap, window_, 0, 0,
            static_cast<std::uint16_t>(width), static_cast<std::uint16_t>(height), ~0u), nullptr);
        if (reply == nullptr) return {};
        const std::string data(static_cast<char*>(reply) + 32, static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 4);
        std::free(reply);
        return data;
    }

private:
    void load() {
        shell::SharedLibrary opened("libxcb.so.1");
        opened.find("xcb_unmap_window", unmap_window_);
        opened.find("xcb_query_tree", query_tree_);
        opened.find("xcb_query_tree_reply", query_tree_reply_);
        opened.find("xcb_get_image", get_image_);
        opened.find("xcb_get_image_reply", get_image_reply_);
    }
    void sync() { std::free(xcb_->intern_atom_reply(connection_, xcb_->intern_atom(connection_, 0, 4, "SYNC"), nullptr)); }

    using Connection = shell::xcb::Connection;
    const shell::xcb::Library* xcb_ = shell::xcb::library();
    Connection* connection_ = nullptr;
    shell::xcb::Id window_ = 0;
    shell::xcb::Cookie (*unmap_window_)(Connection*, shell::xcb::Id) = nullptr;
    shell::xcb::Cookie (*query_tree_)(Connection*, shell::xcb::Id) = nullptr;
    void* (*query_tree_reply_)(Connection*, shell::xcb::Cookie, void**) = nullptr;
    shell::xcb::Cookie (*get_image_)(Connection*, std::uint8_t, shell::xcb::Id, std::int16_t, std::int16_t,
        std::uint16_t, std::uint16_t, std::uint32_t) = nullptr;
    void* (*get_image_reply_)(Connection*, shell::xcb::Cookie, void**) = nullptr;
};

// Views of one controller, one after the other.
class Desk {
public:
    // The view attached to a window, or why not.
    std::string open(vst3::IEditController& controller, bool has_loop, int width, int height) {
        close();
        frame_.has_loop = has_loop;
        view_ = static_cast<vst3::IPlugView*>(controller.createView("editor"));
        if (view_ == nullptr) return "no view";
        if (view_->isPlatformTypeSupported(vst3::kX11) != vst3::kOk) return "no x11";
        vst3::ViewRect size = {0, 0, width, height};
        if (width > 0) {
            view_->checkSizeConstraint(&size);
            view_->onSize(&size);
        }
        view_->getSize(&size);
        top_ = std::make_unique<TopLevel>(size.right, size.bottom);
        view_->setFrame(&frame_);
        const auto result = view_->attached(top_->handle(), vst3::kX11);
        return std::to_string(result) + " " + std::to_string(size.right) + " " + std::to_string(size.bottom);
    }
    std::string resize(int width, int height) {
        vst3::ViewRect size = {0, 0, width, height};
        view_->checkSizeConstraint(&size);
        view_->onSize(&size);
        return std::to_string(size.right) + " " + std::to_string(size.bottom);
    }
    long close() {
        if (view_ == nullptr) return 0;
        view_->removed();
        const long left = static_cast<long>(frame_.loop.handlers.size() + frame_.loop.timers.size());
        view_->setFrame(nullptr);
        view_->release();
        view_ = nullptr;
        top_.reset();
        return left;
    }
    ~Desk() { close(); }
    long pump(int milliseconds) { return frame_.loop.pump(milliseconds); }
    TopLevel* top() { return top_.get(); }
    vst3::IPlugView* view() { return view_; }
    Frame& frame() { return frame_; }

private:
    Frame frame_;
    vst3::IPlugView* view_ = nullptr;
    std::unique_ptr<TopLevel> top_;
};

// Where a parameter is turned, in pixels: left, top, width, height.
std::string place_of(const shell::Subject& subject, vst3::ParameterId id, shell::Size size) {
    const auto now = subject.look();
    const auto layout = shell::lay_out(subject.parameters(), {!now.text.empty(), now.curve != nullptr}, size);
    std::ostringstream out;
    for (const auto& row : layout.rows) {
        if (row.widget == shell::Widget::heading || subject.parameters().spec(row.index).id != id) continue;
        const auto& at = row.control;
        out << at.x * layout.zoom << " " << (at.y + layout.list.y) * layout.zoom << " " << at.width * layout.zoom << " "
            << at.height * layout.zoom;
    }
    return out.str();
}

void write_pixels(const std::string& path, const char* pixels, std::size_t bytes) {
    std::ofstream(path, std::ios::binary).write(pixels, static_cast<std::streamsize>(bytes));
}

class Window final : public Surface {
public:
    std::optional<std::string> obey(const std::string& what, std::istream& words, vst3::IComponent& component,
                                    vst3::IEditController& controller) override {
        const auto answer = obey_window(what, words, controller);
        return answer ? answer : obey_editor(what, words, static_cast<shell::Effect&>(component));
    }
    void fuzz(Dice& dice, vst3::IComponent& component, vst3::IEditController& controller) override;
    void close() override {
        editor_.reset();
        desk_.close();
    }

private:
    template <typename T>
    static T take(std::istream& words) { T value{}; words >> value; return value; }
    static std::string number(long value) { return std::to_string(value); }
    std::optional<std::string> obey_window(const std::string& what, std::istream& words, vst3::IEditController& controller);
    std::optional<std::string> obey_editor(const std::string& what, std::istream& words, shell::Subject& subject);

    Desk desk_;
    std::unique_ptr<shell::Editor> editor_;
};

std::optional<std::string> Window::obey_window(
    const std::string& what, std::istream& words, vst3::IEditController& controller) {
    if (what == "open") { const int loop = take<int>(words), width = take<int>(words); return desk_.open(controller, loop != 0, width, take<int>(words)); }
    if (what == "resize") { const int width = take<int>(words); return desk_.resize(width, take<int>(words)); }
    if (what == "size") { vst3::ViewRect size{}; desk_.view()->getSize(&size); return number(size.right) + " " + number(size.bottom); }
    if (what == "pump") return number(desk_.pump(take<int>(words)));
    if (what == "close") return number(desk_.close());
    if (what == "children") return number(desk_.top()->children());
    if (what == "hide") { desk_.top()->hide(); return "0"; }
    if (what == "orphan") { desk_.top()->destroy(); return "0"; }
    if (what == "grab") {
        const int width = take<int>(words), height = take<int>(words);
        const auto pixels = desk_.top()->pixels(width, height);
        write_pixels(take<std::string>(words), pixels.data(), pixels.size());
        return number(static_cast<long>(pixels.size()));
    }
    return std::nullopt;
}

// The editor without a window: the mouse by words, and pictures of it.
std::optional<std::string> Window::obey_editor(
    const std::string& what, std::istream& words, shell::Subject& subject) {
    if (what == "where") {
        const auto id = take<vst3::ParameterId>(words);
        const int width = take<int>(words);
        return place_of(subject, id, {width, take<int>(words)});
    }
    if (what == "editor") {
        const int width = take<int>(words);
        editor_ = std::make_unique<shell::Editor>(subject);
        if (width > 0) editor_->resize({width, take<int>(words)});
        return number(editor_->size().width) + " " + number(editor_->size().height);
    }
    if (what == "listen") {
        const auto layout = shell::lay_out(subject.parameters(), {}, editor_->size());
        const auto& at = layout.listening[take<int>(words)];
        editor_->press({(at.x + 5) * layout.zoom, (at.y + 5) * layout.zoom}, 0);
        return "0";
    }
    if (what == "leave") { editor_.reset(); return "0"; }
    if (what != "press" && what != "drag" && what != "wheel" && what != "release" && what != "picture") return std::nullopt;
    editor_->look();
    const double x = take<double>(words), y = take<double>(words);
    if (what == "press") editor_->press({x, y}, take<std::uint32_t>(words));
    if (what == "drag") editor_->drag({x, y}, take<int>(words) != 0);
    if (what == "wheel") { const int up = take<int>(words); editor_->wheel({x, y}, up, take<int>(words) != 0); }
    if (what == "release") editor_->let_go();
    if (what != "picture") return "0";
    const auto drawn = shell::Picture::make(editor_->size().width, editor_->size().height);
    if (!drawn) return "nothing to draw with";
    editor_->draw(*drawn);
    write_pixels(take<std::string>(words), reinterpret_cast<const char*>(drawn->pixels()),
                 static_cast<std::size_t>(drawn->width_px()) * static_cast<std::size_t>(drawn->height_px()) * 4);
    return "0";
}

// A view and an editor without one, in any state, at any size.
void Window::fuzz(Dice& dice, vst3::IComponent& component, vst3::IEditController& controller) {
    const auto rect = [&] { return vst3::ViewRect{dice.whole(), dice.whole(), dice.whole(), dice.whole()}; };
    const char* types[] = {vst3::kX11, "HWND", "", nullptr};
    const shell::Point at = {dice.below(900) - 100.0, dice.below(900) - 100.0};
    auto* view = desk_.view();
    vst3::ViewRect size = dice.rarely() ? vst3::ViewRect{0, 0, dice.below(3000), dice.below(3000)} : rect();
    switch (dice.below(12)) {
    case 0: desk_.open(controller, !dice.rarely(), dice.below(2) ? 0 : dice.whole(), dice.whole()); break;
    case 1: desk_.close(); break;
    case 2: if (view) view->onSize(dice.rarely() ? nullptr : &size); break;
    case 3: if (view) view->checkSizeConstraint(dice.rarely() ? nullptr : &size); break;
    case 4: if (view) view->attached(dice.below(2) ? nullptr : desk_.top()->handle(), types[dice.below(4)]); break;
    case 5: if (view) view->removed(); break;
    case 6: if (view) view->setFrame(dice.below(2) ? nullptr : &desk_.frame()); break;
    case 7: if (view && dice.rarely()) desk_.top()->destroy(); break;
    case 8: desk_.pump(0); break;
    case 9: if (editor_ && dice.rarely()) editor_.reset(); else if (!editor_) editor_ = std::make_unique<shell::Editor>(static_cast<shell::Effect&>(component)); break;
    default:
        if (!editor_) break;
        if (dice.rarely()) editor_->resize({std::max(1, size.right), std::max(1, size.bottom)});
        editor_->press(at, static_cast<std::uint32_t>(dice.whole()));
        editor_->drag({at.x + dice.below(200) - 100, at.y}, dice.below(2) != 0);
        editor_->wheel(at, dice.whole(), dice.below(2) != 0);
        if (dice.below(2)) editor_->let_go();
        if (const auto drawn = shell::Picture::make(300, 200); editor_->look() && drawn) editor_->draw(*drawn);
    }
}

[[maybe_unused]] const bool made = [] {
    make_surface = [] { return std::unique_ptr<Surface>(std::make_unique<Window>()); };
    return true;
}();

}  // namespace
