// Tells PyTorch's core that there are two CUDA devices, each with one stream that never waits.
#include <c10/core/impl/DeviceGuardImplInterface.h>

namespace {

thread_local c10::DeviceIndex current = 0;

struct TwoDevices final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return c10::DeviceType::CUDA; }
  c10::Device exchangeDevice(c10::Device wanted) const override {
    const c10::Device before = getDevice();
    setDevice(wanted);
    return before;
  }
  c10::Device getDevice() const override { return {c10::DeviceType::CUDA, current}; }
  void setDevice(c10::Device wanted) const override { uncheckedSetDevice(wanted); }
  void uncheckedSetDevice(c10::Device wanted) const noexcept override {
    if (wanted.has_index()) current = wanted.index();
  }
  c10::Stream getStream(c10::Device device) const override {
    const auto index = device.has_index() ? device.index() : current;
    return c10::Stream(c10::Stream::DEFAULT, {c10::DeviceType::CUDA, index});
  }
  c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream wanted) const override { return getStream(wanted.device()); }
  c10::DeviceIndex deviceCount() const noexcept override { return 2; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
};

}  // namespace

extern "C" void pretend_two_devices() {
  static TwoDevices devices;
  c10::impl::registerDeviceGuard(c10::DeviceType::CUDA, &devices);
}

extern "C" int exchange_device(int wanted) {
  const int before = current;
  if (wanted >= 0) current = static_cast<c10::DeviceIndex>(wanted);
  return before;
}
