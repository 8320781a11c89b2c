import Protocols
import SiteModel

/// The host's side of Sparkplug B 3.0: follows the session of every edge node, so that aliases mean
/// what the last birth said, births and deaths count when they should, and an edge whose messages
/// are missing is asked to send its births again.
///
/// Rules of chapters 4 to 6 of the standard. Where an edge breaks them, that is a fault which names
/// what it did; what can still be understood is taken all the same.
struct SparkplugHost {
  typealias Emit = (SparkplugStep) -> Void

  /// Most edge nodes, and most nodes and devices together.
  static let edgeLimit = 100_000
  static let ownerLimit = 500_000
  /// Most memory for what births named, in bytes.
  static let birthLimit_bytes = 192 << 20
  /// Most messages of an edge that wait for one before them, and their bytes in all.
  static let heldLimit = 32
  static let heldLimit_bytes = 16 << 20
  /// How long a message waits for one before it, in milliseconds.
  static let reorderTimeout_ms: Int64 = 5_000
  /// How long after a death that does not fit a living edge has time to be heard, in milliseconds.
  static let suspicionDelay_ms: Int64 = 10_000
  /// How long an edge has time to answer a request for its births, and to send the births of all
  /// its devices, in milliseconds.
  static let answerTime_ms: Int64 = 60_000
  /// Most requests for births in a second, over all edges.
  static let requestLimit = 20

  private var places: [String: Int] = [:]
  var edges: [SparkplugEdge] = []
  /// Position of each device among its edge's owners, by its full name.
  private var ownerPlaces: [String: Int] = [:]
  private var ownerCount = 0
  var birth_bytes = 0
  var held_bytes = 0
  /// Edges for which time matters, each once, in the order in which it began to.
  private(set) var waiting: [Int] = []
  private var isWaiting: Set<Int> = []
  /// Nothing is due before this.
  private(set) var earliest = Timestamp(milliseconds: .max)
  /// The second in which requests are counted, and how many there were.
  var requestSecond = Timestamp(milliseconds: .min)
  var requestCount = 0
  /// Topics that were seen, and who they are about.
  private var knownTopics = ByteTable()
  private var routes: [Route] = []
  /// Scratch memory.
  var points = PointList()

  /// A message as it came.
  struct Arrival {
    var kind: SparkplugTopic.Kind
    var owner: Int
    var message: SparkplugMessage
    var length: Int
    var receivedAt: Timestamp
    /// True when it had to wait, so that the message at hand is another one.
    var hasWaited = false
  }

  /// Takes a message. Commands and states of hosts, which come back to whoever subscribes to all,
  /// are nobody's data.
  mutating func receive(
    _ topic: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, isRetained: Bool,
    at now: Timestamp, _ emit: Emit
  ) {
    let route: Route
    do throws(WireFault) {
      guard let found = try self.route(topic) else { return }
      route = found
    } catch { return emit(.fault(nil, error)) }
    let (edge, owner) = (route.edge, route.owner)
    guard let message = SparkplugMessage(payload) else {
      emit(.fault(edges[edge].owners[owner].name, SparkplugMessage.fault(of: payload)))
      if route.kind != .nodeDeath { heard(route, at: now, emit) }
      return unreadable(route.kind, edge, now, emit)
    }
    let arrival = Arrival(
      kind: route.kind, owner: owner, message: message, length: payload.count, receivedAt: now)
    if isRetained { return takeRetained(arrival, edge, emit) }
    if route.kind == .nodeDeath { return nodeDied(arrival, edge, emit) }
    edges[edge].suspicion = nil
    heard(route, at: now, emit)
    if route.kind == .nodeBirth {
      nodeBorn(arrival, edge, emit)
    } else {
      order(arrival, payload, edge, emit)
    }
    settle(edge, now, emit)
  }

  /// A device speaks through its node, so both are there; but of its death the node speaks alone.
  private func heard(_ route: Route, at now: Timestamp, _ emit: Emit) {
    emit(.heard(edges[route.edge].owners[0].name, at: now))
    if route.owner > 0, route.kind != .deviceDeath {
      emit(.heard(edges[route.edge].owners[route.owner].name, at: now))
    }
  }

  /// Lets time pass: gives up waiting for what does not come.
  mutating func tick(_ now: Timestamp, _ emit: Emit) {
    guard isDue(now) else { return }
    for edge in waiting { expire(edge, now, emit) }
    for edge in waiting { request(edge, now, emit) }
    waiting = waiting.filter { deadline($0) != nil }
    isWaiting = Set(waiting)
    earliest = waiting.compactMap(deadline).min() ?? Timestamp(milliseconds: .max)
  }

  /// True when `tick` would change something.
  func isDue(_ now: Timestamp) -> Bool { now >= earliest }

