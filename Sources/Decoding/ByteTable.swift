/// Finds numbers by byte strings without making a `String`. One table can hold many small maps: a
/// key belongs to a `scope`, such as the object that it is a member of.
public struct ByteTable: Sendable {
  private struct Entry {
    let hash: Int
    let scope: Int32
    let length: Int32
    let offset: Int
    let value: Int32
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []
  /// Positions in `entries`, -1 where free; its size is a power of two, at most half full.
  private var slots = [Int32](repeating: -1, count: 16)

  private let isKeyed: Bool

  /// An empty table. One that is only ever filled from profiles need not be `keyed`: looking up in
  /// it is faster, and nobody outside can fill it with names that collide.
  public init(isKeyed: Bool = true) { self.isKeyed = isKeyed }

  /// How many keys there are.
  var count: Int { entries.count }

  /// Forgets everything but keeps the memory.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
    for slot in slots.indices { slots[slot] = -1 }
  }

  /// The value of a key; -1 when it is not there.
  public func find(_ key: UnsafeRawBufferPointer, in scope: Int32 = 0) -> Int32 {
    if entries.isEmpty { return -1 }
    let hash = hash(key, scope)
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 {
      let position = Int(slots[slot])
      if entries[position].hash == hash, isEqual(entries[position], key, scope) {
        return entries[position].value
      }
      slot = (slot + 1) & (slots.count - 1)
    }
    return -1
  }

  /// Adds a key that is not there yet; `value` must not be negative.
  public mutating func insert(_ key: UnsafeRawBufferPointer, in scope: Int32 = 0, value: Int32) {
    if (entries.count + 1) * 2 > slots.count { grow() }
    let hash = hash(key, scope)
    entries.append(
      Entry(
        hash: hash, scope: scope, length: Int32(key.count), offset: bytes.count, value: value))
    bytes.append(contentsOf: key)
    occupy(hash, Int32(entries.count - 1))
  }

  /// The value of a text; -1 when it is not there.
  public func find(_ key: String, in scope: Int32 = 0) -> Int32 {
    Array(key.utf8).withUnsafeBytes { find($0, in: scope) }
  }

  /// Adds a text that is not there yet.
  public mutating func insert(_ key: String, in scope: Int32 = 0, value: Int32) {
    Array(key.utf8).withUnsafeBytes { insert($0, in: scope, value: value) }
  }

  /// All keys of a scope, in the order in which they were added.
  func keys(in scope: Int32) -> [String] {
    entries.filter { $0.scope == scope }.map { entry in
      String(decoding: bytes[entry.offset..<(entry.offset + Int(entry.length))], as: UTF8.self)
    }
  }

  private func isEqual(_ entry: Entry, _ key: UnsafeRawBufferPointer, _ scope: Int32) -> Bool {
    guard entry.scope == scope, Int(entry.length) == key.count else { return false }
    return bytes.withUnsafeBytes { own in
      var place = 0
      while place + 8 <= key.count {
        let word = own.loadUnaligned(fromByteOffset: entry.offset + place, as: UInt64.self)
        if word != key.loadUnaligned(fromByteOffset: place, as: UInt64.self) { return false }
        place += 8
      }
      for index in place..<key.count where own[entry.offset + index] != key[index] { return false }
      return true
    }
  }

  private mutating func occupy(_ hash: Int, _ position: Int32) {
    var slot = hash & (slots.count - 1)
    while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = position
  }

  private mutating func grow() {
    slots = [Int32](repeating: -1, count: slots.count * 2)
    for position in entries.indices { occupy(entries[position].hash, Int32(position)) }
  }

  /// Keyed by the process, so that nobody can choose topics that collide.
  private func hash(_ key: UnsafeRawBufferPointer, _ scope: Int32) -> Int {
    guard isKeyed else { return Self.plainHash(key, scope) }
    var hasher = Hasher()
    hasher.combine(scope)
    hasher.combine(bytes: key)
    return hasher.finalize()
  }

  /// Eight bytes at a time, by multiplication with an odd number without pattern (2^64 / φ).
  private static func plainHash(_ key: UnsafeRawBufferPointer, _ scope: Int32) -> Int {
    let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    var value = (UInt64(UInt32(bitPattern: scope)) ^ UInt64(key.count) << 32) &* factor
    var place = 0
    while place + 8 <= key.count {
      value = (value ^ key.loadUnaligned(fromByteOffset: place, as: UInt64.self)) &* factor
      value ^= value >> 29
      place += 8
    }
    var rest: UInt64 = 0
    while place < key.count {
      rest = rest << 8 | UInt64(key[place])
      place += 1
    }
    value = (value ^ rest) &* factor
    return Int(truncatingIfNeeded: value ^ value >> 32)
  }
}
