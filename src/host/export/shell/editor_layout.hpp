// Where everything of the editor is: lengths in units of a window that is 640 wide, and 0 at the top left.
#pragma once

#include <cstddef>
#include <vector>

#include "canvas.hpp"
#include "parameters.hpp"

namespace shell {

struct Size {
    int width = 0, height = 0;  // in pixels
    bool operator==(const Size& other) const { return width == other.width && height == other.height; }
};

enum class Widget { heading, slider, segments, stepper, toggle, word };

struct Row {
    Widget widget;
    std::size_t index;  // of the parameter; of a heading, of the unit
    Rect area;          // the whole row, before it is scrolled
    Rect control;       // what can be turned
};

struct Layout {
    double zoom = 1, width = 0, height = 0;
    Rect name, listening[3], status, dropouts, text, curve, list;
    std::vector<Row> rows;
    double content = 0;  // height of all rows
    double most_scroll() const { return content > list.height ? content - list.height : 0; }
    Rect scroll_bar(double scroll) const;  // empty where all rows are seen
};

// What is there besides the parameters.
struct Parts {
    bool text = false, curve = false;
    bool operator!=(const Parts& other) const { return text != other.text || curve != other.curve; }
};

Layout lay_out(const Parameters& parameters, Parts parts, Size size);
Size kept_size(Size size);  // the nearest that an editor may have
Size usual_size(const Parameters& parameters, Parts parts);  // in which all is seen, where that is not too much
Rect segment(const Row& row, std::size_t count, std::size_t place);  // of a choice shown as a whole
Rect moved(Rect rect, double down);

// What a parameter is called below the heading of its unit.
std::string short_title(const Parameters& parameters, const ParameterSpec& spec);

}  // namespace shell
