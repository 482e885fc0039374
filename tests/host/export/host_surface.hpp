// What of a host people see: windows with editors in them. It is there where the shell is linked in.
#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "dice.hpp"
#include "vst3.hpp"

// What an editor reported of turns.
struct Edits {
    std::ostringstream log;
    std::string take() {
        std::string all = log.str();
        log.str({});
        return all;
    }
};

class Surface {
public:
    virtual ~Surface() = default;
    // The answer to a line; nothing where it is none for a surface.
    virtual std::optional<std::string> obey(
        const std::string& what, std::istream& words, vst3::IComponent& component, vst3::IEditController& controller) = 0;
    virtual void fuzz(Dice& dice, vst3::IComponent& component, vst3::IEditController& controller) = 0;
    virtual void close() = 0;
};

inline std::unique_ptr<Surface> (*make_surface)() = nullptr;
