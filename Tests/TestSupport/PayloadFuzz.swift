#if canImport(Glibc)
  import Glibc
#endif

/// Hostile payloads for a decoder: random bytes, and valid seeds that were cut off, had bits
/// flipped, or were spliced with each other and with fragments of the format. The same seed gives
/// the same payloads in the same order.
public struct PayloadFuzz {
  /// One payload, and which of the seeds it came from (so that a topic can be chosen for it).
  public struct Input {
    /// Position of the seed whose beginning it has.
    public let origin: Int
    /// What to decode.
    public var bytes: [UInt8]
  }

  /// How many payloads each decoder is given: 200,000, or 20 million where `SITEWATT_SOAK` is set.
  public static let count = getenv("SITEWATT_SOAK") == nil ? 200_000 : 20_000_000

  /// How much the process may grow between the first million payloads and any later one, in MiB. A
  /// decoder that kept a few dozen bytes of each would be found out in a soak.
  public static let growthLimit_mib = 512

  /// Bytes that stand readable behind every payload of ``forEach(_:_:)``.
  public static let padding = 64

  private let seeds: [[UInt8]]
  private let fragments: [[UInt8]]
  private let lengthLimit: Int
  private var random: SeededGenerator
  private var madeCount = 0
  /// Memory of the process after the first million, in MiB.
  private var memory_mib = 0

  /// Payloads of at most `lengthLimit` bytes made of at least one seed. `fragments` are pieces of
  /// the format that are spliced in: brackets, preambles, huge lengths.
  public init(
    seeds: [[UInt8]], fragments: [[UInt8]] = [], seed: UInt64, lengthLimit: Int = 512
  ) {
    precondition(!seeds.isEmpty, "a fuzz needs a valid payload to begin with")
    (self.seeds, self.fragments, self.lengthLimit) = (seeds, fragments, lengthLimit)
    random = SeededGenerator(seed: seed)
  }

  /// The next payload: one in eight is random, one in eight cut off, two have flipped bits, two are
  /// spliced of two seeds, one is edited, and one is all of it.
  public mutating func next() -> Input {
    watchMemory()
    let origin = below(seeds.count)
    var bytes = seeds[origin]
    switch below(8) {
    case 0: bytes = random.bytes(below(65))
    case 1: bytes.removeLast(below(bytes.count + 1))
    case 2, 3: flipBits(&bytes)
    case 4, 5: splice(&bytes)
    case 6: edit(&bytes)
    default:
      splice(&bytes)
      edit(&bytes)
      flipBits(&bytes)
    }
    if bytes.count > lengthLimit { bytes.removeLast(bytes.count - lengthLimit) }
    return Input(origin: origin, bytes: bytes)
  }

  /// Hands `count` payloads to `body`, with ``padding`` bytes of the digit 7 behind each, which
  /// would turn a number that is read too far into another one.
  public mutating func forEach(
    _ count: Int = PayloadFuzz.count,
    _ body: (_ origin: Int, _ payload: UnsafeRawBufferPointer) throws -> Void
  ) rethrows {
    let tail = [UInt8](repeating: UInt8(ascii: "7"), count: Self.padding)
    for _ in 0..<count {
      let input = next()
      try (input.bytes + tail).withUnsafeBytes { bytes in
        try body(input.origin, UnsafeRawBufferPointer(rebasing: bytes[0..<input.bytes.count]))
      }
    }
  }

  /// Ends the run when memory grows without end; only a soak makes so many payloads.
  private mutating func watchMemory() {
    madeCount += 1
    guard madeCount.isMultiple(of: 1_000_000) else { return }
    let now_mib = Self.residentMemory_mib()
    if memory_mib == 0 { memory_mib = now_mib }
    precondition(
      now_mib - memory_mib <= Self.growthLimit_mib,
      "memory grew from \(memory_mib) to \(now_mib) MiB over \(madeCount) payloads")
  }

  /// Memory that the process holds, in MiB; 0 where the system does not say.
  static func residentMemory_mib() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let fields = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self).split(
      separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(getpagesize()) / 1_048_576 : 0
  }

  private mutating func below(_ limit: Int) -> Int {
    Int(truncatingIfNeeded: random.next() >> 1) % limit
  }

  private mutating func flipBits(_ bytes: inout [UInt8]) {
    if bytes.isEmpty { return }
    for _ in 0...below(4) { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
  }

  /// The beginning of one seed and the end of another.
  private mutating func splice(_ bytes: inout [UInt8]) {
    let other = seeds[below(seeds.count)]
    bytes.removeLast(below(bytes.count + 1))
    bytes += other[below(other.count + 1)...]
  }

  /// A few pieces inserted, repeated, removed or overwritten.
  private mutating func edit(_ bytes: inout [UInt8]) {
    for _ in 0...below(3) {
      let place = below(bytes.count + 1)
      let end = min(bytes.count, place + 1 + below(16))
      switch below(4) {
      case 0 where !fragments.isEmpty:
        bytes.insert(contentsOf: fragments[below(fragments.count)], at: place)
      case 1: bytes.insert(contentsOf: Array(bytes[place..<end]), at: place)
      case 2: bytes.removeSubrange(place..<end)
      default: if place < bytes.count { bytes[place] = UInt8(below(256)) }
      }
    }
  }
}
