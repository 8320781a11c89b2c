import Protocols
import SiteModel

// Puts readings together that come in several messages.
extension Decoder {
  /// Keeps a part, whose nodes the walk holds, until the reading is complete.
  func takePart(
    _ message: Message, _ assembly: Assembly, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) {
    let part = Composites.Part(
      topic: Array(message.topic), payload: Array(message.payload),
      receivedAt: message.receivedAt)
    let finished = memory.composites.add(
      part, key: walk.key(of: assembly), isLast: walk.holds(assembly.end),
      wait_ms: assembly.wait_ms)
    for reading in finished { take(reading, &devices, &batch) }
  }

  /// Takes what waits too long as far as it has come. Nobody spoke just now.
  func takeDueParts(
    _ now: Timestamp, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    let speakers = batch.sightings.count
    for reading in memory.composites.takeDue(now) {
      batch.waitingTopic = reading.parts.last.map { String(decoding: $0.topic, as: UTF8.self) }
      take(reading, &devices, &batch)
    }
    batch.waitingTopic = nil
    batch.sightings.removeSubrange(speakers...)
  }

  /// All parts are of one time: the first that any of them states, else the receipt of the last.
  private func take(
    _ reading: Composites.Finished, _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) {
    guard let last = reading.parts.last else { return }
    var time: RecordTime?
    var unused = DecodedBatch()
    for part in reading.parts where time == nil {
      _ = read(part, at: nil, &devices, &unused)
      time = walk.statedTime
    }
    let common = time ?? RecordTime(time: last.receivedAt, quality: .good)
    let faults = reading.parts.map { read($0, at: common, &devices, &batch) }
    // A part may hold nothing but the mark that it is the last.
    if let fault = faults.last, let fault, faults.allSatisfy({ $0 != nil }) { batch.reject(fault) }
    if let fault = reading.fault { batch.reject(incomplete(reading, fault)) }
  }

  /// Takes one part; says why when nothing in it is mapped.
  private func read(
    _ part: Composites.Part, at time: RecordTime?, _ devices: inout DeviceTable,
    _ batch: inout DecodedBatch
  ) -> Rejection? {
    let padded = part.payload + [UInt8](repeating: 0, count: Self.padding)
    return part.topic.withUnsafeBytes { topic in
      padded.withUnsafeBytes { bytes in
        guard case .route(let route) = routes.find(topic, &directory, &devices) else { return nil }
        let message = Message(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[..<part.payload.count]),
          route: route, receivedAt: part.receivedAt, isRetained: false)
        // Other profiles may be in force since it came.
        guard profiles[Int(route.profile)].wire[0].isDocument,
          (try? begin(message)) != nil
        else { return nil }
        walk.commonTime = time
        return walk.read(&directory, &devices, &batch)
      }
    }
  }

  private func incomplete(_ reading: Composites.Finished, _ fault: String) -> Rejection {
    let topic = reading.parts.first.map { String(decoding: $0.topic, as: UTF8.self) } ?? ""
    return Rejection(
      reason: .incomplete, found: "\(reading.parts.count) parts on '\(topic)', and \(fault)",
      expected: "the part that ends the reading; what came was taken")
  }
}

extension MessageWalk {
  func holds(_ conditions: [DocumentCondition]) -> Bool {
    conditions.allSatisfy { $0.holds(nodes, model.plan) }
  }

  /// What the parts of one reading have in common; parts that lack the field belong together.
  func key(of assembly: Assembly) -> [UInt8] {
    let name = Array(model.name.utf8) + [0]
    switch assembly.key {
    case .topic: return name + topic
    case .capture(let capture): return name + (self.capture(capture).map(Array.init) ?? [])
    case .field(let field):
      let word = field.find(nodes).flatMap { nodes[$0].word }
      return name + topic + [0] + (word.map(Array.init) ?? [])
    }
  }
}
