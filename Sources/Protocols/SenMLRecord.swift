import SiteModel

/// The fields of one SenML record as they stand in the document.
struct SenMLRecord {
  /// What a field is, by its name in JSON.
  enum Label: String, CaseIterable {
    case baseName = "bn"
    case baseTime = "bt"
    case baseUnit = "bu"
    case baseValue = "bv"
    case baseSum = "bs"
    case baseVersion = "bver"
    case name = "n"
    case unit = "u"
    case value = "v"
    case text = "vs"
    case truth = "vb"
    case data = "vd"
    case sum = "s"
    case time = "t"
    case updateTime = "ut"

    /// Its key in CBOR.
    var number: String {
      switch self {
      case .baseVersion: "-1"
      case .baseName: "-2"
      case .baseTime: "-3"
      case .baseUnit: "-4"
      case .baseValue: "-5"
      case .baseSum: "-6"
      case .name: "0"
      case .unit: "1"
      case .value: "2"
      case .text: "3"
      case .truth: "4"
      case .sum: "5"
      case .time: "6"
      case .updateTime: "7"
      case .data: "8"
      }
    }
  }

  /// Versions of which everything that is read here means what it meant in the first.
  static let versions = ["10", "26"]

  private static let byName = Dictionary(
    uniqueKeysWithValues: Label.allCases.map { ($0.rawValue, $0) })
  private static let byNumber = Dictionary(
    uniqueKeysWithValues: Label.allCases.map { ($0.number, $0) })

  /// The fields that are there.
  private(set) var fields: [Label: JSONNode] = [:]
  /// Those of them that are there twice.
  private var doubled: Set<Label> = []
  /// A field that must be understood, and is not; empty without one.
  private var unknown = ""

  /// The record at a position of the pack's nodes.
  init(
    _ nodes: UnsafeBufferPointer<JSONNode>, at position: Int, isCBOR: Bool
  ) throws(WireFault) {
    guard nodes[position].type == .object else {
      throw WireFault(.wrongType, found: nodes[position].found, expected: "a SenML record")
    }
    var place = position + 1
    while place < nodes[position].end {
      let key = String(decoding: nodes[place].keyBytes, as: UTF8.self)
      if let label = Self.label(key, isCBOR: isCBOR) {
        if fields.updateValue(nodes[place], forKey: label) != nil { doubled.insert(label) }
      } else if key.hasSuffix("_") {
        unknown = key
      }
      place = nodes[place].end
    }
  }

  /// Throws when the record has a field twice, or one that must be understood and is not.
  func check() throws(WireFault) {
    for label in doubled { try checkIsSingle(label) }
    if unknown.isEmpty { return }
    throw WireFault(
      .unknownWord, part: String(unknown.prefix(60)), found: "a field that must be understood",
      expected: "only fields of RFC 8428")
  }

  private func checkIsSingle(_ label: Label) throws(WireFault) {
    guard doubled.contains(label) else { return }
    throw WireFault(.ambiguous, part: label.rawValue, found: "the key twice", expected: "it once")
  }

  /// Why a pack as a whole cannot be read: it states another version, or several.
  static func versionFault(
    _ nodes: UnsafeBufferPointer<JSONNode>, isCBOR: Bool
  ) -> WireFault? {
    var first: String?
    var place = 1
    while place < nodes.count {
      let key = String(decoding: nodes[place].keyBytes, as: UTF8.self)
      if label(key, isCBOR: isCBOR) == .baseVersion {
        let version = String(decoding: nodes[place].textBytes, as: UTF8.self)
        guard versions.contains(version), first == nil || first == version else {
          return WireFault(
            .otherProtocol, part: "bver", found: "version \(version.prefix(20))",
            expected: "one version in all records: 10 or 26")
        }
        first = version
      }
      place += 1
    }
    return nil
  }

  private static func label(_ key: String, isCBOR: Bool) -> Label? {
    isCBOR ? byNumber[key] : byName[key]
  }

  /// A field that must be a text; nil when it is not there.
  func text(_ label: Label) throws(WireFault) -> UnsafeRawBufferPointer? {
    try checkIsSingle(label)
    guard let node = fields[label] else { return nil }
    guard node.type == .text else {
      throw WireFault(.wrongType, part: label.rawValue, found: node.found, expected: "a text")
    }
    return node.textBytes
  }

  /// A field that must be a number; nil when it is not there.
  func number(_ label: Label) throws(WireFault) -> ExactDecimal? {
    try checkIsSingle(label)
    guard let node = fields[label] else { return nil }
    let expected = "a number of at most \(ExactDecimal.maximumDigits) digits"
    guard node.type == .number else {
      throw WireFault(.wrongType, part: label.rawValue, found: node.found, expected: expected)
    }
    do throws(DecimalError) {
      return try ExactDecimal(parsing: node.textBytes)
    } catch {
      throw WireFault(.numberTooLong, part: label.rawValue, found: node.found, expected: expected)
    }
  }
}
