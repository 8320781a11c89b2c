import SiteModel

/// Finds the profile of a topic, and the device when the topic names it. Topics seen before are
/// remembered, up to a limit at which all are forgotten and learnt again.
struct TopicRoutes {
  struct Route {
    let profile: Int32
    /// Position in the ``DeviceDirectory``; -1 when the payload names the device.
    let device: Int32
  }

  enum Answer {
    case route(Route)
    case unknownTopic
    case badDeviceName(profile: Int32)
  }

  /// Most topics that are remembered.
  static let limit = 200_000
  /// Longest topic that is remembered, in bytes.
  static let lengthLimit = 256

  private let patterns: [(pattern: TopicPattern, profile: Int32)]
  private let captures: [String]
  private let positions: [String: Int32]
  private let protocols: [WireProtocol]
  private var known = ByteTable()
  private var routes: [Route] = []
  /// The directory's generation that the routes belong to.
  private var generation = 0

  init(_ profiles: [DeviceProfile]) {
    captures = profiles.map(\.deviceCapture)
    protocols = profiles.map { $0.wire[0] }
    positions = Dictionary(
      profiles.enumerated().map { ($1.name, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    patterns = profiles.enumerated().flatMap { position, profile in
      profile.topics.map { ($0, Int32(position)) }
    }.sorted { $0.pattern.precedes($1.pattern) }
  }

  /// The subscription filters of all patterns, sorted, each once.
  var filters: [String] { Set(patterns.map(\.pattern.filter)).sorted() }

  mutating func find(
    _ topic: UnsafeRawBufferPointer, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable
  ) -> Answer {
    if generation != directory.generation {
      forget()
      generation = directory.generation
    }
    let position = known.find(topic)
    if position >= 0 {
      let route = routes[Int(position)]
      if route.device < 0 || directory.isCurrent(route.device, in: devices) {
        return .route(route)
      }
      directory.forget()
    }
    return learn(topic, &directory, &devices)
  }

  private mutating func learn(
    _ topic: UnsafeRawBufferPointer, _ directory: inout DeviceDirectory,
    _ devices: inout DeviceTable
  ) -> Answer {
    for (pattern, profile) in patterns {
      let capture = captures[Int(profile)]
      guard let name = pattern.match(topic, capture: capture) else { continue }
      var device: Int32 = -1
      if !capture.isEmpty {
        let bytes = UnsafeRawBufferPointer(rebasing: topic[name])
        device = directory.position(of: bytes, in: &devices)
        if device < 0 { return .badDeviceName(profile: profile) }
      }
      let route = Route(profile: reader(profile, device, directory), device: device)
      remember(topic, route, directory.generation)
      return .route(route)
    }
    return .unknownTopic
  }

  /// The profile that the registry gives the device, when it reads the same protocol; else the
  /// topic's.
  private func reader(
    _ profile: Int32, _ device: Int32, _ directory: borrowing DeviceDirectory
  ) -> Int32 {
    guard device >= 0, let own = positions[directory.entries[Int(device)].model],
      protocols[Int(own)] == protocols[Int(profile)]
    else { return profile }
    return own
  }

  private mutating func remember(
    _ topic: UnsafeRawBufferPointer, _ route: Route, _ current: Int
  ) {
    guard topic.count <= Self.lengthLimit else { return }
    if routes.count == Self.limit || generation != current { forget() }
    generation = current
    known.insert(topic, value: Int32(routes.count))
    routes.append(route)
  }

  mutating func forget() {
    known.removeAll()
    routes.removeAll(keepingCapacity: true)
  }
}
