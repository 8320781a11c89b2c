import SiteModel

/// Reads objects of OMA LightweightM2M (those of uCIFI among them) into points that are named
/// `object/instance/resource`, such as `3416/0/44`. Three ways of writing are understood, each in
/// JSON or CBOR:
///
/// - a SenML pack with such names, with or without a slash in front;
/// - nested ids: `{"3416":{"0":{"44":230.1}}}`;
/// - paths: `{"/3416/0/44":230.1}`.
///
/// In the last two, resource 5518 of an instance (seconds since 1970) is the time of its others.
public final class LwM2MDecoder {
  /// Units by the registry of objects that differ from what a profile may name: the angle of a tilt
  /// sensor (3429) is in radians.
  private static let units = ["3429/1": "rad"]
  /// Longest path in bytes; a key is repeated for each value below it.
  private static let pathLimit = 255
  private static let timeResource = Array("5518".utf8)

  private let json = JSONParser()
  private let cbor = CBORParser()
  private let senml = SenMLDecoder(takesPaths: true)
  private var pack = PointList()

  /// A decoder without a message.
  public init() {}

  /// Adds the points of one message to `list`. Another 64 bytes after `payload` must be readable.
  public func decode(
    _ payload: UnsafeRawBufferPointer, receivedAt: Timestamp, into list: inout PointList
  ) {
    do throws(JSONFault) {
      let isCBOR = payload.first.map { $0 >= 0x80 && $0 != 0xEF } ?? false
      let nodes = try isCBOR ? cbor.parse(payload) : json.parse(payload)
      if nodes[0].type == .list {
        takePack(payload, receivedAt, into: &list)
      } else {
        takeObjects(nodes, into: &list)
      }
    } catch {
      list.add(
        WireFault(error.reason, found: error.found, expected: "LwM2M objects in JSON or CBOR"))
    }
  }

  private func takePack(
    _ payload: UnsafeRawBufferPointer, _ receivedAt: Timestamp, into list: inout PointList
  ) {
    pack.removeAll()
    senml.decode(payload, receivedAt: receivedAt, into: &pack)
    for fault in pack.faults { list.add(fault) }
    for point in pack.points {
      var copy = point
      let path = Array(pack.bytes[point.name].drop { $0 == UInt8(ascii: "/") })
      copy.name = list.keep(path)
      let unit = pack.bytes[point.unit]
      copy.unit = unit.isEmpty ? keepUnit(of: path, in: &list) : list.keep(unit)
      if case .text(let text) = point.value { copy.value = .text(list.keep(pack.bytes[text])) }
      list.add(copy)
    }
  }

  private func takeObjects(
    _ nodes: UnsafeBufferPointer<JSONNode>, into list: inout PointList
  ) {
    var leaves: [(path: [UInt8], node: Int)] = []
    collect(nodes, at: 0, path: [], into: &leaves, &list)
    var times: [[UInt8]: Timestamp] = [:]
    for leaf in leaves {
      let parts = leaf.path.split(separator: UInt8(ascii: "/"))
      guard parts.count == 3, parts[2].elementsEqual(Self.timeResource) else { continue }
      times[Self.instance(leaf.path)] = time(nodes[leaf.node], leaf.path, &list)
    }
    for leaf in leaves {
      if let fault = Self.badPath(leaf.path) {
        list.add(fault)
        continue
      }
      guard let value = value(nodes[leaf.node], leaf.path, &list) else { continue }
      let unit = keepUnit(of: leaf.path, in: &list)
      let time = times[Self.instance(leaf.path)]
      list.add(Point(name: list.keep(leaf.path), unit: unit, value: value, time: time))
    }
  }

  /// All values with their paths, keys and positions in lists joined by slashes.
  private func collect(
    _ nodes: UnsafeBufferPointer<JSONNode>, at position: Int, path: [UInt8],
    into leaves: inout [(path: [UInt8], node: Int)], _ list: inout PointList
  ) {
    guard path.count <= Self.pathLimit else {
      return list.add(
        WireFault(
          .tooLarge, part: Self.text(path), found: "a path of \(path.count) bytes",
          expected: "at most \(Self.pathLimit)"))
    }
    guard nodes[position].type == .object || nodes[position].type == .list else {
      return leaves.append((path, position))
    }
    var index = 0
    var child = position + 1
    while child < nodes[position].end {
      var part = Array(nodes[child].keyBytes.drop { $0 == UInt8(ascii: "/") })
      if nodes[position].type == .list { part = Array(String(index).utf8) }
      while part.last == UInt8(ascii: "/") { part.removeLast() }
      let isFirst = path.isEmpty || part.isEmpty
      collect(
        nodes, at: child, path: path + (isFirst ? [] : [UInt8(ascii: "/")]) + part, into: &leaves,
        &list)
      index += 1
      child = nodes[child].end
    }
  }

  private func value(
    _ node: JSONNode, _ path: [UInt8], _ list: inout PointList
  ) -> PointValue? {
    switch node.type {
    case .yes, .no: return .truth(node.type == .yes)
    case .text: return .text(list.keep(node.textBytes))
    case .number:
      if let number = try? ExactDecimal(parsing: node.textBytes) { return .number(number) }
      list.add(
        WireFault(
          .numberTooLong, part: Self.text(path), found: node.found,
          expected: "a number of at most \(ExactDecimal.maximumDigits) digits"))
      return nil
    default: return .missing
    }
  }

  private func time(_ node: JSONNode, _ path: [UInt8], _ list: inout PointList) -> Timestamp? {
    let limit: ExactDecimal = "999999999999"
    if node.type == .number, let seconds = try? ExactDecimal(parsing: node.textBytes),
      seconds < limit, ExactDecimal.zero < seconds
    {
      return Timestamp(milliseconds: SenMLPack.milliseconds(seconds))
    }
    list.add(
      WireFault(
        .badTime, part: Self.text(path), found: node.found, expected: "seconds since 1970"))
    return nil
  }

  /// What is wrong with a path that begins with the number of an object: instance and resource
  /// must follow, and perhaps more, all of them numbers. Other fields stand beside the objects.
  private static func badPath(_ path: [UInt8]) -> WireFault? {
    let parts = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isNumber = parts.map { part in
      !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
    }
    if !isNumber[0] || (parts.count >= 3 && !isNumber.contains(false)) { return nil }
    return WireFault(
      .wrongType, part: text(path), found: "the path '\(text(path))'",
      expected: "object/instance/resource, each a number")
  }

  private func keepUnit(of path: [UInt8], in list: inout PointList) -> Range<Int> {
    let parts = path.split(separator: UInt8(ascii: "/"))
    guard parts.count >= 3 else { return 0..<0 }
    return list.keep((Self.units[Self.text(parts[0] + [UInt8(ascii: "/")] + parts[2])] ?? "").utf8)
  }

  /// `object/instance` of a path.
  private static func instance(_ path: [UInt8]) -> [UInt8] {
    Array(path.split(separator: UInt8(ascii: "/")).prefix(2).joined(separator: [UInt8(ascii: "/")]))
  }

  private static func text(_ path: some Collection<UInt8>) -> String {
    String(decoding: path.prefix(60), as: UTF8.self)
  }
}
