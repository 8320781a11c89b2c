import Protocols
import SiteModel

// Births, deaths and data: what a message says once it is its turn.
extension SparkplugHost {
  /// The node's birth: a new session, in which nothing of the one before counts.
  mutating func nodeBorn(_ arrival: Arrival, _ edge: Int, _ emit: Emit) {
    let mark = SparkplugEdge.Mark(time: arrival.message.time, length: arrival.length)
    let sequence = arrival.message.sequence
    let connection = arrival.message.connection
    if edges[edge].isBorn, connection == edges[edge].connection, mark.time != nil,
      mark == edges[edge].lastMark, edges[edge].last == sequence ?? 0
    {
      // The broker delivers twice where subscriptions overlap.
      return
    }
    let node = edges[edge].owners[0].name
    if edges[edge].isBorn { releaseHeld(edge, emit) }
    if sequence != 0 { emit(.fault(node, Self.badFirst(sequence))) }
    if connection == nil { emit(.fault(node, Self.noConnection("NBIRTH"))) }
    if connection != edges[edge].connection {
      edges[edge].earlierConnection = edges[edge].connection
    }
    edges[edge].connection = connection
    forgetBirths(edge)
    edges[edge].owners[0].isBorn = true
    (edges[edge].last, edges[edge].lastMark) = (UInt8(truncatingIfNeeded: sequence ?? 0), mark)
    (edges[edge].unnumbered, edges[edge].isUnsure) = (0, false)
    edges[edge].request.isWanted = false
    let awaits = edges[edge].owners.dropFirst().contains { $0.link.isThere }
    edges[edge].birthsDue =
      awaits ? arrival.receivedAt.advanced(byMilliseconds: Self.answerTime_ms) : nil
    takeBirth(arrival, edge, emit)
  }

  /// The broker's word that the connection of a node is gone. It is published under the number that
  /// the connection began with, and may come late, after the node is back.
  mutating func nodeDied(_ arrival: Arrival, _ edge: Int, _ emit: Emit) {
    let (stated, known) = (arrival.message.connection, edges[edge].connection)
    let node = edges[edge].owners[0]
    guard node.isBorn, let known, stated != known else {
      let isUnsure = edges[edge].isUnsure
      died(edge, at: arrival.receivedAt, emit)
      // The broker kept it for us; the node may have come back while nobody listened.
      if isUnsure { want(edge) }
      return settle(edge, arrival.receivedAt, emit)
    }
    let isLate = stated == edges[edge].earlierConnection || stated == (known &- 1) & 255
    if stated == nil {
      emit(.fault(node.name, Self.noConnection("NDEATH")))
    } else if !isLate {
      emit(
        .fault(
          node.name,
          WireFault(
            .outOfOrder, part: "bdSeq",
            found: "NDEATH of connection \(stated ?? 0), while the last NBIRTH was of \(known)",
            expected: "\(known); the edge counts as gone if it stays silent")))
    }
    suspect(edge, arrival.receivedAt, emit)
  }

  /// Something of the edge could not be read.
  mutating func unreadable(
    _ kind: SparkplugTopic.Kind, _ edge: Int, _ now: Timestamp, _ emit: Emit
  ) {
    if kind == .nodeDeath { return suspect(edge, now, emit) }
    edges[edge].suspicion = nil
    edges[edge].unnumbered = min(edges[edge].unnumbered + 1, 8)
    want(edge)
    settle(edge, now, emit)
  }

  private mutating func suspect(_ edge: Int, _ now: Timestamp, _ emit: Emit) {
    if edges[edge].suspicion == nil, edges[edge].owners[0].link != .offline {
      let due = now.advanced(byMilliseconds: Self.suspicionDelay_ms)
      edges[edge].suspicion = SparkplugEdge.Suspicion(since: now, dueAt: due)
    }
    settle(edge, now, emit)
  }

  /// The node and all its devices are gone.
  mutating func died(_ edge: Int, at time: Timestamp, _ emit: Emit) {
    releaseHeld(edge, emit)
    forgetBirths(edge)
    (edges[edge].request.isWanted, edges[edge].isUnsure) = (false, false)
    (edges[edge].suspicion, edges[edge].birthsDue) = (nil, nil)
    for owner in edges[edge].owners.indices {
      set(owner, of: edge, .offline, at: time, "NDEATH", emit)
    }
  }

  private mutating func forgetBirths(_ edge: Int) {
    for owner in edges[edge].owners.indices {
      birth_bytes -= edges[edge].owners[owner].birth.size_bytes
      edges[edge].owners[owner].birth = SparkplugBirth()
      edges[edge].owners[owner].isBorn = false
    }
  }

  /// What a message of the sequence says, in its turn. A late one is kept and changes nothing that
  /// later ones said.
  mutating func take(_ arrival: Arrival, _ edge: Int, isLate: Bool, _ emit: Emit) {
    let isOutdated =
      isLate
      && (arrival.message.time ?? arrival.receivedAt)
        <= edges[edge].owners[arrival.owner].changedAt
    switch arrival.kind {
    case .deviceBirth where !isOutdated: takeBirth(arrival, edge, emit)
    case .deviceDeath:
      guard !isOutdated else { return }
      takeDeath(arrival, edge, emit)
    default:
      let owner = edges[edge].owners[arrival.owner]
      if edges[edge].isBorn, !owner.isBorn {
        want(edge)
        emit(.fault(owner.name, beforeBirth(arrival, "DBIRTH")))
      }
      values(arrival, edge, isLate: isLate, emit)
      guard !isLate else { return }
      let time = time(arrival)
      set(0, of: edge, .online, at: time, arrival.kind.word, emit)
      set(arrival.owner, of: edge, .online, at: time, arrival.kind.word, emit)
    }
  }

