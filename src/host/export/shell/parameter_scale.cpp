// Values of a parameter: normalized, plain and as text.
#include <algorithm>
#include <cmath>

#include "manifest.hpp"
#include "text.hpp"

namespace shell {

std::int32_t ParameterSpec::steps() const {
    return kind == Kind::number ? 0 : static_cast<std::int32_t>(high - low);
}

double ParameterSpec::to_plain(double normalized) const {
    const double place = std::isfinite(normalized) ? std::clamp(normalized, 0.0, 1.0) : default_value;
    if (place == 1) return high;
    const double plain = logarithmic ? low * std::pow(high / low, place) : low + place * (high - low);
    return std::clamp(kind == Kind::number ? plain : std::nearbyint(plain), low, high);
}

double ParameterSpec::to_normalized(double plain) const {
    if (!std::isfinite(plain)) return default_value;
    const double kept = std::clamp(plain, low, high);
    if (logarithmic) return std::clamp(std::log(kept / low) / std::log(high / low), 0.0, 1.0);
    return std::clamp((kept - low) / (high - low), 0.0, 1.0);
}

std::string ParameterSpec::text(double normalized) const {
    const double plain = to_plain(normalized);
    if (!labels.empty()) return labels[static_cast<std::size_t>(plain)];
    return kind == Kind::integer ? std::to_string(std::llround(plain)) : to_text(plain);
}

std::optional<double> ParameterSpec::parse(std::string_view text) const {
    text = without_blanks(text);
    for (std::size_t i = 0; i < labels.size(); ++i)
        if (same_word(text, labels[i])) return static_cast<double>(i) / (static_cast<double>(labels.size()) - 1);
    if (!labels.empty()) return std::nullopt;
    if (!unit_text.empty() && text.size() > unit_text.size() &&
        same_word(text.substr(text.size() - unit_text.size()), unit_text))
        text = without_blanks(text.substr(0, text.size() - unit_text.size()));
    const auto plain = to_number(text);
    if (!plain) return std::nullopt;
    return to_normalized(*plain);
}

}  // namespace shell
