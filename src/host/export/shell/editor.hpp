// The editor of one effect, without a window: what it shows, and what the mouse does. Points are pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "canvas.hpp"
#include "editor_layout.hpp"
#include "subject.hpp"

namespace shell {

class Editor {
public:
    explicit Editor(Subject& subject);
    ~Editor() { let_go(); }
    Editor(const Editor&) = delete;
    Editor& operator=(const Editor&) = delete;

    Size size() const { return size_; }
    // In which all that there is now is seen, where it is not too much.
    Size usual_size() const { return shell::usual_size(subject_.parameters(), parts_); }
    void resize(Size size);

    // See how the effect is now; whether a picture is to be drawn anew.
    bool look();
    void draw(Canvas& canvas);
    // What is listened to, as it was looked at last.
    Listening listening() const { return shown_.listening; }

    // Finely: a tenth as far.
    void press(Point at, std::uint32_t milliseconds);
    void drag(Point to, bool finely);
    void wheel(Point at, int up, bool finely);
    // What was pressed is no more; a turn that goes on ends.
    void let_go();

private:
    struct Turn {
        std::size_t parameter;
        double x, width, place, performed;
    };

    Point unscaled(Point at) const { return {at.x / layout_.zoom, at.y / layout_.zoom}; }
    const Row* row_at(Point at) const;
    bool is_double(const Row* row, std::uint32_t milliseconds);
    void press_row(const Row& row, Point at, bool twice);
    void set(std::size_t parameter, double value);
    void scroll_to(double place);
    const ParameterSpec& spec(const Row& row) const { return subject_.parameters().spec(row.index); }
    void lay_out_again();

    Subject& subject_;
    Size size_;
    Shown shown_;
    Parts parts_;
    Layout layout_;
    double scroll_ = 0;
    bool stale_ = true;
    std::optional<Turn> turn_;
    std::optional<double> bar_held_;  // where, below its top
    std::optional<std::size_t> last_pressed_;
    std::uint32_t last_milliseconds_ = 0;
};

// A value as a hand sets it: at a step, or at a number that can be read.
double at_hand(const ParameterSpec& spec, double value, bool finely);
// A value `steps` further on.
double stepped(const ParameterSpec& spec, double value, int steps, bool finely);

// Parts of the picture.
void draw_status(Canvas& canvas, const Layout& layout, const Parameters& parameters, const Shown& shown);
void draw_curve(Canvas& canvas, const Rect& area, const std::vector<CurvePoint>& curve);
void draw_rows(
    Canvas& canvas, const Layout& layout, double scroll, const Parameters& parameters, const Shown& shown);

// Text that fits into a width, cut with an ellipsis where it must be.
std::string fitted(Canvas& canvas, const std::string& text, Font font, double width);

}  // namespace shell