  private mutating func takeBirth(_ arrival: Arrival, _ edge: Int, _ emit: Emit) {
    let name = name(arrival, edge)
    var birth = SparkplugBirth(arrival.message)
    birth_bytes -= edges[edge].owners[arrival.owner].birth.size_bytes
    if birth_bytes + birth.size_bytes > Self.birthLimit_bytes {
      emit(.fault(name, Self.tooManyNames))
      birth = SparkplugBirth()
    }
    if let alias = birth.ambiguousAlias { emit(.fault(name, Self.ambiguous(alias))) }
    birth_bytes += birth.size_bytes
    edges[edge].owners[arrival.owner].birth = birth
    edges[edge].owners[arrival.owner].isBorn = edges[edge].isBorn
    edges[edge].owners[arrival.owner].changedAt = arrival.message.time ?? arrival.receivedAt
    set(0, of: edge, .online, at: time(arrival), arrival.kind.word, emit)
    set(arrival.owner, of: edge, .online, at: time(arrival), arrival.kind.word, emit)
    values(arrival, edge, isLate: false, emit)
  }

  private mutating func takeDeath(_ arrival: Arrival, _ edge: Int, _ emit: Emit) {
    birth_bytes -= edges[edge].owners[arrival.owner].birth.size_bytes
    edges[edge].owners[arrival.owner].birth = SparkplugBirth()
    edges[edge].owners[arrival.owner].isBorn = false
    edges[edge].owners[arrival.owner].changedAt = arrival.message.time ?? arrival.receivedAt
    set(arrival.owner, of: edge, .offline, at: time(arrival), arrival.kind.word, emit)
  }

  /// A copy that the broker had kept: the standard allows none, and it says nothing about now.
  mutating func takeRetained(_ arrival: Arrival, _ edge: Int, _ emit: Emit) {
    emit(
      .fault(
        name(arrival, edge),
        WireFault(
          .outOfOrder, found: "a retained copy of \(arrival.kind.word)",
          expected: "messages that are not retained")))
    guard arrival.kind != .nodeDeath, arrival.kind != .deviceDeath else { return }
    values(arrival, edge, isLate: true, emit)
  }

  /// Tells when a node or device comes or goes.
  func time(_ arrival: Arrival) -> Timestamp {
    // A node's clock may be ahead of ours, by which its death by Will is told.
    let stated = RecordTime(
      stated: arrival.message.time, receivedAt: arrival.receivedAt, isRetained: false
    ).time
    return min(stated, arrival.receivedAt)
  }

  private mutating func set(
    _ owner: Int, of edge: Int, _ link: SparkplugEdge.Link, at time: Timestamp, _ word: String,
    _ emit: Emit
  ) {
    guard edges[edge].owners[owner].link != link else { return }
    edges[edge].owners[owner].link = link
    emit(.link(edges[edge].owners[owner].name, link, at: time, word: word))
  }

  /// Gives up what did not come in its time.
  mutating func expire(_ edge: Int, _ now: Timestamp, _ emit: Emit) {
    if !edges[edge].held.isEmpty,
      now.since(edges[edge].heldSince) >= Self.reorderTimeout_ms
    {
      giveUp(edge, emit)
    }
    if let due = edges[edge].birthsDue, now >= due {
      edges[edge].birthsDue = nil
      let bornAt = due.advanced(byMilliseconds: -Self.answerTime_ms)
      for owner in edges[edge].owners.indices where !edges[edge].owners[owner].isBorn {
        if edges[edge].owners[owner].link.isThere {
          set(owner, of: edge, .offline, at: bornAt, "NBIRTH", emit)
        }
      }
    }
    guard let suspicion = edges[edge].suspicion, let due = suspicion.dueAt, now >= due else {
      return
    }
    if suspicion.isAsked {
      died(edge, at: suspicion.since, emit)
    } else {
      want(edge)
      // The request may have to wait its turn; the time to answer begins when it leaves.
      edges[edge].suspicion?.dueAt = nil
    }
  }

  private static func badFirst(_ sequence: UInt64?) -> WireFault {
    WireFault(
      sequence == nil ? .incomplete : .outOfOrder, part: "seq",
      found: sequence.map { "\($0) in an NBIRTH" } ?? "NBIRTH without a sequence number",
      expected: "0, from which the edge's messages are counted")
  }

  private static func noConnection(_ word: String) -> WireFault {
    WireFault(
      .incomplete, part: "bdSeq", found: "\(word) without the metric bdSeq",
      expected: "the number of the edge's connection, the same in NBIRTH and NDEATH")
  }

  private static let tooManyNames = WireFault(
    .tooManyValues, found: "more names than fit into \(birthLimit_bytes >> 20) MiB with all others",
    expected: "fewer; values that go by aliases are not understood")

  private static func ambiguous(_ alias: UInt64) -> WireFault {
    WireFault(
      .ambiguous, part: "alias", found: "\(alias) for several metrics",
      expected: "one alias for each metric")
  }
}
