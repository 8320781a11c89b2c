import Glibc
import SiteModel

/// Bytes on their way to a file, a pipe or memory, 64 KiB in one system call. Writing goes on
/// silently after a failure; ``finish()`` tells it, and ``isOpen`` says whether there is any use in
/// going on.
public final class ByteOutput {
  /// Bytes that one system call writes.
  static let blockLength = 64 << 10
  /// Bytes that a time or a number of at most 39 digits needs at most.
  private static let valueLength = 160

  /// -1 for memory.
  private let descriptor: Int32
  private var collected: [UInt8] = []
  private let block: UnsafeMutablePointer<UInt8>
  private var count = 0
  private var failure: OutputError?
  private var day = Int64.min
  private var date: [UInt8] = []

  /// An output to an open file descriptor, which stays open at the end.
  public init(descriptor: Int32) {
    self.descriptor = descriptor
    block = .allocate(capacity: Self.blockLength)
  }

  /// An output to memory, of which ``takeAll()`` takes what was written.
  convenience init() { self.init(descriptor: -1) }

  deinit { block.deallocate() }

  /// False after a failure: what is written from then on is lost.
  public var isOpen: Bool { failure == nil }

  /// Writes what waits, and tells the first failure.
  public func finish() throws(OutputError) {
    flush()
    if let failure { throw failure }
  }

  /// Bytes in memory.
  var length: Int { collected.count + count }

  /// What was written to memory since the last time.
  func takeAll() -> [UInt8] {
    flush()
    defer { collected = [] }
    return collected
  }

  /// Some bytes.
  func bytes(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      var written = 0
      while written < source.count {
        if count == Self.blockLength { flush() }
        let length = min(source.count - written, Self.blockLength - count)
        (block + count).update(from: start + written, count: length)
        written += length
        count += length
      }
    }
  }

  /// A text.
  func text(_ text: String) { bytes(Array(text.utf8)) }

  /// One byte.
  func byte(_ byte: UInt8) {
    if count == Self.blockLength { flush() }
    block[count] = byte
    count += 1
  }

  /// A time as ``Timestamp/description`` writes it. The date is worked out once a day.
  func time(_ time: Timestamp) {
    let (quotient, remainder) = time.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
    let next = remainder < 0 ? quotient - 1 : quotient
    if next != day || date.isEmpty {
      day = next
      date = Array(time.description.utf8.prefix { $0 != UInt8(ascii: "T") }) + [UInt8(ascii: "T")]
    }
    bytes(date)
    reserve(Self.valueLength)
    let inDay = UInt32(remainder < 0 ? remainder + 86_400_000 : remainder)
    let (second, millisecond) = inDay.quotientAndRemainder(dividingBy: 1000)
    pair(second / 3600, UInt8(ascii: ":"))
    pair(second / 60 % 60, UInt8(ascii: ":"))
    pair(second % 60, UInt8(ascii: "."))
    block[count] = 48 + UInt8(truncatingIfNeeded: millisecond / 100)
    count += 1
    pair(millisecond % 100, UInt8(ascii: "Z"))
  }

  /// A number as ``ExactDecimal/description`` writes it.
  func decimal(_ value: ExactDecimal) {
    guard let narrow = Int64(exactly: value.significand), (-18...0).contains(value.exponent) else {
      return text(value.description)
    }
    reserve(Self.valueLength)
    // From the last digit to the first, at the end of the room, then moved to its place.
    let end = block + count + 40
    var place = end
    var rest = narrow.magnitude
    var decimals = -value.exponent
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
    if narrow < 0 {
      place -= 1
      place.pointee = UInt8(ascii: "-")
    }
    (block + count).update(from: place, count: end - place)
    count += end - place
  }

  private func pair(_ number: UInt32, _ end: UInt8) {
    block[count] = 48 + UInt8(truncatingIfNeeded: number / 10)
    block[count + 1] = 48 + UInt8(truncatingIfNeeded: number % 10)
    block[count + 2] = end
    count += 3
  }

  private func reserve(_ length: Int) {
    if count + length > Self.blockLength { flush() }
  }

  private func flush() {
    if descriptor < 0 {
      collected.append(contentsOf: UnsafeBufferPointer(start: block, count: count))
      count = 0
      return
    }
    var written = 0
    while written < count, failure == nil {
      let result = write(descriptor, block + written, count - written)
      if result >= 0 {
        written += result
      } else if errno != EINTR {
        failure = errno == EPIPE ? .closed : .failed(String(cString: strerror(errno)))
      }
    }
    count = 0
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
