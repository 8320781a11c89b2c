import Protocols
import SiteModel

// Finds out what the metrics of a message are called, and takes their values.
extension SparkplugHost {
  /// The values of a message, as far as their names are known.
  mutating func values(_ arrival: Arrival, _ edge: Int, isLate: Bool, _ emit: Emit) {
    points.removeAll()
    var unknown: (first: Int, alias: UInt64, count: Int)?
    var ignored = 0
    let isBirth = arrival.kind == .nodeBirth || arrival.kind == .deviceBirth
    for position in 0..<arrival.message.count {
      switch meaning(of: position, arrival, edge, isBirth: isBirth) {
      case .named(let name, let type):
        ignored += arrival.message.addPoints(
          at: position, name: name, type: type, to: &points)
      case .unknown(let alias):
        unknown = (unknown?.first ?? position, unknown?.alias ?? alias, (unknown?.count ?? 0) + 1)
      case .fault(let fault): points.add(fault)
      }
    }
    if isLate { points.markHistorical() }
    if let unknown, edges[edge].owners[arrival.owner].isBorn {
      want(edge)
      points.add(Self.unknownAlias(unknown.first, unknown.alias, unknown.count))
    } else if let unknown {
      points.add(Self.aliasBeforeBirth(unknown.first, unknown.count))
    }
    if ignored > 0 { emit(.ignored(ignored)) }
    guard !points.points.isEmpty || !points.faults.isEmpty else { return }
    emit(
      .values(
        SparkplugValues(
          owner: name(arrival, edge), points: points, receivedAt: arrival.receivedAt,
          mustBeKnown: isBirth && !arrival.hasWaited && arrival.message.hasOwnNames)))
  }

  private enum Meaning {
    case named(ArraySlice<UInt8>, type: UInt32)
    case unknown(alias: UInt64)
    case fault(WireFault)
  }

  private mutating func meaning(
    of position: Int, _ arrival: Arrival, _ edge: Int, isBirth: Bool
  ) -> Meaning {
    let name = arrival.message.name(at: position) ?? ""
    let type = arrival.message.type(at: position)
    if !isBirth, let alias = arrival.message.alias(at: position) {
      guard let entry = edges[edge].owners[arrival.owner].birth.find(alias: alias) else {
        return name.isEmpty ? .unknown(alias: alias) : .named(Array(name.utf8)[...], type: type)
      }
      let own = edges[edge].owners[arrival.owner].birth.bytes[entry.name]
      guard name.isEmpty || own.elementsEqual(name.utf8) else {
        want(edge)
        return .fault(
          WireFault(
            .ambiguous, part: "metrics[\(position)]",
            found: "name '\(name.prefix(60))' and alias \(alias), which the birth gave to '"
              + String(decoding: own.prefix(60), as: UTF8.self) + "'",
            expected: "a name and an alias of the same metric, or one of them"))
      }
      return .named(own, type: type == 0 ? entry.type : type)
    }
    guard !name.isEmpty else {
      return .fault(
        WireFault(
          .incomplete, part: "metrics[\(position)]", found: "a metric without a name",
          expected: isBirth ? "a name" : "a name, or an alias that the birth gave"))
    }
    let known = type == 0 ? edges[edge].owners[arrival.owner].birth.find(name: name)?.type : type
    return .named(Array(name.utf8)[...], type: known ?? 0)
  }

  private static func unknownAlias(_ position: Int, _ alias: UInt64, _ count: Int) -> WireFault {
    WireFault(
      .incomplete, part: "metrics[\(position)].alias",
      found: "\(alias)" + (count > 1 ? " and \(count - 1) more" : "")
        + ", which the birth did not name",
      expected: "an alias of the last birth; the edge is asked for its births")
  }

  private static func aliasBeforeBirth(_ position: Int, _ count: Int) -> WireFault {
    WireFault(
      .incomplete, part: "metrics[\(position)].alias",
      found: "\(count) metrics by aliases only, whose birth was not heard",
      expected: "a birth that names them; the edge is asked for it")
  }
}
