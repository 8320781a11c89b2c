import CIconv

/// Reads GB 18030 (a superset of GBK and GB 2312) with the iconv of the C library. Nothing but the
/// bytes decides what comes out, but the C library needs its own file for it: the gconv module
/// `GB18030`.
public enum GB18030 {
  /// What bytes stand for.
  public enum Decoded: Sendable, Equatable {
    /// The same text in UTF-8, at most twice as long.
    case text([UInt8])
    /// What stands at this offset is no GB 18030, or is cut off.
    case wrongByte(offset: Int)
    /// The C library has no converter.
    case noConverter
  }

  /// The bytes as UTF-8.
  public static func decode(_ bytes: UnsafeRawBufferPointer) -> Decoded {
    decode(bytes, from: "GB18030")
  }

  /// The same from an encoding that may have no converter.
  static func decode(_ bytes: UnsafeRawBufferPointer, from encoding: String) -> Decoded {
    guard let converter = iconv_open("UTF-8", encoding), converter != iconv_t(bitPattern: -1)
    else { return .noConverter }
    defer { iconv_close(converter) }
    // Two bytes of GB 18030 become at most three of UTF-8, four become four.
    let capacity = bytes.count * 2
    var unread = bytes.count
    // iconv takes its input as mutable and leaves it alone.
    var from = UnsafeMutableRawPointer(mutating: bytes.baseAddress)?
      .assumingMemoryBound(to: CChar.self)
    let text = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
      var free = capacity
      buffer.withMemoryRebound(to: CChar.self) { target in
        var to = target.baseAddress
        _ = iconv(converter, &from, &unread, &to, &free)
      }
      written = capacity - free
    }
    return unread == 0 ? .text(text) : .wrongByte(offset: bytes.count - unread)
  }
}
