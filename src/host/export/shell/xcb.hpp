// The part of XCB's interface, and of the X protocol that it speaks, that a child window needs; opened when the
// first editor is, as cairo is. XCB and not Xlib: a plugin shares Xlib's error handlers with its host, and one that
// hits an error or loses its server ends the process. XCB has no handlers; a connection that is lost says so.
#pragma once

#if defined(__linux__)

#include <cstddef>
#include <cstdint>

namespace shell::xcb {

struct Connection;
using Id = std::uint32_t;

struct Cookie {
    unsigned sequence;
};

struct Setup {
    std::uint8_t status, pad0;
    std::uint16_t major, minor, length;
    std::uint32_t release, id_base, id_mask, motion_buffer;
    std::uint16_t vendor_length, most_request_length;
    std::uint8_t roots, formats, image_byte_order, bitmap_bit_order, scanline_unit, scanline_pad, keycodes[2], pad1[4];
};

struct Format {
    std::uint8_t depth, bits_per_pixel, scanline_pad, pad[5];
};

struct Visual {
    Id id;
    std::uint8_t kind, bits_per_colour;
    std::uint16_t colormap_entries;
    std::uint32_t red, green, blue;  // masks
    std::uint8_t pad[4];
};

struct Depth {
    std::uint8_t depth, pad0;
    std::uint16_t visuals;
    std::uint8_t pad1[4];
};

struct Screen {
    Id root, colormap;
    std::uint32_t white, black, masks;
    std::uint16_t width, height, width_mm, height_mm, least_maps, most_maps;
    Id visual;
    std::uint8_t backing_stores, save_unders, depth, depths;
};

template <typename T>
struct Iterator {
    T* data;
    int left, index;
};

// Events are 32 bytes and a word of XCB's own. All of the mouse's look alike.
struct Event {
    std::uint8_t kind, detail;
    std::uint16_t sequence;
    std::uint32_t time;
    Id root, event, child;
    std::int16_t root_x, root_y, x, y;
    std::uint16_t state;
    std::uint8_t same_screen, pad;
};

struct ConfigureEvent {
    std::uint8_t kind, pad0;
    std::uint16_t sequence;
    Id event, window, above;
    std::int16_t x, y;
    std::uint16_t width, height, border;
    std::uint8_t override_redirect, pad1;
};

struct AttributesReply {
    std::uint8_t kind, backing_store;
    std::uint16_t sequence;
    std::uint32_t length;
    Id visual;
    std::uint16_t window_kind;
    std::uint8_t bit_gravity, window_gravity;
    std::uint32_t planes, pixel;
    std::uint8_t save_under, map_is_installed, map_state, override_redirect;
};

struct AtomReply {
    std::uint8_t kind, pad;
    std::uint16_t sequence;
    std::uint32_t length;
    Id atom;
};

enum : std::uint8_t {
    kButtonPress = 4, kButtonRelease = 5, kMotion = 6, kExpose = 12, kDestroyed = 17, kConfigured = 22,
    kSent = 0x80,  // by another client
};
enum : std::uint32_t {
    kShift = 1,
    kBackPixel = 1 << 1, kBorderPixel = 1 << 3, kEventMask = 1 << 11, kColormap = 1 << 13,
    kWantPress = 1 << 2, kWantRelease = 1 << 3, kWantButtonMotion = 1 << 13, kWantExpose = 1 << 15,
    kWantStructure = 1 << 17,
    kWidth = 1 << 2, kHeight = 1 << 3,
};
constexpr std::uint8_t kTrueColour = 4, kLeastByteFirst = 0, kZPixmap = 2, kReplace = 0, kAllocateNone = 0;
constexpr std::uint8_t kViewable = 2;
constexpr std::uint16_t kInputOutput = 1;

struct Library {
    Connection* (*connect)(const char* display, int* screen);
    void (*disconnect)(Connection*);
    int (*connection_has_error)(Connection*);
    int (*get_file_descriptor)(Connection*);
    const Setup* (*get_setup)(Connection*);
    Iterator<Screen> (*setup_roots_iterator)(const Setup*);
    void (*screen_next)(Iterator<Screen>*);
    Format* (*setup_pixmap_formats)(const Setup*);
    Iterator<Depth> (*screen_allowed_depths_iterator)(const Screen*);
    void (*depth_next)(Iterator<Depth>*);
    Visual* (*depth_visuals)(const Depth*);
    std::uint32_t (*get_maximum_request_length)(Connection*);
    Id (*generate_id)(Connection*);
    Cookie (*create_colormap)(Connection*, std::uint8_t alloc, Id map, Id window, Id visual);
    Cookie (*create_window)(Connection*, std::uint8_t depth, Id window, Id parent, std::int16_t x, std::int16_t y,
        std::uint16_t width, std::uint16_t height, std::uint16_t border, std::uint16_t kind, Id visual,
        std::uint32_t mask, const void* values);
    Cookie (*destroy_window)(Connection*, Id window);
    Cookie (*map_window)(Connection*, Id window);
    Cookie (*configure_window)(Connection*, Id window, std::uint16_t mask, const void* values);
    Cookie (*change_property)(Connection*, std::uint8_t mode, Id window, Id property, Id type, std::uint8_t format,
        std::uint32_t length, const void* data);
    Cookie (*intern_atom)(Connection*, std::uint8_t only_if_exists, std::uint16_t length, const char* name);
    AtomReply* (*intern_atom_reply)(Connection*, Cookie, void** error);
    Cookie (*get_window_attributes)(Connection*, Id window);
    int (*poll_for_reply)(Connection*, unsigned sequence, void** reply, void** error);
    Cookie (*create_gc)(Connection*, Id context, Id drawable, std::uint32_t mask, const void* values);
    Cookie (*put_image)(Connection*, std::uint8_t format, Id drawable, Id context, std::uint16_t width,
        std::uint16_t height, std::int16_t x, std::int16_t y, std::uint8_t left_pad, std::uint8_t depth,
        std::uint32_t bytes, const std::uint8_t* data);
    int (*flush)(Connection*);
    Event* (*poll_for_event)(Connection*);
};

// The library; null where this system has none.
const Library* library();

static_assert(sizeof(Setup) == 40 && sizeof(Format) == 8 && sizeof(Visual) == 24 && sizeof(Depth) == 8, "protocol");
static_assert(sizeof(Screen) == 40 && sizeof(Event) == 32 && sizeof(ConfigureEvent) == 28, "protocol");
static_assert(offsetof(AttributesReply, map_state) == 26, "protocol");

}  // namespace shell::xcb

#endif
