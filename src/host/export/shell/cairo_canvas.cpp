// Pictures drawn by cairo, which every Linux desktop has: into memory, so that a window gets whole pictures and
// tests see the same pixels without one.
#if defined(__linux__)

#include <algorithm>
#include <vector>

#include "cairo.hpp"
#include "canvas.hpp"
#include "shared_library.hpp"

namespace shell {
namespace cairo {
namespace {

bool load(Library& cairo) {
    SharedLibrary opened("libcairo.so.2");
#define SHELL_FIND(name) opened.find("cairo_" #name, cairo.name)
    SHELL_FIND(image_surface_create);
    SHELL_FIND(image_surface_get_data);
    SHELL_FIND(surface_status);
    SHELL_FIND(surface_flush);
    SHELL_FIND(surface_destroy);
    SHELL_FIND(create);
    SHELL_FIND(destroy);
    SHELL_FIND(save);
    SHELL_FIND(restore);
    SHELL_FIND(identity_matrix);
    SHELL_FIND(scale);
    SHELL_FIND(rectangle);
    SHELL_FIND(clip);
    SHELL_FIND(set_source_rgb);
    SHELL_FIND(paint);
    SHELL_FIND(new_path);
    SHELL_FIND(arc);
    SHELL_FIND(close_path);
    SHELL_FIND(move_to);
    SHELL_FIND(line_to);
    SHELL_FIND(fill);
    SHELL_FIND(stroke);
    SHELL_FIND(set_line_width);
    SHELL_FIND(set_line_join);
    SHELL_FIND(select_font_face);
    SHELL_FIND(set_font_size);
    SHELL_FIND(show_text);
    SHELL_FIND(text_extents);
#undef SHELL_FIND
    return opened.complete();
}

}  // namespace

const Library* library() {
    static Library cairo = {};
    static const bool loaded = load(cairo);
    return loaded ? &cairo : nullptr;
}

}  // namespace cairo

namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kMostPixels = 8192;  // in a row or a column

class CairoPicture final : public Picture {
public:
    CairoPicture(const cairo::Library& cairo, cairo::Surface* surface, int width, int height)
        : Picture(width, height), cairo_(cairo), surface_(surface), context_(cairo.create(surface)) {}
    ~CairoPicture() override {
        cairo_.destroy(context_);
        cairo_.surface_destroy(surface_);
    }
    CairoPicture(const CairoPicture&) = delete;
    CairoPicture& operator=(const CairoPicture&) = delete;

    void begin(double zoom, Colour ground) override {
        cairo_.identity_matrix(context_);
        cairo_.scale(context_, zoom, zoom);
        cairo_.set_line_join(context_, cairo::kLineJoinRound);
        paint_with(ground);
        cairo_.paint(context_);
    }

    void clip(const Rect& rect) override {
        cairo_.save(context_);
        cairo_.rectangle(context_, rect.x, rect.y, rect.width, rect.height);
        cairo_.clip(context_);
    }

    void unclip() override { cairo_.restore(context_); }

    void fill(const Rect& rect, double radius, Colour colour) override {
        const double round = std::min({radius, rect.width / 2, rect.height / 2});
        const double left = rect.x + round, right = rect.right() - round;
        const double top = rect.y + round, bottom = rect.bottom() - round;
        cairo_.new_path(context_);
        cairo_.arc(context_, right, top, round, -kPi / 2, 0);
        cairo_.arc(context_, right, bottom, round, 0, kPi / 2);
        cairo_.arc(context_, left, bottom, round, kPi / 2, kPi);
        cairo_.arc(context_, left, top, round, kPi, 3 * kPi / 2);
        cairo_.close_path(context_);
        paint_with(colour);
        cairo_.fill(context_);
    }

    void line(const std::vector<Point>& points, double width, Colour colour) override {
        cairo_.new_path(context_);
        for (const Point& point : points) cairo_.line_to(context_, point.x, point.y);
        paint_with(colour);
        cairo_.set_line_width(context_, width);
        cairo_.stroke(context_);
    }

    void text(Point at, const std::string& text, Font font, Colour colour) override {
        write_with(font);
        paint_with(colour);
        cairo_.move_to(context_, at.x, at.y);
        cairo_.show_text(context_, text.c_str());
        cairo_.new_path(context_);
    }

    double width(const std::string& text, Font font) override {
        cairo::TextExtents extents = {};
        write_with(font);
        cairo_.text_extents(context_, text.c_str(), &extents);
        return extents.x_advance;
    }

    const unsigned char* pixels() override {
        cairo_.surface_flush(surface_);
        return cairo_.image_surface_get_data(surface_);
    }

private:
    void paint_with(Colour colour) {
        cairo_.set_source_rgb(context_, colour.red / 255.0, colour.green / 255.0, colour.blue / 255.0);
    }

    void write_with(Font font) {
        const int weight = font.bold ? cairo::kWeightBold : cairo::kWeightNormal;
        cairo_.select_font_face(context_, "sans-serif", cairo::kSlantNormal, weight);
        cairo_.set_font_size(context_, font.size);
    }

    const cairo::Library& cairo_;
    cairo::Surface* surface_;
    cairo::Context* context_;
};

}  // namespace

bool can_draw() { return cairo::library() != nullptr; }

std::unique_ptr<Picture> Picture::make(int width, int height) {
    const cairo::Library* cairo = cairo::library();
    if (cairo == nullptr || width < 1 || height < 1 || std::max(width, height) > kMostPixels) return nullptr;
    cairo::Surface* surface = cairo->image_surface_create(cairo::kRgb24, width, height);
    if (cairo->surface_status(surface) == cairo::kStatusSuccess)
        return std::make_unique<CairoPicture>(*cairo, surface, width, height);
    cairo->surface_destroy(surface);
    return nullptr;
}

}  // namespace shell

#endif
