import Glibc
import SiteModel

/// Bytes on their way to a file, a pipe or memory, 64 KiB in one system call. Writing goes on
/// silently after a failure; ``finish()`` tells it, and ``isOpen`` says whether there is any use in
/// going on.
public final class ByteOutput {
  /// Bytes that one system call writes, about.
  static let blockLength = 64 << 10
  /// Room for a time, or a number of at most 39 digits, and for what is written behind it only to
  /// be overwritten.
  private static let valueLength = 160

  /// -1 for memory.
  private let descriptor: Int32
  private var block: UnsafeMutablePointer<UInt8>
  /// Bytes of memory that it holds.
  private(set) var capacity = ByteOutput.blockLength
  /// Bytes that wait to be written; all of them, when they go to memory.
  private(set) var count = 0
  private var failure: OutputError?
  /// The day that was written last, and the 10^8 milliseconds, each with its text.
  private var day = Int64.min
  private var date: ShortText?
  private var span = Int64.min
  private var spanText: ShortText?

  /// An output to an open file descriptor, which stays open at the end.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
    block = .allocate(capacity: capacity)
  }

  /// An output to memory, which grows as it must; another output takes it by ``append(_:)``.
  convenience init() { self.init(descriptor: -1) }

  deinit { block.deallocate() }

  /// False after a failure: what is written from then on is lost.
  public var isOpen: Bool { failure == nil }

  /// Writes what waits, and tells the first failure.
  public func finish() throws(OutputError) {
    flush()
    if let failure { throw failure }
  }

  /// What another output has in memory.
  func append(_ other: ByteOutput) { append(other.block, other.count) }

  /// Forgets what is in memory and keeps the room for it.
  func removeAll() { count = 0 }

  /// Some bytes.
  func bytes(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { append(start, source.count) }
    }
  }

  /// A text.
  func text(_ text: String) { bytes(Array(text.utf8)) }

  /// One byte.
  func byte(_ byte: UInt8) {
    reserve(1)
    block[count] = byte
    count += 1
  }

  /// A time as ``Timestamp/description`` writes it. The date is worked out once a day.
  func time(_ time: Timestamp) {
    let (quotient, remainder) = time.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let next = remainder < 0 ? quotient - 1 : quotient
    if next != day {
      day = next
      date = ShortText(time.description.prefix { $0 != "T" } + "T")
    }
    guard let date else { return text(time.description) }
    reserve(Self.valueLength)
    date.write(to: block + count)
    count += date.count
    let inDay = UInt32(truncatingIfNeeded: remainder < 0 ? remainder + 86_400_000 : remainder)
    let (second, millisecond) = inDay.quotientAndRemainder(dividingBy: 1000)
    let minute = second / 60
    // Zeros stand where the colons come, which are ten more.
    let clock = EightBytes.digits(minute / 60 * 1_000_000 + minute % 60 * 1000 + second % 60)
    EightBytes.store(clock &+ 0x0000_0A00_000A_0000, block + count)
    // A point, three digits, Z.
    let rest = EightBytes.digits(millisecond) >> 40
    EightBytes.store(rest << 8 | 0x5A_0000_002E, block + count + 8)
    count += 13
  }

  /// A whole number, such as milliseconds: the digits above 10^8 are worked out when they change.
  func integer(_ number: Int64) {
    let (next, rest) = number.quotientAndRemainder(dividingBy: 100_000_000)
    if next != span {
      span = next
      spanText = next > 0 ? ShortText("\(next)") : nil
    }
    guard let spanText else { return text("\(number)") }
    reserve(Self.valueLength)
    spanText.write(to: block + count)
    EightBytes.store(
      EightBytes.digits(UInt32(truncatingIfNeeded: rest)), block + count + spanText.count)
    count += spanText.count + 8
  }

  /// A number as ``ExactDecimal/description`` writes it.
  func decimal(_ value: ExactDecimal) {
    guard let narrow = Int64(exactly: value.significand), (-18...0).contains(value.exponent) else {
      return text(value.description)
    }
    reserve(Self.valueLength)
    if narrow < 0 {
      block[count] = UInt8(ascii: "-")
      count += 1
    }
    if narrow.magnitude < 100_000_000, value.exponent > -8 {
      short(UInt32(truncatingIfNeeded: narrow.magnitude), decimals: -value.exponent)
    } else {
      long(narrow.magnitude, decimals: -value.exponent)
    }
  }

  /// At most eight digits: all of them, from the first that is written on, and once more from the
  /// first decimal on, one place further back.
  private func short(_ number: UInt32, decimals: Int) {
    let digits = EightBytes.digits(number)
    let leading = (digits ^ EightBytes.zeros).trailingZeroBitCount / 8
    let first = min(leading, 7 &- decimals)
    let place = block + count
    EightBytes.store(digits >> UInt64(truncatingIfNeeded: first &* 8), place)
    count += 8 &- first
    guard decimals > 0 else { return }
    let whole = 8 &- decimals &- first
    place[whole] = UInt8(ascii: ".")
    EightBytes.store(
      digits >> UInt64(truncatingIfNeeded: (8 &- decimals) &* 8), place + (whole &+ 1))
    count += 1
  }

  /// From the last digit to the first, at the end of the room, then moved to its place.
  private func long(_ number: UInt64, decimals: Int) {
    let end = block + count + 40
    var place = end
    var rest = number
    var decimals = decimals
    repeat {
      place -= 1
      place.pointee = 48 + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      decimals -= 1
      if decimals == 0 {
        place -= 1
        place.pointee = UInt8(ascii: ".")
      }
    } while rest > 0 || decimals >= 0
    (block + count).update(from: place, count: end - place)
    count += end - place
  }

  private func append(_ start: UnsafePointer<UInt8>, _ length: Int) {
    if count + length > capacity {
      flush()
      // More than a block is not copied once more.
      if descriptor >= 0 && length > capacity { return write(start, length) }
      reserve(length)
    }
    (block + count).update(from: start, count: length)
    count += length
  }

  /// Makes room for so many bytes, at most a block.
  @inline(__always)
  private func reserve(_ length: Int) {
    if count + length > capacity { makeRoom(length) }
  }

  private func makeRoom(_ length: Int) {
    flush()
    guard count + length > capacity else { return }
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: (count + length) * 2)
    larger.update(from: block, count: count)
    block.deallocate()
    (block, capacity) = (larger, (count + length) * 2)
  }

  /// Writes what waits, if not in memory.
  private func flush() {
    guard descriptor >= 0 else { return }
    write(block, count)
    count = 0
  }

  private func write(_ start: UnsafePointer<UInt8>, _ length: Int) {
    var written = 0
    while written < length, failure == nil {
      let result = Glibc.write(descriptor, start + written, length - written)
      if result >= 0 {
        written += result
      } else if errno != EINTR {
        failure = errno == EPIPE ? .closed : .failed(String(cString: strerror(errno)))
      }
    }
  }
}

/// Why something could not be written.
public enum OutputError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The reader of the pipe has gone: it had enough.
  case closed
  /// The operating system refused; the text is its own.
  case failed(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .closed: "the reader of the output has gone"
    case .failed(let text): "the output cannot be written: \(text)"
    }
  }
}
