// A host's window with a run loop, and the mouse over an editor with no window at all.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "editor.hpp"
#include "shared_library.hpp"
#include "view.hpp"
#include "xcb.hpp"

// What the editor reported of turns.
struct Edits {
    std::ostringstream log;
    std::string take() {
        std::string all = log.str();
        log.str({});
        return all;
    }
};

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
inline std::string place_of(const shell::Subject& subject, vst3::ParameterId id, shell::Size size) {
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

inline void write_pixels(const std::string& path, const char* pixels, std::size_t bytes) {
    std::ofstream(path, std::ios::binary).write(pixels, static_cast<std::streamsize>(bytes));
}
