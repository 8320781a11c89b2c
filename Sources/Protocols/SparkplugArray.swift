import SiteModel

/// The arrays of Sparkplug B: packed little-endian numbers, bits behind their count, texts that
/// each end in a zero byte.
enum SparkplugArray {
  /// One member of an array.
  enum Item {
    case value(PointValue)
    case text(ArraySlice<UInt8>)
  }

  case integers(width: Int, isSigned: Bool)
  case floats
  case doubles
  case booleans
  case texts

  /// The array of a data type's code, 22…34; nil for any other type.
  init?(_ type: UInt32) {
    switch type {
    case 22...25: self = .integers(width: 1 << (type - 22), isSigned: true)
    case 26...29: self = .integers(width: 1 << (type - 26), isSigned: false)
    case 30: self = .floats
    case 31: self = .doubles
    case 32: self = .booleans
    case 33: self = .texts
    // Times are numbers of milliseconds.
    case 34: self = .integers(width: 8, isSigned: false)
    default: return nil
    }
  }

  /// The members of an array.
  func items(_ bytes: [UInt8]) throws(WireFault) -> [Item] {
    switch self {
    case .integers(let width, let isSigned):
      var items: [Item] = []
      for bits in try Self.words(bytes, width: width) {
        let shift = UInt64(64 - width * 8)
        let value =
          isSigned ? Int128(Int64(bitPattern: bits << shift) >> Int64(shift)) : Int128(bits)
        items.append(.value(.number(try SparkplugValue.whole(value))))
      }
      return items
    case .floats:
      var items: [Item] = []
      for bits in try Self.words(bytes, width: 4) {
        let number = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
        items.append(.value(.number(try SparkplugValue.decimal(number))))
      }
      return items
    case .doubles:
      var items: [Item] = []
      for bits in try Self.words(bytes, width: 8) {
        items.append(.value(.number(try SparkplugValue.decimal(Double(bitPattern: bits)))))
      }
      return items
    case .booleans: return try Self.booleans(bytes)
    case .texts: return Self.texts(bytes)
    }
  }

  private static func words(_ bytes: [UInt8], width: Int) throws(WireFault) -> [UInt64] {
    guard bytes.count % width == 0 else {
      throw WireFault(
        .malformed, found: "an array of \(bytes.count) bytes", expected: "a multiple of \(width)")
    }
    return stride(from: 0, to: bytes.count, by: width).map { start in
      (0..<width).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
  }

  private static func booleans(_ bytes: [UInt8]) throws(WireFault) -> [Item] {
    guard bytes.count >= 4, let count = try words(Array(bytes[..<4]), width: 4).first,
      count <= UInt64(bytes.count - 4) * 8
    else {
      throw WireFault(
        .malformed, found: "an array of \(bytes.count) bytes",
        expected: "a count of 4 bytes, and as many bits")
    }
    return (0..<Int(count)).map { index in
      .value(.truth(bytes[4 + index / 8] & (0x80 >> UInt8(index % 8)) != 0))
    }
  }

  private static func texts(_ bytes: [UInt8]) -> [Item] {
    var items: [Item] = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
      .text($0)
    }
    // Each text ends in a zero byte, so what stands behind the last one is no text.
    if case .text(let rest)? = items.last, rest.isEmpty { items.removeLast() }
    return items
  }
}
