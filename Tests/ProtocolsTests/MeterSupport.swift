import Protocols
import SiteModel
import TestSupport
import Testing

/// Reads one line of a meter, message after message, and writes down what comes out.
struct MeterBench {
  var line = MeterLine()
  var list = PointList()
  var reader645 = DLT645Reader(zoneSeconds: 8 * 3600)
  let reader698 = DLT698Reader(zoneSeconds: 8 * 3600)
  var map = ModbusMap(blocks: [], rows: [])
  let wire: MeterProtocol
  private var buffer: [UInt8] = []

  init(_ wire: MeterProtocol) { self.wire = wire }

  /// A bench whose DL/T 645 table has the identifiers of a small profile.
  static func dlt645() -> MeterBench {
    var bench = MeterBench(.dlt645)
    let rows: [(String, String, Bool)] = [
      ("00000000", "XXXXXX.XX", true), ("00010000", "XXXXXX.XX", false),
      ("00010200", "XXXXXX.XX", false), ("02010100", "XXX.X", false),
      ("02010200", "XXX.X", false), ("02010300", "XXX.X", false),
      ("02020100", "XXX.XXX", true), ("02030000", "XX.XXXX", true), ("02060000", "X.XXX", true),
      ("02800002", "XX.XX", false), ("00900200", "XXXXXX.XX", false),
      ("03300D00", "XXXXXX", false), ("03110000", "XXXXXX", false), ("04000503", "HHHH", false),
    ]
    var formats: [String: DLT645Format] = [:]
    for (name, text, isSigned) in rows {
      let format = DLT645Format(text, isSigned: isSigned)
      formats[name] = format
      if let code = UInt32(name, radix: 16), let format {
        let isNew = bench.reader645.table.insert(code, [(name, format)])
        #expect(isNew)
      }
    }
    let block = ["02010100", "02010200", "02010300"].compactMap { name in
      formats[name].map { (name: name, format: $0) }
    }
    let isNew = bench.reader645.table.insert(0x0201_FF00, block, isBlock: true)
    #expect(isNew)
    let isNewPeriod = bench.reader645.table.insert(0x0311_0001, [("03110001", .period(bytes: 12))])
    #expect(isNewPeriod)
    if let format = DLT645Format("XXXXXX.XX", isSigned: false) {
      let isNew = bench.reader645.oldTable.insert(0x9010, [("9010", format)])
      #expect(isNew)
    }
    return bench
  }

  /// Reads one more message; the points go to ``list``.
  mutating func read(_ payload: [UInt8]) {
    payload.withUnsafeBytes { bytes in
      if line.join(bytes, wire, into: &buffer) {
        let own = buffer
        own.withUnsafeBytes { scan($0) }
      } else {
        scan(bytes)
      }
    }
  }

  private mutating func scan(_ bytes: UnsafeRawBufferPointer) {
    switch wire {
    case .dlt645:
      var scanner = DLT645Scanner(bytes)
      while let frame = scanner.next(&list) {
        reader645.take(frame, followUp: &line.followUp, into: &list)
      }
      finish(bytes, scanner.tail, scanner.firstFrame, scanner.emptyFault())
    case .dlt698:
      var scanner = DLT698Scanner(bytes)
      while let frame = scanner.next(&list) { reader698.take(frame, into: &list) }
      finish(bytes, scanner.tail, scanner.firstFrame, scanner.emptyFault())
    case .modbus:
      var scanner = ModbusScanner(bytes)
      while let frame = scanner.next(&list) {
        ModbusReader.take(frame, map: map, request: &line.request, into: &list)
      }
      finish(bytes, scanner.tail, scanner.firstFrame, scanner.emptyFault())
    }
  }

  private mutating func finish(
    _ bytes: UnsafeRawBufferPointer, _ tail: Int?, _ first: Int?, _ empty: WireFault?
  ) {
    if let empty { list.add(empty) }
    if let fault = line.keep(bytes, from: tail, firstFrame: first) { list.add(fault) }
  }

  /// Name and value of each point since the beginning: `02010100=221.3`.
  var points: [String] {
    list.points.map { point in
      String(decoding: list.bytes[point.name], as: UTF8.self) + "=" + text(point.value)
        + (point.time.map { "@\($0)" } ?? "")
    }
  }

  /// The address of each point.
  var sources: [String] {
    list.points.map { String(decoding: list.bytes[$0.source], as: UTF8.self) }
  }

  /// The sentences about what was not understood.
  var faults: [String] {
    list.faults.map { fault in
      (fault.part.isEmpty ? "" : fault.part + ": ")
        + "found \(fault.found), expected \(fault.expected)"
    }
  }

  /// The words for them.
  var reasons: [String] { list.faults.map(\.reason.rawValue) }

  private func text(_ value: PointValue) -> String {
    switch value {
    case .number(let number): number.description
    case .truth(let truth): truth ? "yes" : "no"
    case .text(let range): "'" + String(decoding: list.bytes[range], as: UTF8.self) + "'"
    case .missing: "missing"
    }
  }
}
