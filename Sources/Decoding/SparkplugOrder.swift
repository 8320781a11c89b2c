import Protocols
import SiteModel

// Puts the messages of an edge into the order of their numbers: each is one more than the one
// before, modulo 256, over the node and all its devices, beginning with 0 at the node's birth.
extension SparkplugHost {
  /// Most messages without a number that are allowed for in the next one.
  private static let unnumberedLimit: UInt8 = 8

  /// Takes a message that belongs into the sequence, or has it wait.
  mutating func order(
    _ arrival: Arrival, _ payload: UnsafeRawBufferPointer, _ edge: Int, _ emit: Emit
  ) {
    guard edges[edge].isBorn else {
      want(edge)
      emit(.fault(name(arrival, edge), beforeBirth(arrival, "NBIRTH")))
      return take(arrival, edge, isLate: false, emit)
    }
    guard let stated = arrival.message.sequence, let sequence = UInt8(exactly: stated) else {
      emit(.fault(name(arrival, edge), Self.noNumber(arrival)))
      edges[edge].unnumbered = min(edges[edge].unnumbered + 1, Self.unnumberedLimit)
      return take(arrival, edge, isLate: false, emit)
    }
    let mark = SparkplugEdge.Mark(time: arrival.message.time, length: arrival.length)
    let distance = sequence &- edges[edge].last &- 1
    if distance <= edges[edge].unnumbered {
      advance(edge, sequence, mark)
      take(arrival, edge, isLate: false, emit)
      drain(edge, emit)
    } else if distance == 255, mark == edges[edge].lastMark {
      // The broker delivers twice where subscriptions overlap.
    } else if edges[edge].isUnsure {
      want(edge)
      releaseHeld(edge, emit)
      advance(edge, sequence, mark)
      take(arrival, edge, isLate: false, emit)
    } else if distance < 128 {
      hold(arrival, sequence, payload, edge, emit)
    } else {
      takeLate(arrival, sequence, mark, edge, emit)
    }
  }

  private mutating func advance(_ edge: Int, _ sequence: UInt8, _ mark: SparkplugEdge.Mark) {
    (edges[edge].last, edges[edge].lastMark) = (sequence, mark)
    (edges[edge].unnumbered, edges[edge].isUnsure) = (0, false)
  }

  private mutating func hold(
    _ arrival: Arrival, _ sequence: UInt8, _ payload: UnsafeRawBufferPointer, _ edge: Int,
    _ emit: Emit
  ) {
    if edges[edge].held.contains(where: {
      $0.sequence == sequence && $0.payload.elementsEqual(payload)
    }) {
      return
    }
    let isRoom =
      edges[edge].held.count < Self.heldLimit && held_bytes + payload.count <= Self.heldLimit_bytes
    if edges[edge].held.isEmpty { edges[edge].heldSince = arrival.receivedAt }
    edges[edge].held.append(
      SparkplugEdge.Held(
        kind: arrival.kind, owner: arrival.owner, sequence: sequence,
        receivedAt: arrival.receivedAt, payload: Array(payload)))
    held_bytes += payload.count
    if !isRoom { giveUp(edge, emit) }
  }

  /// Takes what waited, as far as it follows what was taken, or was passed by it.
  private mutating func drain(_ edge: Int, _ emit: Emit) {
    let count = edges[edge].held.count
    while let index = edges[edge].held.firstIndex(where: {
      let distance = $0.sequence &- edges[edge].last &- 1
      return distance == 0 || distance >= 128
    }) {
      take(held: edges[edge].held.remove(at: index), edge, emit)
    }
    // What still waits does so for another message than before.
    if edges[edge].held.count < count, let first = edges[edge].held.map(\.receivedAt).min() {
      edges[edge].heldSince = first
    }
  }

  /// What is missing does not come: takes what waited without it, and asks for the births.
  mutating func giveUp(_ edge: Int, _ emit: Emit) {
    let (last, held) = (edges[edge].last, edges[edge].held)
    guard let next = held.map({ $0.sequence &- last }).min() else { return }
    want(edge)
    emit(
      .fault(
        edges[edge].owners[0].name,
        WireFault(
          .incomplete, part: "seq",
          found: "\(last &+ next) behind \(last): \(next &- 1) messages of the edge are missing",
          expected: "\(last &+ 1)")))
    releaseHeld(edge, emit)
  }

  /// Takes everything that waits, in the order of the numbers.
  mutating func releaseHeld(_ edge: Int, _ emit: Emit) {
    let last = edges[edge].last
    let held = edges[edge].held.sorted { $0.sequence &- last < $1.sequence &- last }
    edges[edge].held.removeAll()
    for message in held { take(held: message, edge, emit) }
  }

  private mutating func take(held: SparkplugEdge.Held, _ edge: Int, _ emit: Emit) {
    held_bytes -= held.payload.count
    guard let message = held.payload.withUnsafeBytes({ SparkplugMessage($0) }) else { return }
    let arrival = Arrival(
      kind: held.kind, owner: held.owner, message: message, length: held.payload.count,
      receivedAt: held.receivedAt, hasWaited: true)
    let isPassed = held.sequence &- edges[edge].last &- 1 >= 128
    if !isPassed {
      advance(edge, held.sequence, SparkplugEdge.Mark(time: message.time, length: arrival.length))
    }
    take(arrival, edge, isLate: isPassed, emit)
  }

  /// A number that was passed: a message that comes after its wait was given up, or an edge that
  /// began anew without a birth.
  private mutating func takeLate(
    _ arrival: Arrival, _ sequence: UInt8, _ mark: SparkplugEdge.Mark, _ edge: Int, _ emit: Emit
  ) {
    let isNew = Self.isNewer(mark.time, than: edges[edge].lastMark.time)
    let what = isNew ? "numbered anew without a birth" : "too late"
    emit(
      .fault(
        name(arrival, edge),
        WireFault(
          .outOfOrder, part: "seq", found: "\(sequence) behind \(edges[edge].last), \(what)",
          expected: "\(edges[edge].last &+ 1)")))
    guard isNew else { return take(arrival, edge, isLate: true, emit) }
    want(edge)
    releaseHeld(edge, emit)
    advance(edge, sequence, mark)
    take(arrival, edge, isLate: false, emit)
  }

  private static func isNewer(_ time: Timestamp?, than other: Timestamp?) -> Bool {
    guard let time, let other else { return true }
    return time > other
  }

  private static func noNumber(_ arrival: Arrival) -> WireFault {
    WireFault(
      .incomplete, part: "seq",
      found: arrival.message.sequence.map { "\($0)" }
        ?? "\(arrival.kind.word) without a sequence number",
      expected: "a number of 0 to 255, one more than in the edge's message before")
  }

  /// A message came before the birth that it needs.
  func beforeBirth(_ arrival: Arrival, _ birth: String) -> WireFault {
    WireFault(
      .outOfOrder, found: "\(arrival.kind.word) before \(birth)",
      expected: "\(birth) first; the edge is asked for it, and values with a name are kept")
  }

  func name(_ arrival: Arrival, _ edge: Int) -> String { edges[edge].owners[arrival.owner].name }
}
