import Protocols
import SiteModel

/// The metrics that a birth named: what aliases stand for in the data that follow, and the types
/// that data may leave out.
struct SparkplugBirth {
  /// One metric of the birth.
  struct Entry: Equatable {
    /// Nil when it goes by its name.
    let alias: UInt64?
    let type: UInt32
    /// Where its name stands.
    let name: Range<Int>
  }

  private(set) var bytes: [UInt8] = []
  private(set) var entries: [Entry] = []
  /// Positions of entries with an alias that stands for one name only, in the order of aliases.
  private var byAlias: [Int32] = []
  /// Positions of all entries in the order of names; made when it is first asked for.
  private var byName: [Int32] = []
  /// An alias that the birth gave to two names; it stands for neither.
  private(set) var ambiguousAlias: UInt64?

  /// No birth.
  init() {}

  /// The metrics that a message names.
  init(_ message: SparkplugMessage) {
    for position in 0..<message.count {
      guard let name = message.name(at: position), !name.isEmpty,
        name.utf8.count <= SparkplugMessage.nameLimit
      else { continue }
      add(name.utf8, alias: message.alias(at: position), type: message.type(at: position))
    }
    index()
  }

  /// About how much memory it holds, in bytes.
  var size_bytes: Int { bytes.count + entries.count * 48 }

  /// What an alias stands for; nil when the birth did not say, or said two things.
  func find(alias: UInt64) -> Entry? {
    var (low, high) = (0, byAlias.count)
    while low < high {
      let middle = (low + high) / 2
      let entry = entries[Int(byAlias[middle])]
      guard let found = entry.alias else { return nil }
      if found == alias { return entry }
      if found < alias { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// The entry of a name; nil when the birth did not have it.
  mutating func find(name: String) -> Entry? {
    if byName.isEmpty, !entries.isEmpty {
      byName = entries.indices.map(Int32.init).sorted {
        bytes[entries[Int($0)].name].lexicographicallyPrecedes(bytes[entries[Int($1)].name])
      }
    }
    let key = Array(name.utf8)[...]
    var (low, high) = (0, byName.count)
    while low < high {
      let middle = (low + high) / 2
      let entry = entries[Int(byName[middle])]
      if bytes[entry.name] == key { return entry }
      if bytes[entry.name].lexicographicallyPrecedes(key) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return nil
  }

  private mutating func add(_ name: some Collection<UInt8>, alias: UInt64?, type: UInt32) {
    let start = bytes.count
    bytes.append(contentsOf: name)
    entries.append(Entry(alias: alias, type: type, name: start..<bytes.count))
  }

  private mutating func index() {
    let aliased = entries.indices.filter { entries[$0].alias != nil }
    let sorted = aliased.sorted { (entries[$0].alias ?? 0, $0) < (entries[$1].alias ?? 0, $1) }
    for (place, position) in sorted.enumerated() {
      let alias = entries[position].alias
      let isBefore = place > 0 && entries[sorted[place - 1]].alias == alias
      let isAfter = place + 1 < sorted.count && entries[sorted[place + 1]].alias == alias
      if isBefore || isAfter {
        ambiguousAlias = ambiguousAlias ?? alias
      } else {
        byAlias.append(Int32(position))
      }
    }
  }
}

extension SparkplugBirth {
  func write(to writer: inout ByteWriter) {
    writer.unsigned(UInt64(entries.count))
    for entry in entries {
      writer.byte(entry.alias == nil ? 0 : 1)
      if let alias = entry.alias { writer.unsigned(alias) }
      writer.unsigned(UInt64(entry.type))
      writer.unsigned(UInt64(entry.name.count))
      bytes[entry.name].withUnsafeBytes { writer.raw($0) }
    }
  }

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    for _ in 0..<(try reader.count(ofSize: 3)) {
      let alias = try reader.byte() == 1 ? try reader.unsigned() : nil
      let type = UInt32(truncatingIfNeeded: try reader.unsigned())
      add(try reader.raw(try reader.count()), alias: alias, type: type)
    }
    index()
  }
}
