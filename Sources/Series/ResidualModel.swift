/// One side of a binary arithmetic coder: an encoder takes the bit, a decoder finds it, a meter
/// only counts what it would cost.
protocol BitCoder {
  /// Codes a bit whose chance of being 1 is `chance` / 65536, never 0 or 65536. A decoder ignores
  /// `bit`.
  mutating func code(_ bit: Int, chance: UInt32) -> Int
  /// Codes the lowest `count` (at most 63) bits of `value`, 0 and 1 being equally likely.
  mutating func plain(_ value: UInt64, count: Int) -> UInt64
}

/// Chances of binary decisions, each learned from the decisions before it: after n decisions the
/// chance moves by 1 / (n + 1.5) of the error, n counting to 255.
struct AdaptiveBits: ~Copyable {
  /// The chance in the upper 22 bits, how often it was moved in the lower 10.
  private let slots: UnsafeMutablePointer<UInt32>

  init(count: Int) {
    slots = .allocate(capacity: count)
    slots.initialize(repeating: 1 << 31, count: count)
  }

  deinit { slots.deallocate() }

  /// Codes the decision of a slot.
  @inline(__always)
  borrowing func code<Coder: BitCoder>(
    _ bit: Int, _ slot: Int, _ rates: UnsafePointer<Int32>, _ coder: inout Coder
  ) -> Int {
    let value = slots[slot]
    let found = coder.code(bit, chance: max(32, min(65_536 - 32, value >> 16)))
    let moves = value & 1023
    let error = Int32(truncatingIfNeeded: found << 22) &- Int32(bitPattern: value >> 10)
    let move = UInt32(bitPattern: (error >> 3) &* rates[Int(moves)])
    slots[slot] = (value &+ move) & ~1023 | min(moves &+ 1, AdaptiveRates.most)
    return found
  }
}

/// How far a chance moves, by how often it was moved.
enum AdaptiveRates {
  /// So many moves are counted.
  static let most: UInt32 = 255

  /// 2^14 / (2n + 3) after n moves.
  private static let table: [Int32] = (0...Int32(most)).map { 16_384 / (2 * $0 + 3) }

  @inline(__always)
  static func with<Result>(_ body: (UnsafePointer<Int32>) -> Result) -> Result {
    table.withUnsafeBufferPointer { rates in
      guard let base = rates.baseAddress else { preconditionFailure("the table is not empty") }
      return body(base)
    }
  }
}

/// Codes one number after the other, near zero most of the time, learning how they are spread.
///
/// A number becomes binary decisions: is it zero, its sign, how many bits it has, the two bits
/// below the highest; further bits are coded as they are. Decisions are learned per context.
struct ResidualModel: ~Copyable {
  private static let nodes = 64
  private let bits: AdaptiveBits

  /// A model for contexts below `contexts`.
  init(contexts: Int) { bits = AdaptiveBits(count: contexts * Self.nodes) }

  @inline(__always)
  borrowing func code<Coder: BitCoder>(
    _ number: Int64, context: Int, _ rates: UnsafePointer<Int32>, _ coder: inout Coder
  ) -> Int64 {
    let base = context &* Self.nodes
    if bits.code(number == 0 ? 1 : 0, base, rates, &coder) != 0 { return 0 }
    let isNegative = bits.code(number < 0 ? 1 : 0, base &+ 1, rates, &coder) != 0
    let magnitude = number.magnitude
    let width = self.width(64 &- magnitude.leadingZeroBitCount, base, rates, &coder)
    var value: UInt64 = 1
    if width > 1 {
      let group = base &+ 22 &+ min(width &- 2, 7) &* 3
      let upper = Int(truncatingIfNeeded: magnitude >> UInt64(width - 2)) & 1
      value = 2 | UInt64(bits.code(upper, group, rates, &coder))
      if width > 2 {
        let node = group &+ 1 &+ Int(value & 1)
        let lower = Int(truncatingIfNeeded: magnitude >> UInt64(width - 3)) & 1
        value = value << 1 | UInt64(bits.code(lower, node, rates, &coder))
      }
      if width > 3 {
        value = value << UInt64(width - 3) | coder.plain(magnitude, count: width - 3)
      }
    }
    let found = Int64(bitPattern: value)
    return isNegative ? 0 &- found : found
  }

  /// How many bits a magnitude has, 1…64: as many decisions.
  @inline(__always)
  private borrowing func width<Coder: BitCoder>(
    _ width: Int, _ base: Int, _ rates: UnsafePointer<Int32>, _ coder: inout Coder
  ) -> Int {
    var found = 1
    while found < 64 {
      let node = base &+ 1 &+ min(found, 20)
      if bits.code(width > found ? 1 : 0, node, rates, &coder) == 0 { break }
      found &+= 1
    }
    return found
  }
}
