import Crypto

/// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104); the only place that imports the crypto library.
public enum Digest {
  /// The 32 bytes of SHA-256 over the parts, one after the other.
  public static func sha256(_ parts: UnsafeRawBufferPointer...) -> [UInt8] {
    var hash = SHA256()
    for part in parts { hash.update(bufferPointer: part) }
    return Array(hash.finalize())
  }

  /// The 32 bytes of SHA-256 over an array.
  public static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

  /// The 32 bytes of HMAC-SHA-256.
  public static func hmacSHA256(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: key)))
  }

  /// Lower-case hexadecimal digits.
  public static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".unicodeScalars)
    var text = ""
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      text.unicodeScalars.append(digits[Int(byte >> 4)])
      text.unicodeScalars.append(digits[Int(byte & 15)])
    }
    return text
  }
}
