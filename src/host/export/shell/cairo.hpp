// The part of cairo's interface that is used, declared here; the library is opened when the first editor is, so that
// a shell loads where there is none, and needs no headers to be compiled. (Its functions have been the same since
// version 1.0 of 2005.)
#pragma once

#if defined(__linux__)

namespace shell::cairo {

struct Context;
struct Surface;

struct TextExtents {
    double x_bearing, y_bearing, width, height, x_advance, y_advance;
};

constexpr int kRgb24 = 1, kStatusSuccess = 0, kSlantNormal = 0, kWeightNormal = 0, kWeightBold = 1;
constexpr int kLineJoinRound = 1;

struct Library {
    Surface* (*image_surface_create)(int format, int width, int height);
    unsigned char* (*image_surface_get_data)(Surface*);
    int (*surface_status)(Surface*);
    void (*surface_flush)(Surface*);
    void (*surface_destroy)(Surface*);
    Context* (*create)(Surface*);
    void (*destroy)(Context*);
    void (*save)(Context*);
    void (*restore)(Context*);
    void (*identity_matrix)(Context*);
    void (*scale)(Context*, double x, double y);
    void (*rectangle)(Context*, double x, double y, double width, double height);
    void (*clip)(Context*);
    void (*set_source_rgb)(Context*, double red, double green, double blue);
    void (*paint)(Context*);
    void (*new_path)(Context*);
    void (*arc)(Context*, double x, double y, double radius, double from, double to);
    void (*close_path)(Context*);
    void (*move_to)(Context*, double x, double y);
    void (*line_to)(Context*, double x, double y);
    void (*fill)(Context*);
    void (*stroke)(Context*);
    void (*set_line_width)(Context*, double width);
    void (*set_line_join)(Context*, int join);
    void (*select_font_face)(Context*, const char* family, int slant, int weight);
    void (*set_font_size)(Context*, double size);
    void (*show_text)(Context*, const char* utf8);
    void (*text_extents)(Context*, const char* utf8, TextExtents* extents);
};

// The library; null where this system has none.
const Library* library();

}  // namespace shell::cairo

#endif
