// The noise print: level over frequency, on axes that are labelled.
#include <algorithm>
#include <cmath>

#include "editor.hpp"
#include "palette.hpp"
#include "text.hpp"

namespace shell {
namespace {

constexpr Font kSmall = {10.5, false};
constexpr double kLowestHz = 20, kUsualHighestHz = 20000;
constexpr double kStepDb = 20, kLeastDb = 40;

struct Axes {
    Rect area;
    double low_hz, high_hz, low_db, high_db;

    double x(double hz) const { return area.x + area.width * std::log(hz / low_hz) / std::log(high_hz / low_hz); }
    double y(double db) const { return area.bottom() - area.height * (db - low_db) / (high_db - low_db); }
};

bool is_shown(const CurvePoint& point) { return static_cast<double>(point.hz) >= kLowestHz; }

Axes axes_of(const Rect& area, const std::vector<CurvePoint>& curve) {
    Axes axes = {{area.x + 44, area.y + 26, area.width - 60, area.height - 46}, kLowestHz, kUsualHighestHz, 0, 0};
    bool any = false;
    for (const CurvePoint& point : curve) {
        if (!is_shown(point)) continue;
        const auto db = std::clamp(static_cast<double>(point.db), -400.0, 400.0);
        axes.low_db = any ? std::min(axes.low_db, db) : db;
        axes.high_db = any ? std::max(axes.high_db, db) : db;
        axes.high_hz = std::max(axes.high_hz, static_cast<double>(point.hz));
        any = true;
    }
    axes.low_db = std::floor(axes.low_db / kStepDb) * kStepDb;
    axes.high_db = std::max(std::ceil(axes.high_db / kStepDb) * kStepDb, axes.low_db + kLeastDb);
    return axes;
}

void label(Canvas& canvas, Point middle, const std::string& text) {
    canvas.text({middle.x - canvas.width(text, kSmall) / 2, middle.y + 4}, text, kSmall, kInkQuiet);
}

void draw_axes(Canvas& canvas, const Axes& axes) {
    const Rect& area = axes.area;
    for (double hz : {20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0, 5000.0, 10000.0, 20000.0}) {
        canvas.line({{axes.x(hz), area.y}, {axes.x(hz), area.bottom()}}, 1, kGrid);
        const std::string text = hz < 1000 ? to_text(hz) : to_text(hz / 1000) + "k";
        label(canvas, {axes.x(hz), area.bottom() + 10}, text);
    }
    const double step = axes.high_db - axes.low_db > 100 ? 2 * kStepDb : kStepDb;
    for (double db = axes.low_db; db <= axes.high_db; db += step) {
        canvas.line({{area.x, axes.y(db)}, {area.right(), axes.y(db)}}, 1, kGrid);
        const std::string text = to_text(db);
        canvas.text({area.x - 6 - canvas.width(text, kSmall), axes.y(db) + 4}, text, kSmall, kInkQuiet);
    }
}

}  // namespace

void draw_curve(Canvas& canvas, const Rect& area, const std::vector<CurvePoint>& curve) {
    canvas.fill(area, 6, kGroundPanel);
    const Axes axes = axes_of(area, curve);
    draw_axes(canvas, axes);
    canvas.text({area.x + 10, area.y + 16}, "Noise print, dBFS/Hz over Hz", kSmall, kInkText);
    std::vector<Point> points;
    for (const CurvePoint& point : curve)
        if (is_shown(point))
            points.push_back({axes.x(static_cast<double>(point.hz)), axes.y(static_cast<double>(point.db))});
    canvas.clip(axes.area);
    canvas.line(points, 1.6, kSignCurve);
    canvas.unclip();
}

}  // namespace shell
