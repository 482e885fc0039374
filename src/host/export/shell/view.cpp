#include "view.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace shell {
namespace {

constexpr std::uint64_t kMilliseconds = 40;  // between looks at the effect

class View final : public vst3::IPlugView, public vst3::IEventHandler, public vst3::ITimerHandler {
public:
    View(vst3::FUnknown& owner, Subject& subject) : owner_(owner), subject_(subject), editor_(subject) { owner.addRef(); }

    vst3::Result VST3_CALL queryInterface(const vst3::Id id, void** object) override {
        if (object == nullptr || id == nullptr) return vst3::kInvalidArgument;
        *object = nullptr;
        if (same(id, vst3::kUnknownId) || same(id, vst3::kPlugViewId)) *object = static_cast<vst3::IPlugView*>(this);
        else if (same(id, vst3::kEventHandlerId)) *object = static_cast<vst3::IEventHandler*>(this);
        else if (same(id, vst3::kTimerHandlerId)) *object = static_cast<vst3::ITimerHandler*>(this);
        if (*object == nullptr) return vst3::kNoInterface;
        addRef();
        return vst3::kOk;
    }

    std::uint32_t VST3_CALL addRef() override { return ++references_; }
    std::uint32_t VST3_CALL release() override {
        const std::uint32_t left = --references_;
        if (left == 0) delete this;
        return left;
    }

    vst3::Result VST3_CALL isPlatformTypeSupported(const char* type) override {
        return type != nullptr && Window::takes(type) ? vst3::kOk : vst3::kFalse;
    }
    vst3::Result VST3_CALL attached(void* parent, const char* type) override;
    vst3::Result VST3_CALL removed() override;

    vst3::Result VST3_CALL onWheel(float) override { return vst3::kFalse; }  // the window hears it itself
    vst3::Result VST3_CALL onKeyDown(vst3::Char16, std::int16_t, std::int16_t) override { return vst3::kFalse; }
    vst3::Result VST3_CALL onKeyUp(vst3::Char16, std::int16_t, std::int16_t) override { return vst3::kFalse; }
    vst3::Result VST3_CALL onFocus(vst3::Bool) override { return vst3::kOk; }

    vst3::Result VST3_CALL getSize(vst3::ViewRect* size) override;
    vst3::Result VST3_CALL onSize(vst3::ViewRect* size) override;
    vst3::Result VST3_CALL setFrame(vst3::IPlugFrame* frame) override;
    vst3::Result VST3_CALL canResize() override { return vst3::kOk; }
    vst3::Result VST3_CALL checkSizeConstraint(vst3::ViewRect* size) override;

    void VST3_CALL onFDIsSet(int descriptor) override;
    void VST3_CALL onTimer() override;

private:
    ~View();  // by `release` alone
    vst3::IRunLoop* run_loop() const;
    void draw_anew();
    void grow();
    void stop_waiting();

