/// A range coder with a range of 64 bits that puts out 32 at a time; a carry runs back into the
/// words that were put out.
struct RangeEncoder: BitCoder {
  private var low: UInt64 = 0
  private var range: UInt64 = .max
  private var words: [UInt32] = []

  /// An encoder with room for so many bytes.
  init(room: Int) { words.reserveCapacity(room / 4) }

  @inline(__always)
  mutating func code(_ bit: Int, chance: UInt32) -> Int {
    let part = (range >> 16) &* UInt64(chance)
    if bit != 0 {
      range = part
    } else {
      add(part)
      range &-= part
    }
    if range < 1 << 32 { shift() }
    return bit
  }

  @inline(__always)
  mutating func plain(_ value: UInt64, count: Int) -> UInt64 {
    let bits = value & ((1 << UInt64(count)) &- 1)
    var rest = count
    while rest > 0 {
      let step = min(rest, 16)
      rest &-= step
      range >>= UInt64(step)
      add(range &* (bits >> UInt64(rest) & ((1 << UInt64(step)) &- 1)))
      if range < 1 << 32 { shift() }
    }
    return bits
  }

  @inline(__always)
  private mutating func add(_ part: UInt64) {
    let (sum, carry) = low.addingReportingOverflow(part)
    low = sum
    if carry { propagate() }
  }

  private mutating func propagate() {
    for position in words.indices.reversed() {
      words[position] &+= 1
      if words[position] != 0 { return }
    }
  }

  private mutating func shift() {
    words.append(UInt32(truncatingIfNeeded: low >> 32))
    low <<= 32
    range <<= 32
  }

  /// Everything coded, as few bytes as decode alike when zeros follow them.
  mutating func finish() -> [UInt8] {
    // Of the numbers from low to low + range any will do; one that ends in zeros is short.
    for zeros in stride(from: UInt64(56), through: 0, by: -8) {
      let mask = (UInt64(1) << zeros) - 1
      let (sum, carry) = low.addingReportingOverflow(mask)
      let rounded = sum & ~mask
      guard rounded &- low < range else { continue }
      if carry { propagate() }
      low = rounded
      break
    }
    shift()
    words.append(UInt32(truncatingIfNeeded: low >> 32))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(words.count * 4)
    for word in words {
      withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
    while bytes.last == 0 { bytes.removeLast() }
    return bytes
  }
}

/// Reads what a ``RangeEncoder`` wrote. It never fails: other bytes give other bits, and beyond the
/// end are zeros.
struct RangeDecoder: BitCoder {
  private var rest: UInt64 = 0
  private var range: UInt64 = .max
  private let bytes: UnsafeRawBufferPointer
  private var offset = 0

  /// A decoder of `bytes`, which must stay valid while it is used.
  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    rest = UInt64(next()) << 32
    rest |= UInt64(next())
  }

  @inline(__always)
  mutating func code(_ bit: Int, chance: UInt32) -> Int {
    let part = (range >> 16) &* UInt64(chance)
    let isSet = rest < part
    if isSet {
      range = part
    } else {
      rest &-= part
      range &-= part
    }
    if range < 1 << 32 { shift() }
    return isSet ? 1 : 0
  }

  @inline(__always)
  mutating func plain(_ value: UInt64, count: Int) -> UInt64 {
    var result: UInt64 = 0
    var left = count
    while left > 0 {
      let step = min(left, 16)
      left &-= step
      range >>= UInt64(step)
      // Bytes that no encoder wrote can lead beyond the last digit.
      let digit = min(rest / range, (1 << UInt64(step)) &- 1)
      rest &-= digit &* range
      result = result << UInt64(step) | digit
      if range < 1 << 32 { shift() }
    }
    return result
  }

  private mutating func shift() {
    rest = rest << 32 | UInt64(next())
    range <<= 32
  }

  private mutating func next() -> UInt32 {
    defer { offset += 4 }
    if offset + 4 <= bytes.count {
      return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
    var word: UInt32 = 0
    for position in offset..<(offset + 4) {
      word = word << 8 | (position < bytes.count ? UInt32(bytes[position]) : 0)
    }
    return word
  }
}

/// Counts what an encoder would write.
struct BitMeter: BitCoder {
  /// In 4096ths of a bit.
  private(set) var cost = 0

  private static let costs: [Int] = (0..<256).map {
    Int(4096 * -Logarithm.base2((Double($0) + 0.5) / 256))
  }

  mutating func code(_ bit: Int, chance: UInt32) -> Int {
    cost += Self.costs[Int((bit != 0 ? chance : 65_536 - chance) >> 8)]
    return bit
  }

  mutating func plain(_ value: UInt64, count: Int) -> UInt64 {
    cost += count << 12
    return value
  }
}

/// Logarithms for estimates.
enum Logarithm {
  /// The base-2 logarithm of a positive number, to 2^-12.
  static func base2(_ value: Double) -> Double {
    var result = Double(value.exponent)
    var rest = value.significand
    var part = 0.5
    for _ in 0..<12 {
      rest *= rest
      if rest >= 2 {
        rest /= 2
        result += part
      }
      part /= 2
    }
    return result
  }
}
