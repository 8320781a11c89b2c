import SiteModel

/// Finds a device and its transformer ratios by the bytes of its name, without making a `String`
/// for names seen before. It only remembers: the ``DeviceTable`` stays the authority and is asked
/// each time, so that a table that was rolled back is noticed.
struct DeviceDirectory {
  struct Entry {
    let device: DeviceIndex
    let name: String
    let ptRatio: ExactDecimal
    let ctRatio: ExactDecimal
  }

  private var positions = ByteTable()
  private(set) var entries: [Entry] = []
  /// Changes whenever positions that were given out lose their meaning.
  private(set) var generation = 0
  private let registry: Registry

  init(registry: Registry) { self.registry = registry }

  /// The position in ``entries`` of the device with this name, added when it is new; -1 when the
  /// name cannot be taken.
  mutating func position(
    of name: UnsafeRawBufferPointer, in devices: inout DeviceTable
  ) -> Int32 {
    let known = positions.find(name)
    if known >= 0 {
      if isCurrent(known, in: devices) { return known }
      forget()
    }
    guard let text = String(validating: name, as: UTF8.self),
      let device = devices.index(of: text)
    else { return -1 }
    let registered = registry.devices[text]
    let position = Int32(entries.count)
    entries.append(
      Entry(
        device: device, name: text, ptRatio: registered?.ptRatio ?? ExactDecimal(1),
        ctRatio: registered?.ctRatio ?? ExactDecimal(1)))
    positions.insert(name, value: position)
    return position
  }

  /// True when the device of an entry still has the same number.
  func isCurrent(_ position: Int32, in devices: DeviceTable) -> Bool {
    let entry = entries[Int(position)]
    let place = Int(entry.device.position)
    return place < devices.count && devices.name(of: entry.device) == entry.name
  }

  mutating func forget() {
    generation += 1
    positions.removeAll()
    entries.removeAll(keepingCapacity: true)
  }
}
