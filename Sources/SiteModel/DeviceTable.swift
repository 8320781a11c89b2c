/// The names of all devices ever seen, each with a lasting number. Numbers are given in order of
/// first sight, so that a replay of the journal gives the same ones.
public struct DeviceTable: Sendable {
  /// Most devices that one installation keeps; later ones are refused, so that a flood of made-up
  /// names cannot exhaust memory.
  public static let limit = 500_000
  /// Longest device name in UTF-8 bytes.
  public static let nameLimit = 128

  /// All names in the order of their numbers.
  public private(set) var names: [String] = []
  private var positions: [String: DeviceIndex] = [:]

  /// An empty table.
  public init() {}

  /// A table with these names, in the order of their numbers.
  public init(names: [String]) {
    for name in names { _ = index(of: name) }
  }

  /// How many devices are known.
  public var count: Int { names.count }

  /// The name of a device of this table.
  public func name(of device: DeviceIndex) -> String { names[Int(device.position)] }

  /// The device with this name, if it is known.
  public func find(_ name: String) -> DeviceIndex? { positions[name] }

  /// The device with this name, added when it is new; nil when the table is full or the name is
  /// empty, longer than ``nameLimit`` or has control characters.
  public mutating func index(of name: String) -> DeviceIndex? {
    if let known = positions[name] { return known }
    guard names.count < Self.limit, !name.isEmpty, name.utf8.count <= Self.nameLimit,
      name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
    else { return nil }
    let device = DeviceIndex(Int32(names.count))
    names.append(name)
    positions[name] = device
    return device
  }
}
