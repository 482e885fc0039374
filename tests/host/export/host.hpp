// What a host hands to a plugin: changes of parameters, and streams.
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "vst3.hpp"

struct Point {
    std::int32_t offset;
    double value;
};

struct Queue final : vst3::IParamValueQueue {
    vst3::ParameterId id = 0;
    std::vector<Point> points;
    vst3::Result queryInterface(const vst3::Id, void** object) override { *object = nullptr; return vst3::kNoInterface; }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    vst3::ParameterId getParameterId() override { return id; }
    std::int32_t getPointCount() override { return static_cast<std::int32_t>(points.size()); }
    vst3::Result getPoint(std::int32_t index, std::int32_t& offset, double& value) override {
        if (index < 0 || index >= getPointCount()) return vst3::kInvalidArgument;
        offset = points[static_cast<std::size_t>(index)].offset;
        value = points[static_cast<std::size_t>(index)].value;
        return vst3::kOk;
    }
    vst3::Result addPoint(std::int32_t offset, double value, std::int32_t& index) override {
        index = getPointCount();
        points.push_back({offset, value});
        return vst3::kOk;
    }
};

class Changes final : public vst3::IParameterChanges {
public:
    vst3::Result queryInterface(const vst3::Id, void** object) override { *object = nullptr; return vst3::kNoInterface; }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    std::int32_t getParameterCount() override { return static_cast<std::int32_t>(queues_.size()); }
    vst3::IParamValueQueue* getParameterData(std::int32_t index) override {
        return index < 0 || index >= getParameterCount() ? nullptr : &queues_[static_cast<std::size_t>(index)];
    }
    vst3::IParamValueQueue* addParameterData(const vst3::ParameterId& id, std::int32_t& index) override {
        for (index = 0; index < getParameterCount(); ++index)
            if (queues_[static_cast<std::size_t>(index)].id == id) return &queues_[static_cast<std::size_t>(index)];
        queues_.emplace_back();
        queues_.back().id = id;
        return &queues_.back();
    }
    void add(vst3::ParameterId id, std::int32_t offset, double value) {
        std::int32_t index = 0;
        addParameterData(id, index)->addPoint(offset, value, index);
    }
    std::map<vst3::ParameterId, std::vector<Point>> points() const {
        std::map<vst3::ParameterId, std::vector<Point>> all;
        for (const auto& queue : queues_)
            if (!queue.points.empty()) all[queue.id] = queue.points;
        return all;
    }

private:
    std::vector<Queue> queues_;
};

// Reads at most 1000 bytes at once, as some hosts do.
struct Stream final : vst3::IBStream {
    std::string bytes;
    std::size_t place = 0;
    vst3::Result queryInterface(const vst3::Id, void** object) override { *object = nullptr; return vst3::kNoInterface; }
    std::uint32_t addRef() override { return 2; }
    std::uint32_t release() override { return 1; }
    vst3::Result read(void* buffer, std::int32_t many, std::int32_t* done) override {
        const auto got = std::min({bytes.size() - place, static_cast<std::size_t>(std::max(many, 0)), std::size_t{1000}});
        if (got > 0) std::memcpy(buffer, bytes.data() + place, got);
        place += got;
        if (done != nullptr) *done = static_cast<std::int32_t>(got);
        return vst3::kOk;
    }
    vst3::Result write(void* buffer, std::int32_t many, std::int32_t* done) override {
        bytes.append(static_cast<const char*>(buffer), static_cast<std::size_t>(many));
        if (done != nullptr) *done = many;
        return vst3::kOk;
    }
    vst3::Result seek(std::int64_t, std::int32_t, std::int64_t*) override { return vst3::kNotImplemented; }
    vst3::Result tell(std::int64_t*) override { return vst3::kNotImplemented; }
};