    vst3::FUnknown& owner_;
    Subject& subject_;
    Editor editor_;
    std::atomic<std::uint32_t> references_{1};
    vst3::IPlugFrame* frame_ = nullptr;
    vst3::IRunLoop* loop_ = nullptr;
    std::unique_ptr<Window> window_;
    std::unique_ptr<Picture> picture_;
    bool waiting_ = false;  // the host, for events of the window
    Size offered_;          // that the host was asked for last
};

View::~View() {
    removed();
    setFrame(nullptr);
    owner_.release();
}

vst3::IRunLoop* View::run_loop() const {
    void* object = nullptr;
    const auto* id = reinterpret_cast<const std::int8_t*>(vst3::kRunLoopId.bytes);
    if (frame_ == nullptr || frame_->queryInterface(id, &object) != vst3::kOk) return nullptr;
    return static_cast<vst3::IRunLoop*>(object);
}

// A host that would not wait on its behalf is told to show its own controls.
vst3::Result View::attached(void* parent, const char* type) {
    if (window_ || loop_ != nullptr || isPlatformTypeSupported(type) != vst3::kOk) return vst3::kFalse;
    loop_ = run_loop();
    if (loop_ == nullptr) return vst3::kFalse;
    window_ = Window::open(parent, editor_.size());
    if (window_) waiting_ = loop_->registerEventHandler(this, window_->descriptor()) == vst3::kOk;
    if (!waiting_ || loop_->registerTimer(this, kMilliseconds) != vst3::kOk) {
        stop_waiting();
        loop_->release();
        loop_ = nullptr;
        window_.reset();
        return vst3::kFalse;
    }
    editor_.look();
    offered_ = editor_.usual_size();
    draw_anew();
    return vst3::kOk;
}

vst3::Result View::removed() {
    editor_.let_go();
    if (loop_ == nullptr) return vst3::kFalse;
    subject_.listen(Listening::out);
    stop_waiting();
    loop_->unregisterTimer(this);
    loop_->release();
    loop_ = nullptr;
    window_.reset();
    picture_.reset();
    return vst3::kOk;
}

void View::stop_waiting() {
    if (waiting_) loop_->unregisterEventHandler(this);
    waiting_ = false;
}

vst3::Result View::getSize(vst3::ViewRect* size) {
    if (size == nullptr) return vst3::kInvalidArgument;
    *size = {0, 0, editor_.size().width, editor_.size().height};
    return vst3::kOk;
}

vst3::Result View::onSize(vst3::ViewRect* size) {
    if (size == nullptr || size->right <= size->left || size->bottom <= size->top) return vst3::kInvalidArgument;
    const auto width = std::int64_t{size->right} - size->left, height = std::int64_t{size->bottom} - size->top;
    if (width > INT16_MAX || height > INT16_MAX) return vst3::kInvalidArgument;
    const Size wanted = {static_cast<int>(width), static_cast<int>(height)};
    editor_.resize(wanted);
    if (window_) {
        window_->resize(wanted);
        draw_anew();
    }
    return vst3::kOk;
}

vst3::Result View::checkSizeConstraint(vst3::ViewRect* size) {
    if (size == nullptr) return vst3::kInvalidArgument;
    constexpr std::int64_t kMost = INT16_MAX;
    const auto width = std::min(std::int64_t{size->right} - size->left, kMost);
    const auto height = std::min(std::int64_t{size->bottom} - size->top, kMost);
    const Size kept = kept_size({static_cast<int>(std::max(width, std::int64_t{0})), static_cast<int>(std::max(height, std::int64_t{0}))});
    size->left = std::min(size->left, std::int32_t{INT16_MAX});
    size->top = std::min(size->top, std::int32_t{INT16_MAX});
    size->right = size->left + kept.width;
    size->bottom = size->top + kept.height;
    return vst3::kOk;
}

vst3::Result View::setFrame(vst3::IPlugFrame* frame) {
    if (frame == frame_) return vst3::kOk;
    if (frame != nullptr) frame->addRef();
    if (frame_ != nullptr) frame_->release();
    frame_ = frame;
    return vst3::kOk;
}

void View::draw_anew() {
    const Size size = editor_.size();
    if (!picture_ || picture_->width_px() != size.width || picture_->height_px() != size.height)
        picture_ = Picture::make(size.width, size.height);
    if (!picture_ || !window_) return;
    editor_.draw(*picture_);
    window_->show(*picture_);
}

void View::onFDIsSet(int) {
    if (!window_) return;
    window_->handle(editor_);
    const bool changed = editor_.look();
    grow();
    if (changed) draw_anew();
    else if (window_->exposed() && picture_) window_->show(*picture_);
}

// There is more to see than before: have the host make room, unless people chose a size of their own.
void View::grow() {
    const Size usual = editor_.usual_size();
    if (usual.height <= offered_.height || !(editor_.size() == offered_) || frame_ == nullptr) return;
    offered_ = usual;
    vst3::ViewRect wanted = {0, 0, usual.width, usual.height};
    frame_->resizeView(this, &wanted);
}

// A window that is lost is no longer waited for, so that its host does not turn in circles.
void View::onTimer() {
    if (!window_) return;
    if (window_->lost()) {
        stop_waiting();
        window_.reset();
        editor_.let_go();
        subject_.listen(Listening::out);
        return;
    }
    // Some hosts keep the view of a window that people have closed.
    if (editor_.listening() != Listening::out && window_->out_of_sight()) subject_.listen(Listening::out);
    onFDIsSet(window_->descriptor());
}

}  // namespace

void* make_view(vst3::FUnknown& owner, Subject& subject) {
#if defined(__linux__)
    return static_cast<vst3::IPlugView*>(new View(owner, subject));
#else
    static_cast<void>(owner);
    static_cast<void>(subject);
    return nullptr;  // hosts show their own controls
#endif
}

}  // namespace shell
