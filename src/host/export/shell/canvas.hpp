// What an editor is drawn with, whatever draws it; lengths are the layout's own, points of a window at zoom 1.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shell {

struct Point {
    double x = 0, y = 0;
};

struct Rect {
    double x = 0, y = 0, width = 0, height = 0;

    double right() const { return x + width; }
    double bottom() const { return y + height; }
    bool has(Point point) const { return point.x >= x && point.x < right() && point.y >= y && point.y < bottom(); }
};

struct Colour {
    std::uint8_t red, green, blue;
};

struct Font {
    double size;
    bool bold;
};

class Canvas {
public:
    virtual ~Canvas() = default;
    // Begin a picture: `zoom` pixels a unit, all in one colour.
    virtual void begin(double zoom, Colour ground) = 0;
    virtual void clip(const Rect& rect) = 0;
    virtual void unclip() = 0;
    virtual void fill(const Rect& rect, double radius, Colour colour) = 0;
    virtual void line(const std::vector<Point>& points, double width, Colour colour) = 0;
    // Its left end on the baseline is `at`.
    virtual void text(Point at, const std::string& text, Font font, Colour colour) = 0;
    virtual double width(const std::string& text, Font font) = 0;
};

// A canvas whose pixels can be read: 32 bits each, blue, green, red and nothing, as X and most else has them.
class Picture : public Canvas {
public:
    // Nothing where this system has nothing to draw with, or so many pixels are too many.
    static std::unique_ptr<Picture> make(int width, int height);

    virtual const unsigned char* pixels() = 0;
    int width_px() const { return width_px_; }
    int height_px() const { return height_px_; }

protected:
    Picture(int width, int height) : width_px_(width), height_px_(height) {}

private:
    int width_px_, height_px_;
};

// Whether there is something to draw with.
bool can_draw();

}  // namespace shell
