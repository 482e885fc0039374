// The effect as what its editor shows and turns.
#include <cstring>
#include <utility>

#include "effect.hpp"
#include "view.hpp"

namespace shell {

bool Shown::operator==(const Shown& other) const {
    return word == other.word && dropouts == other.dropouts && learned_seconds == other.learned_seconds &&
           text == other.text && curve == other.curve && listening == other.listening && values == other.values;
}

void* Effect::createView(const char* name) {
    const bool editor = name == nullptr || std::strcmp(name, "editor") == 0;
    return editor ? make_view(static_cast<vst3::IComponent&>(*this), *this) : nullptr;
}

Shown Effect::look() const {
    Engine::Seen seen = engine_.seen();
    Shown now;
    now.word = engine_word(seen.status);
    now.dropouts = dropouts_;
    now.learned_seconds = static_cast<double>(seen.learned_seconds);
    now.text = std::move(seen.text);
    now.curve = std::move(seen.curve);
    now.listening = listening_;
    for (std::size_t i = 0; i < parameters_.count(); ++i) now.values.push_back(parameters_.shown(i));
    return now;
}

void Effect::begin(std::size_t parameter) {
    if (handler_ != nullptr) handler_->beginEdit(parameters_.spec(parameter).id);
}

void Effect::perform(std::size_t parameter, double value) {
    const std::uint32_t id = parameters_.spec(parameter).id;
    setParamNormalized(id, value);
    if (handler_ != nullptr) handler_->performEdit(id, parameters_.shown(parameter));
}

void Effect::end(std::size_t parameter) {
    if (handler_ != nullptr) handler_->endEdit(parameters_.spec(parameter).id);
}

}  // namespace shell
