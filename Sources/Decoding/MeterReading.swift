import Protocols
import SiteModel

/// How the frames of a profile's meters are read.
enum MeterPlan: Sendable {
  case dlt645(DLT645Reader)
  case dlt698(DLT698Reader)
  case modbus(ModbusMap)

  var wire: MeterProtocol {
    switch self {
    case .dlt645: .dlt645
    case .dlt698: .dlt698
    case .modbus: .modbus
    }
  }
}

/// Reads the messages of meters: frames as bytes or digits, several in one message or one over
/// several messages of the topic.
struct MeterReading {
  private let profiles: [DeviceProfile]
  private let positions: [String: Int]
  private var list = PointList()
  /// The points of a device behind the unit that has a profile of its own.
  private var foreign = PointList()
  private var buffer: [UInt8] = []

  init(_ profiles: [DeviceProfile]) {
    self.profiles = profiles
    positions = Dictionary(
      profiles.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Takes one message of the meter or transmission unit that `taking` is of.
  mutating func read(
    topic: UnsafeRawBufferPointer, payload: UnsafeRawBufferPointer, _ taking: PointTaking,
    _ memory: inout MeterRemainders, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    guard let plan = taking.model.plan.meter else { return }
    list.removeAll()
    var line = memory.take(topic)
    var joined: [UInt8] = []
    swap(&joined, &buffer)
    let isJoined = line.join(payload, plan.wire, into: &joined)
    joined.withUnsafeBytes { joined in
      let bytes = isJoined ? joined : payload
      switch plan {
      case .dlt645(let reader): readFrames(bytes, reader, &line)
      case .dlt698(let reader): readFrames(bytes, reader, &line)
      case .modbus(let map):
        readFrames(bytes, map, taking, &line, &directory, &devices, &batch)
      }
    }
    swap(&joined, &buffer)
    if payload.isEmpty { list.add(WireFault(.noFrame, found: "nothing", expected: "a frame")) }
    if !line.isEmpty, !memory.put(line, topic, taking.receivedAt) { list.add(Self.crowded) }
    taking.take(list, maySayNothing: true, &directory, &devices, &batch)
  }

  private mutating func readFrames(
    _ bytes: UnsafeRawBufferPointer, _ reader: DLT645Reader, _ line: inout MeterLine
  ) {
    var scanner = DLT645Scanner(bytes)
    while let frame = scanner.next(&list) {
      reader.take(frame, followUp: &line.followUp, into: &list)
    }
    if let fault = scanner.emptyFault() { list.add(fault) }
    keep(bytes, from: scanner.tail, scanner.firstFrame, &line)
  }

  private mutating func readFrames(
    _ bytes: UnsafeRawBufferPointer, _ reader: DLT698Reader, _ line: inout MeterLine
  ) {
    var scanner = DLT698Scanner(bytes)
    while let frame = scanner.next(&list) { reader.take(frame, into: &list) }
    if let fault = scanner.emptyFault() { list.add(fault) }
    keep(bytes, from: scanner.tail, scanner.firstFrame, &line)
  }

  private mutating func readFrames(
    _ bytes: UnsafeRawBufferPointer, _ map: ModbusMap, _ taking: PointTaking,
    _ line: inout MeterLine, _ directory: inout DeviceDirectory, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    var scanner = ModbusScanner(bytes)
    while let frame = scanner.next(&list) {
      guard let other = profile(of: frame.slave, taking, &directory, &devices),
        case .modbus(let otherMap)? = profiles[other].plan.meter
      else {
        ModbusReader.take(frame, map: map, request: &line.request, into: &list)
        continue
      }
      foreign.removeAll()
      ModbusReader.take(frame, map: otherMap, request: &line.request, into: &foreign)
      let own = PointTaking(
        model: profiles[other], profile: other, speaker: taking.speaker,
        receivedAt: taking.receivedAt, isRetained: taking.isRetained)
      own.take(foreign, maySayNothing: true, &directory, &devices, &batch)
    }
    if let fault = scanner.emptyFault() { list.add(fault) }
    keep(bytes, from: scanner.tail, scanner.firstFrame, &line)
  }

  /// The profile that the registry gives the device with a number on the bus; nil for the topic's.
  private func profile(
    of slave: UInt8, _ taking: PointTaking, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable
  ) -> Int? {
    var number = String(slave)
    let position = number.withUTF8 { digits in
      try? directory.device(
        at: UnsafeRawBufferPointer(digits), behind: taking.speaker, in: &devices)
    }
    guard let position, position != taking.speaker else { return nil }
    return positions[directory.entries[Int(position)].model]
  }

  private mutating func keep(
    _ bytes: UnsafeRawBufferPointer, from tail: Int?, _ firstFrame: Int?, _ line: inout MeterLine
  ) {
    if let fault = line.keep(bytes, from: tail, firstFrame: firstFrame) { list.add(fault) }
  }

  private static let crowded = WireFault(
    .incomplete, found: "the beginning of a frame",
    expected: "its end (\(MeterRemainders.limit) other topics are unfinished already)")
}
