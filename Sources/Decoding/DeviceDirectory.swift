import Protocols
import SiteModel

/// Finds a device and its transformer ratios by the bytes of its name, without making a `String`
/// for names seen before. It only remembers: the ``DeviceTable`` stays the authority and is asked
/// each time, so that a table that was rolled back is noticed.
struct DeviceDirectory {
  struct Entry {
    let device: DeviceIndex
    let name: String
    let ratios: Ratios
    /// The gateway that the registry names, empty when it names none; nil for a device that is not
    /// registered.
    let registeredGateway: String?
    /// Its address on a bus as the registry has it, without leading zeros; empty without one.
    let address: String
    /// Name of the profile that the registry gives it; empty for the topic's.
    let model: String
  }

  /// What the values of a device's transformers are multiplied with; 1 where none are registered.
  struct Ratios {
    let pt: ExactDecimal
    let ct: ExactDecimal
  }

  private var positions = ByteTable()
  private(set) var entries: [Entry] = []
  /// Changes whenever positions that were given out lose their meaning.
  private(set) var generation = 0
  private let registry: Registry

  /// Names of the devices behind each unit, by address.
  private let behind: [String: [String: String]]
  /// Addresses seen before; the unit's position is the scope.
  private var addresses = ByteTable()

  init(registry: Registry) {
    self.registry = registry
    var behind: [String: [String: String]] = [:]
    for device in registry.devices.values where !device.gateway.isEmpty {
      behind[device.gateway, default: [:]][Self.plain(device.address)] = device.id
    }
    self.behind = behind
  }

  /// The position in ``entries`` of the device with this name, added when it is new; -1 when the
  /// name cannot be taken.
  mutating func position(
    of name: UnsafeRawBufferPointer, in devices: inout DeviceTable
  ) -> Int32 {
    let known = positions.find(name)
    if known >= 0, isCurrent(known, in: devices) { return known }
    guard let text = String(validating: name, as: UTF8.self),
      let device = devices.index(of: text)
    else { return -1 }
    let registered = registry.devices[text]
    let entry = Entry(
      device: device, name: text,
      ratios: Ratios(
        pt: registered?.ptRatio ?? ExactDecimal(1), ct: registered?.ctRatio ?? ExactDecimal(1)),
      registeredGateway: registered?.gateway, address: Self.plain(registered?.address ?? ""),
      model: registered?.model ?? "")
    if known >= 0 {
      // In place: a caller may still hold the positions of other devices.
      entries[Int(known)] = entry
      return known
    }
    let position = Int32(entries.count)
    entries.append(entry)
    positions.insert(name, value: position)
    return position
  }

  /// True when the registry has a device of this name.
  func isRegistered(_ name: UnsafeRawBufferPointer) -> Bool {
    registry.devices[String(decoding: name, as: UTF8.self)] != nil
  }

  /// True when the device of an entry still has the same number.
  func isCurrent(_ position: Int32, in devices: DeviceTable) -> Bool {
    let device = entries[Int(position)].device
    return Int(device.position) < devices.count
      && devices.name(of: device) == entries[Int(position)].name
  }

  /// The position of the device with a bus address at the unit `gateway`: one that the registry
  /// puts behind it, else the unit itself, unless the registry gives that another address.
  mutating func device(
    at address: UnsafeRawBufferPointer, behind gateway: Int32, in devices: inout DeviceTable
  ) throws(Rejection) -> Int32 {
    let known = addresses.find(address, in: gateway)
    if known >= 0, isCurrent(known, in: devices) { return known }
    let text = Self.plain(String(decoding: address, as: UTF8.self))
    let unit = entries[Int(gateway)]
    var position = gateway
    if let name = behind[unit.name]?[text] {
      position = Array(name.utf8).withUnsafeBytes { self.position(of: $0, in: &devices) }
    } else if unit.address.isEmpty ? behind[unit.name] != nil : unit.address != text {
      let own = unit.address.isEmpty ? "that" : "address \(unit.address) of \(unit.name), or that"
      throw Rejection(
        reason: .wrongSpeaker, device: unit.device, found: "a frame of address \(text)",
        expected: "\(own) of a device registered behind it")
    }
    guard position >= 0 else {
      throw Rejection(
        reason: .noDevice, device: unit.device, found: "address \(text)",
        expected: "a device that can be taken (the device table is full)")
    }
    if known < 0, addresses.count < Self.addressLimit {
      addresses.insert(address, in: gateway, value: position)
    }
    return position
  }

  /// Most bus addresses that are remembered; further ones are looked up each time.
  static let addressLimit = 200_000

  /// An address without spaces and leading zeros.
  private static func plain(_ address: String) -> String {
    let digits = address.filter { $0 != " " }.drop { $0 == "0" }
    return digits.isEmpty && !address.isEmpty ? "0" : String(digits)
  }

  mutating func forget() {
    generation += 1
    addresses.removeAll()
    positions.removeAll()
    entries.removeAll(keepingCapacity: true)
  }
}
