/// Seals bytes as the codecs do, written down a second time from the description of the checksum.
enum TestSeal {
  static func seal(_ content: [UInt8]) -> [UInt8] {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(content.count)
    var rest = content[...]
    while !rest.isEmpty {
      let size = rest.count >= 8 ? 8 : 1
      let word = rest.prefix(size).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      hash = (hash ^ word) &* 0x100_0000_01B3
      hash ^= hash >> 32
      rest = rest.dropFirst(size)
    }
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    hash = (hash ^ (hash >> 33)) &* 0xC4CE_B9FE_1A85_EC53
    let sum = hash >> 32
    return content + (0..<4).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) }
  }
}
