/// Recognises a file whose aliases could stand for an endless one, before Yams composes it: Yams
/// hashes keys, and a key that is an alias of aliases would keep it busy for ever.
///
/// It sees more aliases than there are, because it does not know quotes and comments; but only a
/// file with an anchor and more than ``aliasLimit`` aliases is refused for it. So few can stand for
/// a few hundred values at most.
enum AliasGuard {
  /// Most places that look like an alias in a file that has an anchor.
  static let aliasLimit = 16

  /// One-based line of the first anchor of a file with an anchor and too many aliases.
  static func lineOfFirstAnchor(ifManyAliasesIn bytes: [UInt8]) -> Int? {
    var (line, aliases) = (1, 0)
    var firstAnchor: Int?
    var before = UInt8(ascii: "\n")
    for byte in bytes {
      if opensValue.contains(before) {
        if byte == UInt8(ascii: "&"), firstAnchor == nil { firstAnchor = line }
        if byte == UInt8(ascii: "*") { aliases += 1 }
      }
      if byte == UInt8(ascii: "\n") { line += 1 }
      before = byte
    }
    return aliases > aliasLimit ? firstAnchor : nil
  }

  /// What can stand right before an anchor or alias.
  private static let opensValue = Set(" \t\r\n[{,:?-".utf8)
}
