import Protocols
import SiteModel

// Whether who sent a message may speak for the devices in it.
extension MessageWalk {
  /// What is wrong when a field of this level names another device than the topic; nil when all
  /// is well.
  func wrongSpeaker(at level: Int, _ directory: borrowing DeviceDirectory) -> Rejection? {
    if shapes[shape].also.isEmpty { return nil }
    for node in shapes[shape].also where shapes[shape].tree.nodes[Int(node)].level == level {
      let place = mark(node)
      if place < 0 { return ambiguity(at: node) }
      guard place > 0, nodes[Int(place)].type != .null else { continue }
      let name = speakerName(directory)
      if nodes[Int(place)].word?.elementsEqual(name.utf8) == true { continue }
      return Rejection(
        reason: .wrongSpeaker, device: speaker, part: part(node),
        found: nodes[Int(place)].found, expected: "'\(name)', as in the topic")
    }
    return nil
  }

  /// The topic's device, or its gateway where the payload names the devices.
  private func speakerName(_ directory: borrowing DeviceDirectory) -> String {
    if topicDevice >= 0 { return directory.entries[Int(topicDevice)].name }
    return capture(model.plan.gateway).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// What is wrong when the topic's gateway may not speak for a device: the registry names another
  /// one, or none, so that the device speaks for itself.
  func wrongGateway(_ entry: DeviceDirectory.Entry) -> Rejection? {
    guard let registered = entry.registeredGateway else { return nil }
    let gateway = capture(model.plan.gateway)
    if !registered.isEmpty {
      if let gateway, gateway.elementsEqual(registered.utf8) { return nil }
      return wrongGateway(entry, gateway, "gateway '\(registered)', as the registry says")
    }
    guard let gateway, !gateway.elementsEqual(entry.name.utf8) else { return nil }
    return wrongGateway(
      entry, gateway, "the device itself: the registry names no gateway for it")
  }

  private func wrongGateway(
    _ entry: DeviceDirectory.Entry, _ gateway: UnsafeRawBufferPointer?, _ expected: String
  ) -> Rejection {
    let name = gateway.map { "gateway '\(String(decoding: $0, as: UTF8.self))'" }
    let node = shapes[shape].device
    return Rejection(
      reason: .wrongSpeaker, device: speaker, part: node < 0 ? "" : part(node),
      found: "'\(entry.name)' from " + (name ?? "a topic without a gateway"), expected: expected)
  }

  /// The level of the topic that is remembered under a name; nil when there is none.
  func capture(_ name: String) -> UnsafeRawBufferPointer? {
    if name.isEmpty { return nil }
    for pattern in model.topics {
      guard let range = pattern.match(topic, capture: name) else { continue }
      return range.isEmpty ? nil : UnsafeRawBufferPointer(rebasing: topic[range])
    }
    return nil
  }

  /// Position of the device that a named value belongs to: the sub-device where the registry has
  /// it, or where the rule says that there may be several of a kind; else the record's device.
  mutating func subDevice(
    _ rule: Int, _ position: Int32, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable, _ batch: inout DecodedBatch
  ) throws(Rejection) -> Int32 {
    let instance = model.plan.rules[rule].instance
    var isNamed = false
    for template in shapes[shape].subDevice where !isNamed { isNamed = try spell(template) }
    guard isNamed else { return position }
    if instance > 1 { scratch += Array("/\(instance)".utf8) }
    let isOwn = instance > 0 || scratch.withUnsafeBytes { directory.isRegistered($0) }
    if !isOwn { return position }
    let owner = scratch.withUnsafeBytes { directory.position(of: $0, in: &devices) }
    guard owner >= 0 else {
      throw badName(
        0, "'\(String(decoding: scratch.prefix(DeviceTable.nameLimit), as: UTF8.self))'")
    }
    batch.noteSpeaker(
      Sighting(
        device: directory.entries[Int(owner)].device, profile: profile, receivedAt: receivedAt))
    return owner
  }

  /// Puts a name together in `scratch`; false when a field of it is missing.
  private mutating func spell(_ template: NameTemplate) throws(Rejection) -> Bool {
    scratch.removeAll(keepingCapacity: true)
    for piece in template.pieces {
      switch piece {
      case .text(let bytes): scratch += bytes
      case .capture(let name): scratch += capture(name).map(Array.init) ?? []
      case .field(let node):
        guard let place = try value(at: node), let word = nodes[place].word else { return false }
        scratch += word
      }
    }
    return true
  }
}
