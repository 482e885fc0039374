// The editor's picture but for the noise print.
#include <algorithm>
#include <cmath>
#include <string_view>

#include "editor.hpp"
#include "palette.hpp"
#include "text.hpp"

namespace shell {
namespace {

constexpr Font kTitle = {17, true}, kPlain = {12.5, false}, kStrong = {12.5, true};
constexpr std::size_t kMostLetters = 400;  // that are measured
constexpr char kEllipsis[] = "\xE2\x80\xA6";
constexpr double kBaseline = 4.5;  // of a line of text, below its middle

bool continues(char byte) { return static_cast<std::uint8_t>(byte) >> 6 == 2; }

void put(Canvas& canvas, const Rect& area, const std::string& text, Font font, Colour colour) {
    const double middle = area.y + area.height / 2;
    canvas.text({area.x, middle + kBaseline * font.size / kPlain.size}, fitted(canvas, text, font, area.width), font, colour);
}

void put_middle(Canvas& canvas, const Rect& area, const std::string& text, Font font, Colour colour) {
    const double free = area.width - std::min(canvas.width(text, font), area.width);
    put(canvas, {area.x + free / 2, area.y, area.width - free / 2, area.height}, text, font, colour);
}

void put_right(Canvas& canvas, const Rect& area, const std::string& text, Font font, Colour colour) {
    const double free = area.width - std::min(canvas.width(text, font), area.width);
    put(canvas, {area.x + free, area.y, area.width - free, area.height}, text, font, colour);
}

std::string seconds_text(double seconds) {
    const double kept = seconds < 10 ? std::round(seconds * 10) / 10 : std::round(seconds);
    return to_text(kept) + " s";
}

struct Status {
    std::string text;
    Colour sign;
};

Status status_of(const Shown& shown) {
    const std::string learned = shown.learned_seconds > 0 ? "learned from " + seconds_text(shown.learned_seconds) : "";
    switch (shown.word) {
    case EngineWord::off: return {"Off: starts when the host plays", kSignOff};
    case EngineWord::starting: return {"Starting: the sound passes as it is", kSignWaiting};
    case EngineWord::restarting: return {"Restarting", kSignWaiting};
    case EngineWord::learning: return {"Learning: heard " + seconds_text(shown.learned_seconds), kSignCurve};
    case EngineWord::needs_learning: return {"Needs learning: turn Learn on and play", kSignWaiting};
    case EngineWord::failed: return {"Failed: the sound is not restored", kSignBad};
    case EngineWord::ready: break;
    }
    return {learned.empty() ? "Ready" : "Ready, " + learned, kSignGood};
}

// Up to two lines, broken between words.
void put_text(Canvas& canvas, const Rect& area, std::string text) {
    if (!is_clean_utf8(text))
        for (char& byte : text)
            if (static_cast<std::uint8_t>(byte) < 0x20 || static_cast<std::uint8_t>(byte) >= 0x7F) byte = ' ';
    text.resize(std::min(text.size(), kMostLetters));
    while (!is_clean_utf8(text)) text.pop_back();
    std::size_t end = text.size();
    while (end != text.npos && end > 0 && canvas.width(text.substr(0, end), kPlain) > area.width)
        end = text.rfind(' ', end - 1);
    if (end == text.npos || end == 0) end = text.size();  // one long word
    const double half = area.height / 2;
    put(canvas, {area.x, area.y, area.width, half}, text.substr(0, end), kPlain, kSignWaiting);
    if (end < text.size())
        put(canvas, {area.x, area.y + half, area.width, half}, text.substr(end + 1), kPlain, kSignWaiting);
}

void draw_choice(Canvas& canvas, const Rect& area, const std::string& word, bool chosen, Colour ground) {
    canvas.fill(area, 4, chosen ? ground : kGroundControl);
    put_middle(canvas, {area.x + 4, area.y, area.width - 8, area.height}, word, kPlain, chosen ? kInkText : kInkQuiet);
}

void draw_slider(Canvas& canvas, const Rect& area, double value) {
    const double middle = area.y + area.height / 2, x = area.x + 6 + (area.width - 12) * value;
    canvas.fill({area.x, middle - 3, area.width, 6}, 3, kGroundControl);
    canvas.fill({area.x, middle - 3, std::max(x - area.x, 6.0), 6}, 3, kSignCurve);
    canvas.fill({x - 7, middle - 7, 14, 14}, 7, kHandle);
}

void draw_toggle(Canvas& canvas, const Rect& area, bool on) {
    canvas.fill(area, area.height / 2, on ? kSignCurve : kGroundControl);
    const double size = area.height - 6;
    canvas.fill({on ? area.right() - size - 3 : area.x + 3, area.y + 3, size, size}, size / 2, on ? kGroundWindow : kInkQuiet);
}

void draw_stepper(Canvas& canvas, const Rect& area, const std::string& word) {
    canvas.fill(area, 4, kGroundControl);
    const double middle = area.y + area.height / 2;
    const double left = area.x + 10, right = area.right() - 10;
    canvas.line({{left + 4, middle - 4}, {left, middle}, {left + 4, middle + 4}}, 1.5, kInkText);
    canvas.line({{right - 4, middle - 4}, {right, middle}, {right - 4, middle + 4}}, 1.5, kInkText);
    put_middle(canvas, {area.x + 24, area.y, area.width - 48, area.height}, word, kPlain, kInkText);
}

std::string value_text(const ParameterSpec& spec, double value) {
    const std::string text = spec.text(value);
    return spec.unit_text.empty() ? text : text + " " + spec.unit_text;
}

void draw_control(Canvas& canvas, const Row& row, const ParameterSpec& spec, double value, const Rect& list) {
    const Rect& area = row.control;
    const std::string text = value_text(spec, value);
    switch (row.widget) {
    case Widget::slider:
        draw_slider(canvas, area, value);
        put_right(canvas, {area.right() + 8, area.y, list.right() - area.right() - 26, area.height}, text, kPlain, kInkText);
        break;
    case Widget::toggle:
        draw_toggle(canvas, area, value >= 0.5);
        put(canvas, {area.right() + 8, area.y, list.right() - area.right() - 26, area.height}, text, kPlain, kInkText);
        break;
    case Widget::stepper: draw_stepper(canvas, area, text); break;
    case Widget::segments:
        for (std::size_t place = 0; place < spec.labels.size(); ++place)
            draw_choice(canvas, segment(row, spec.labels.size(), place), spec.labels[place],
                        static_cast<double>(place) == spec.to_plain(value), kGroundChosen);
        break;
    case Widget::word: put(canvas, area, text, kPlain, kInkText); break;
    case Widget::heading: break;
    }
}

void draw_heading(Canvas& canvas, const Rect& area, const std::string& name) {
    put(canvas, {area.x, area.y + 8, area.width - 20, area.height - 12}, name, kStrong, kInkText);
    const double y = area.bottom() - 3.5;
    canvas.line({{area.x, y}, {area.right() - 18, y}}, 1, kGrid);
}

}  // namespace

std::string fitted(Canvas& canvas, const std::string& text, Font font, double width) {
    if (text.size() <= kMostLetters && canvas.width(text, font) <= width) return text;
    std::size_t kept = std::min(text.size(), kMostLetters);
    for (; kept > 0; --kept) {
        if (kept < text.size() && continues(text[kept])) continue;
        if (canvas.width(text.substr(0, kept) + kEllipsis, font) <= width) break;
    }
    return text.substr(0, kept) + kEllipsis;
}

void draw_status(Canvas& canvas, const Layout& layout, const Parameters& parameters, const Shown& shown) {
    put(canvas, layout.name, parameters.manifest().name, kTitle, kInkText);
    constexpr const char* kWords[] = {"In", "Out", "Removed"};
    for (int i = 0; i < 3; ++i) {
        const bool chosen = static_cast<Listening>(i) == shown.listening;
        const bool restored = shown.listening == Listening::out;
        draw_choice(canvas, layout.listening[i], kWords[i], chosen, restored ? kGroundChosen : kGroundWarning);
    }
    const Status status = status_of(shown);
    const Rect& area = layout.status;
    canvas.fill({area.x, area.y + area.height / 2 - 5, 10, 10}, 5, status.sign);
    put(canvas, {area.x + 18, area.y, area.width - 18, area.height}, status.text, kPlain, kInkText);
    const std::string many = std::to_string(shown.dropouts) + (shown.dropouts == 1 ? " dropout" : " dropouts");
    put_right(canvas, layout.dropouts, many, kPlain, shown.dropouts == 0 ? kInkQuiet : kSignWaiting);
    if (!shown.text.empty()) put_text(canvas, layout.text, shown.text);
}

void draw_rows(
    Canvas& canvas, const Layout& layout, double scroll, const Parameters& parameters, const Shown& shown) {
    canvas.clip(layout.list);
    const double down = layout.list.y - scroll;
    for (Row row : layout.rows) {
        row.area = moved(row.area, down);
        row.control = moved(row.control, down);
        if (row.area.bottom() < layout.list.y || row.area.y > layout.list.bottom()) continue;
        if (row.widget == Widget::heading) {
            draw_heading(canvas, row.area, parameters.manifest().units[row.index].name);
            continue;
        }
        const ParameterSpec& spec = parameters.spec(row.index);
        const double room = row.control.x - row.area.x - 10;
        put(canvas, {row.area.x, row.area.y, room, row.area.height}, short_title(parameters, spec), kPlain, kInkQuiet);
        draw_control(canvas, row, spec, shown.values[row.index], layout.list);
    }
    const Rect bar = layout.scroll_bar(scroll);
    if (bar.height > 0) canvas.fill({bar.x + 2, bar.y, bar.width - 2, bar.height}, 3, kSignOff);
    canvas.unclip();
}

}  // namespace shell