  /// The collector's clock was set: waits move with it.
  mutating func clockStepped(by milliseconds: Int64) {
    for edge in edges.indices {
      edges[edge].heldSince = edges[edge].heldSince.advanced(byMilliseconds: milliseconds)
      edges[edge].request.shift(by: milliseconds)
      edges[edge].birthsDue = edges[edge].birthsDue?.advanced(byMilliseconds: milliseconds)
      // When a suspected death came is what its event will say, so it stays.
      edges[edge].suspicion?.dueAt?.milliseconds &+= milliseconds
    }
    requestSecond = Timestamp(milliseconds: .min)
    earliest = Timestamp(milliseconds: .min)
  }

  /// Asks what is to be asked now, and notes when time will matter for the edge.
  mutating func settle(_ edge: Int, _ now: Timestamp, _ emit: Emit) {
    request(edge, now, emit)
    guard let deadline = deadline(edge) else { return }
    if isWaiting.insert(edge).inserted { waiting.append(edge) }
    earliest = min(earliest, deadline)
  }

  /// The next instant at which time matters for an edge; nil when it does not.
  private func deadline(_ edge: Int) -> Timestamp? {
    var soonest: Timestamp?
    func note(_ time: Timestamp) { soonest = min(soonest ?? time, time) }
    if !edges[edge].held.isEmpty {
      note(edges[edge].heldSince.advanced(byMilliseconds: Self.reorderTimeout_ms))
    }
    if let due = edges[edge].suspicion?.dueAt { note(due) }
    if let due = edges[edge].birthsDue { note(due) }
    if edges[edge].request.isWanted {
      let isFull = requestCount >= Self.requestLimit
      let due = edges[edge].request.dueAt
      note(isFull ? max(due, nextSecond) : due)
    }
    return soonest
  }
}

extension SparkplugHost {
  /// Who a topic is about.
  struct Route {
    let kind: SparkplugTopic.Kind
    let edge: Int
    let owner: Int
  }

  /// Most topics that are remembered; at this number all are forgotten and learnt again.
  private static let topicLimit = 200_000

  /// Finds out who a topic is about; nil for commands and states.
  private mutating func route(
    _ topic: UnsafeRawBufferPointer
  ) throws(WireFault) -> Route? {
    let known = knownTopics.find(topic)
    if known >= 0 { return routes[Int(known)] }
    guard let parts = SparkplugTopic(topic) else {
      throw WireFault(
        .unknownTopic, found: "topic '\(String(decoding: topic.prefix(120), as: UTF8.self))'",
        expected: "spBv1.0/group/NBIRTH/node, DBIRTH/node/device and the like")
    }
    guard parts.kind != .other else { return nil }
    guard let edge = place(of: parts), let owner = owner(of: parts, in: edge) else {
      throw WireFault(
        .noDevice, found: "one more node or device",
        expected: "at most \(Self.edgeLimit) nodes, and \(Self.ownerLimit) with their devices")
    }
    if routes.count == Self.topicLimit {
      knownTopics.removeAll()
      routes.removeAll()
    }
    knownTopics.insert(topic, value: Int32(routes.count))
    routes.append(Route(kind: parts.kind, edge: edge, owner: owner))
    return routes.last
  }

  private mutating func place(of topic: SparkplugTopic) -> Int? {
    if let known = places[topic.nodeName] { return known }
    guard edges.count < Self.edgeLimit, ownerCount < Self.ownerLimit else { return nil }
    return add(
      SparkplugEdge(
        commandTopic: "spBv1.0/\(topic.group)/NCMD/\(topic.edge)",
        owners: [SparkplugEdge.Owner(name: topic.nodeName)]))
  }

  private mutating func owner(of topic: SparkplugTopic, in edge: Int) -> Int? {
    if topic.device.isEmpty { return 0 }
    let name = topic.ownerName
    if let known = ownerPlaces[name] { return known }
    guard ownerCount < Self.ownerLimit else { return nil }
    edges[edge].owners.append(SparkplugEdge.Owner(name: name))
    ownerPlaces[name] = edges[edge].owners.count - 1
    ownerCount += 1
    return edges[edge].owners.count - 1
  }

  /// Adds an edge with its devices, new or restored.
  mutating func add(_ edge: SparkplugEdge) -> Int {
    let place = edges.count
    edges.append(edge)
    places[edge.owners[0].name] = place
    for owner in edge.owners.indices.dropFirst() { ownerPlaces[edge.owners[owner].name] = owner }
    ownerCount += edge.owners.count
    birth_bytes += edge.owners.reduce(0) { $0 + $1.birth.size_bytes }
    held_bytes += edge.held.reduce(0) { $0 + $1.payload.count }
    return place
  }

  /// Takes up what was waited for; false when that is not what the edges wait for.
  mutating func resume(_ waiting: [Int], earliest: Timestamp) -> Bool {
    (self.waiting, isWaiting, self.earliest) = (waiting, Set(waiting), earliest)
    let isWhole = edges.indices.allSatisfy { isWaiting.contains($0) || deadline($0) == nil }
    return isWhole && isWaiting.count == waiting.count
  }
}
