#include "editor_layout.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "text.hpp"

namespace shell {
namespace {

constexpr double kWidth = 640, kMargin = 20, kGap = 10;
constexpr double kRow = 30, kHeading = 34, kControl = 22;
constexpr double kLabel = 190, kValue = 92, kBar = 8;
constexpr double kCurve = 150, kText = 36;
constexpr double kListening = 74;                  // a choice of what is heard
constexpr double kLetter = 7.6, kPadding = 14;     // room of a segment's words
constexpr std::size_t kMostSegments = 5;
constexpr double kLeastZoom = 0.75, kMostZoom = 2.5;
constexpr int kLeastHeight = 280, kMostHeight = 2400, kUsualHeight = 720;

Widget widget_of(const ParameterSpec& spec, double room) {
    if (spec.read_only) return Widget::word;
    if (spec.kind == Kind::toggle) return Widget::toggle;
    if (spec.kind != Kind::list) return Widget::slider;
    std::size_t longest = 0;
    for (const auto& label : spec.labels) longest = std::max(longest, label.size());
    const double needed = static_cast<double>(longest) * kLetter + kPadding;
    const bool fit = spec.labels.size() <= kMostSegments && needed * static_cast<double>(spec.labels.size()) <= room;
    return fit ? Widget::segments : Widget::stepper;
}

// Dropouts and the engine's word stand in the status line.
bool has_row(const ParameterSpec& spec) { return spec.id != kDropoutsId && spec.id != kEngineId; }

void add_row(Layout& layout, const ParameterSpec& spec, std::size_t index) {
    const double room = layout.list.width - kLabel - kBar - kGap;
    Row row = {widget_of(spec, room), index, {layout.list.x, layout.content, layout.list.width, kRow}, {}};
    const double top = layout.content + (kRow - kControl) / 2;
    row.control = {layout.list.x + kLabel, top, room, kControl};
    if (row.widget == Widget::slider) row.control.width -= kValue;
    if (row.widget == Widget::toggle) row.control.width = 2 * kControl;
    layout.rows.push_back(row);
    layout.content += kRow;
}

// The shell's own that can be turned come first, then what belongs to no unit, then unit by unit.
void add_rows(Layout& layout, const Parameters& parameters) {
    for (std::size_t i = parameters.engine_count(); i < parameters.count(); ++i)
        if (has_row(parameters.spec(i))) add_row(layout, parameters.spec(i), i);
    for (std::size_t i = 0; i < parameters.engine_count(); ++i)
        if (parameters.spec(i).unit == 0) add_row(layout, parameters.spec(i), i);
    const auto& units = parameters.manifest().units;
    for (std::size_t unit = 0; unit < units.size(); ++unit) {
        layout.rows.push_back({Widget::heading, unit, {layout.list.x, layout.content, layout.list.width, kHeading}, {}});
        layout.content += kHeading;
        for (std::size_t i = 0; i < parameters.engine_count(); ++i)
            if (parameters.spec(i).unit == units[unit].id) add_row(layout, parameters.spec(i), i);
    }
}

}  // namespace

Rect Layout::scroll_bar(double scroll) const {
    if (most_scroll() <= 0) return {};
    const double length = std::max(24.0, list.height * list.height / content);
    const double top = list.y + (list.height - length) * scroll / most_scroll();
    return {list.right() - kBar, top, kBar, length};
}

Layout lay_out(const Parameters& parameters, Parts parts, Size size) {
    Layout layout;
    layout.zoom = std::clamp(size.width / kWidth, kLeastZoom, kMostZoom);
    layout.width = size.width / layout.zoom;
    layout.height = size.height / layout.zoom;
    const double inside = layout.width - 2 * kMargin;
    const double first = layout.width - kMargin - 3 * kListening;
    for (int i = 0; i < 3; ++i) layout.listening[i] = {first + i * kListening, 14, kListening - 2, 26};
    layout.name = {kMargin, 14, first - 2 * kMargin, 26};
    layout.status = {kMargin, 46, inside - 120, 22};
    layout.dropouts = {layout.width - kMargin - 120, 46, 120, 22};
    double top = 74;
    if (parts.text) {
        layout.text = {kMargin, top, inside, kText};
        top += kText + kGap;
    }
    if (parts.curve) {
        layout.curve = {kMargin, top, inside, kCurve};
        top += kCurve + kGap;
    }
    layout.list = {kMargin, top, inside, std::max(layout.height - top - kGap, kRow)};
    add_rows(layout, parameters);
    return layout;
}

Size kept_size(Size size) {
    return {std::clamp(size.width, static_cast<int>(kWidth * kLeastZoom), static_cast<int>(kWidth * kMostZoom)),
            std::clamp(size.height, kLeastHeight, kMostHeight)};
}

Size usual_size(const Parameters& parameters, Parts parts) {
    const auto width = static_cast<int>(kWidth);
    const Layout layout = lay_out(parameters, parts, {width, kLeastHeight});
    const auto needed = static_cast<int>(std::ceil(layout.list.y + layout.content + kGap));
    return kept_size({width, std::min(needed, kUsualHeight)});
}

Rect segment(const Row& row, std::size_t count, std::size_t place) {
    const double each = row.control.width / static_cast<double>(count);
    return {row.control.x + static_cast<double>(place) * each, row.control.y, each - 2, row.control.height};
}

Rect moved(Rect rect, double down) { return {rect.x, rect.y + down, rect.width, rect.height}; }

std::string short_title(const Parameters& parameters, const ParameterSpec& spec) {
    for (const auto& unit : parameters.manifest().units) {
        const std::string& title = spec.title;
        const std::size_t skipped = unit.name.size() + 1;
        const bool named = unit.id == spec.unit && title.size() > skipped && title[skipped - 1] == ' ';
        if (!named || !same_word(title.substr(0, unit.name.size()), unit.name)) continue;
        std::string rest = title.substr(skipped);
        if (rest[0] >= 'a' && rest[0] <= 'z') rest[0] = static_cast<char>(rest[0] - 'a' + 'A');
        return rest;
    }
    return spec.title;
}

}  // namespace shell
