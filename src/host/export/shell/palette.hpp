// Colours of the editor. Each ink is read on each ground, each sign on the first two: at a contrast of 4.5 or more.
#pragma once

#include "canvas.hpp"

namespace shell {

constexpr Colour kGroundWindow = {0x1E, 0x21, 0x26};
constexpr Colour kGroundPanel = {0x16, 0x18, 0x1C};
constexpr Colour kGroundControl = {0x2E, 0x34, 0x3C};
constexpr Colour kGroundChosen = {0x22, 0x50, 0x74};
constexpr Colour kGroundWarning = {0x68, 0x46, 0x0E};

constexpr Colour kInkText = {0xEC, 0xEE, 0xF1};
constexpr Colour kInkQuiet = {0xC3, 0xC9, 0xD1};

constexpr Colour kSignCurve = {0x6C, 0xB6, 0xE8};
constexpr Colour kSignGood = {0x7F, 0xD1, 0x8B};
constexpr Colour kSignWaiting = {0xF2, 0xB8, 0x4B};
constexpr Colour kSignBad = {0xFF, 0x8A, 0x80};
constexpr Colour kSignOff = {0x9A, 0xA3, 0xAE};

constexpr Colour kGrid = {0x33, 0x38, 0x40};    // lines that are not read
constexpr Colour kHandle = {0xEC, 0xEE, 0xF1};  // what is held of a slider

}  // namespace shell
