#include "editor.hpp"

#include <algorithm>
#include <cmath>

#include "palette.hpp"

namespace shell {
namespace {

constexpr std::uint32_t kDoubleClick = 400;  // milliseconds
constexpr double kWheel = 40;                // units that a notch scrolls
constexpr double kFinely = 0.1;

// A power of ten, not above `number`.
double decade(double number) { return std::pow(10.0, std::floor(std::log10(number))); }

}  // namespace

double at_hand(const ParameterSpec& spec, double value, bool finely) {
    const double plain = spec.to_plain(value);
    if (value <= 0 || value >= 1) return value;
    if (spec.kind != Kind::number) return spec.to_normalized(plain);
    const double step = spec.logarithmic ? decade(plain) / 100 : decade((spec.high - spec.low) / 200);
    const double kept = finely ? step * kFinely : step;
    return spec.to_normalized(std::round(plain / kept) * kept);
}

double stepped(const ParameterSpec& spec, double value, int steps, bool finely) {
    if (spec.kind == Kind::list || spec.kind == Kind::toggle) return spec.to_normalized(spec.to_plain(value) + steps);
    const double by = steps * (finely ? kFinely : 1) / 100;
    const double there = at_hand(spec, std::clamp(value + by, 0.0, 1.0), finely);
    if (spec.kind == Kind::number || there != at_hand(spec, value, finely)) return there;
    return spec.to_normalized(spec.to_plain(value) + steps);  // a whole number at the least
}

Editor::Editor(Subject& subject) : subject_(subject), shown_(subject.look()) {
    lay_out_again();
    resize(usual_size());
}

void Editor::lay_out_again() {
    parts_ = {!shown_.text.empty(), shown_.curve != nullptr};
    layout_ = lay_out(subject_.parameters(), parts_, size_);
    scroll_ = std::clamp(scroll_, 0.0, layout_.most_scroll());
    stale_ = true;
}

void Editor::resize(Size size) {
    if (size == size_) return;
    size_ = size;
    lay_out_again();
}

bool Editor::look() {
    Shown now = subject_.look();
    if (!(now == shown_)) {
        shown_ = std::move(now);
        stale_ = true;
        if (parts_ != Parts{!shown_.text.empty(), shown_.curve != nullptr}) lay_out_again();
    }
    return stale_;
}

void Editor::draw(Canvas& canvas) {
    canvas.begin(layout_.zoom, kGroundWindow);
    draw_status(canvas, layout_, subject_.parameters(), shown_);
    if (shown_.curve) draw_curve(canvas, layout_.curve, *shown_.curve);
    draw_rows(canvas, layout_, scroll_, subject_.parameters(), shown_);
    stale_ = false;
}

// The mouse ---------------------------------------------------------------------------------------------------

const Row* Editor::row_at(Point at) const {
    if (!layout_.list.has(at)) return nullptr;
    const Point inside = {at.x, at.y - layout_.list.y + scroll_};
    for (const Row& row : layout_.rows)
        if (row.area.has(inside)) return row.widget == Widget::heading ? nullptr : &row;
    return nullptr;
}

bool Editor::is_double(const Row* row, std::uint32_t milliseconds) {
    const auto pressed = row != nullptr ? std::optional(row->index) : std::nullopt;
    const bool twice = pressed && pressed == last_pressed_ && milliseconds - last_milliseconds_ <= kDoubleClick;
    last_pressed_ = twice ? std::nullopt : pressed;  // a third press is a first one
    last_milliseconds_ = milliseconds;
    return twice;
}

void Editor::press(Point at, std::uint32_t milliseconds) {
    let_go();
    const Point place = unscaled(at);
    for (int i = 0; i < 3; ++i)
        if (layout_.listening[i].has(place)) subject_.listen(static_cast<Listening>(i));
    const Rect bar = layout_.scroll_bar(scroll_);
    if (bar.has(place)) {
        bar_held_ = place.y - bar.y;
        return;
    }
    const Row* row = row_at(place);
    const bool twice = is_double(row, milliseconds);
    if (row != nullptr) press_row(*row, {place.x, place.y - layout_.list.y + scroll_}, twice);
}

void Editor::press_row(const Row& row, Point at, bool twice) {
    const ParameterSpec& spec = this->spec(row);
    const double value = subject_.look().values[row.index];
    const std::size_t count = spec.labels.size();
    if (row.widget == Widget::word) return;
    if (!row.control.has(at) || (twice && row.widget == Widget::slider)) {
        if (twice) set(row.index, spec.default_value);
    } else if (row.widget == Widget::slider) {
        turn_ = {row.index, at.x, row.control.width, value, value};
        subject_.begin(row.index);
    } else if (row.widget == Widget::toggle) {
        set(row.index, value >= 0.5 ? 0 : 1);
    } else if (row.widget == Widget::stepper) {
        set(row.index, stepped(spec, value, at.x < row.control.x + row.control.width / 2 ? -1 : 1, false));
    } else {
        for (std::size_t place = 0; place < count; ++place)
            if (segment(row, count, place).has(at)) set(row.index, spec.to_normalized(static_cast<double>(place)));
    }
}

void Editor::drag(Point to, bool finely) {
    const Point place = unscaled(to);
    if (bar_held_) {
        const double room = layout_.list.height - layout_.scroll_bar(scroll_).height;
        if (room > 0) scroll_to((place.y - *bar_held_ - layout_.list.y) / room * layout_.most_scroll());
    }
    if (!turn_) return;
    turn_->place += (place.x - turn_->x) / turn_->width * (finely ? kFinely : 1);
    turn_->place = std::clamp(turn_->place, 0.0, 1.0);
    turn_->x = place.x;
    const double value = at_hand(subject_.parameters().spec(turn_->parameter), turn_->place, finely);
    if (value == turn_->performed) return;
    turn_->performed = value;
    subject_.perform(turn_->parameter, value);
}

void Editor::wheel(Point at, int up, bool finely) {
    if (turn_ || bar_held_) return;
    const Point place = unscaled(at);
    const Row* row = row_at(place);
    const Point inside = {place.x, place.y - layout_.list.y + scroll_};
    const bool turns = row != nullptr && row->widget != Widget::word && row->control.has(inside);
    if (!turns) return scroll_to(scroll_ - up * kWheel);
    const double value = subject_.look().values[row->index];
    set(row->index, stepped(spec(*row), value, up, finely));
}

void Editor::let_go() {
    bar_held_.reset();
    if (!turn_) return;
    const std::size_t parameter = turn_->parameter;
    turn_.reset();
    subject_.end(parameter);
}

// A whole turn at once.
void Editor::set(std::size_t parameter, double value) {
    if (value == subject_.look().values[parameter]) return;
    subject_.begin(parameter);
    subject_.perform(parameter, value);
    subject_.end(parameter);
}

void Editor::scroll_to(double place) {
    scroll_ = std::clamp(place, 0.0, layout_.most_scroll());
    stale_ = true;
}

}  // namespace shell
