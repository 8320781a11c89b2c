/// At most sixteen bytes that are written again and again, two machine words at a time.
struct ShortText {
  private let low: UInt64
  private let high: UInt64
  /// Its bytes.
  let count: Int

  /// Nil when the text is longer.
  init?(_ text: some StringProtocol) {
    guard text.utf8.count <= 16 else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &words) { bytes in
      for (place, byte) in text.utf8.enumerated() { bytes[place] = byte }
    }
    (low, high, count) = (words.0, words.1, text.utf8.count)
  }

  /// Writes it, and anything up to sixteen bytes behind it.
  @inline(__always)
  func write(to place: UnsafeMutablePointer<UInt8>) {
    EightBytes.store(low, place)
    EightBytes.store(high, place + 8)
  }
}

/// Eight bytes of text in one machine word, the first one lowest.
enum EightBytes {
  /// Eight zeros.
  static let zeros: UInt64 = 0x3030_3030_3030_3030

  /// The eight digits of a number below 10^8: halves, pairs and digits are told apart in all lanes
  /// of the word at once, dividing by multiplication with 2^20 / 100 and 2^10 / 10.
  @inline(__always)
  static func digits(_ number: UInt32) -> UInt64 {
    let halves = UInt64(number / 10_000) | UInt64(number % 10_000) << 32
    let hundreds = (halves &* 10_486) >> 20 & 0x0000_007F_0000_007F
    let pairs = hundreds | (halves &- hundreds &* 100) << 16
    let tens = (pairs &* 103) >> 10 & 0x000F_000F_000F_000F
    return (tens | (pairs &- tens &* 10) << 8) | zeros
  }

  /// Writes the eight bytes.
  @inline(__always)
  static func store(_ word: UInt64, _ place: UnsafeMutablePointer<UInt8>) {
    UnsafeMutableRawPointer(place).storeBytes(of: word.littleEndian, as: UInt64.self)
  }
}
