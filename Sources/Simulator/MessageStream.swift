import SiteModel

/// A message of the simulated fleet on its way to the broker.
public struct SimulatedMessage: Sendable, Equatable {
  /// Simulated instant at which it is published.
  public let publishAt: Timestamp
  /// MQTT topic.
  public let topic: String
  /// JSON text.
  public let payload: [UInt8]
  /// Number of the distinct message; a repetition carries the same.
  public let id: UInt64
}

/// The messages of a fleet in the order of publication, made one by one; memory grows with the
/// number of sites, faults and late messages, not with the number of messages.
public struct MessageStream: Sequence, IteratorProtocol, Sendable {
  private struct Held: Sendable {
    let message: SimulatedMessage
    let device: Int
    let isLate: Bool
    let isRepeated: Bool
  }

  private let plan: Plan
  private var counters: [Counters]
  private var due = TimeQueue<Int>()
  private var held = TimeQueue<Held>()
  private var ledger: TruthLedger
  private var random: RandomSource
  private var writer = PayloadWriter()
  private var messages: UInt64 = 0
  private var now: Int64
  private var end: Int64

  init(_ plan: Plan) {
    self.plan = plan
    counters = Array(repeating: Counters(), count: plan.sources.count)
    ledger = TruthLedger(plan)
    random = RandomSource(seed: Noise.bits(plan.options.seed, 3))
    now = plan.options.start.milliseconds
    end = plan.end
    for (index, source) in plan.sources.enumerated() {
      if let first = source.first, first < plan.end { due.add(index, at: first) }
    }
  }

  /// The next message; nil when the fleet's time is over.
  public mutating func next() -> SimulatedMessage? {
    while true {
      if let heldAt = held.earliest, heldAt < due.earliest ?? .max {
        guard let (time, next) = held.removeFirst() else { return nil }
        now = time
        return publish(next)
      }
      guard let (time, index) = due.removeFirst() else { return nil }
      now = time
      if let next = measure(index, at: time) { return publish(next) }
    }
  }

  /// Ends the fleet's time: only messages that are late already will still come.
  public mutating func stop() {
    due.removeAll()
    end = Swift.min(end, now)
  }

  /// What really happened up to the latest message, or to the end of the fleet's time: what is said
  /// of a later instant must not be compared with it.
  public var truth: [TruthRecord] { ledger.records(at: Swift.min(now, end)) }

  /// How much was published so far, late messages that are still to come included.
  public var totals: TruthTotals { ledger.currentTotals }

  /// The truth as JSON, one object a line, the totals last.
  public var truthLines: String {
    (truth.map(\.line) + [totals.line]).joined(separator: "\n") + "\n"
  }

  /// Lets a source measure; nil when it has nothing to publish now.
  private mutating func measure(_ index: Int, at time: Int64) -> Held? {
    let source = plan.sources[index]
    let moment = Moment(plan, source, &counters[index], at: time)
    schedule(index, after: moment)
    if moment.device.silences.span(at: time) != nil { return nil }
    let isTurn = ledger.made(index, moment)
    // Two late messages in a row could look like a silence.
    let mayBeLate = !isTurn && !counters[index].wasLate
    let isLate = random.happens(permille: plan.options.latePermille) && mayBeLate
    counters[index].wasLate = isLate
    let isRepeated = random.happens(permille: plan.options.duplicatePermille)
    writer.clear()
    writer.payload(moment)
    messages += 1
    let delay = isLate ? random.within(1...plan.options.longestDelayMilliseconds) : 0
    let first = hold(source, at: time + delay, isLate: isLate, isRepeated: false)
    if isRepeated {
      let again = time + delay + random.within(0...5_000)
      held.add(hold(source, at: again, isLate: isLate, isRepeated: true), at: again)
    }
    guard isLate else { return first }
    held.add(first, at: time + delay)
    return nil
  }

  private func hold(
    _ source: Plan.Source, at time: Int64, isLate: Bool, isRepeated: Bool
  ) -> Held {
    let message = SimulatedMessage(
      publishAt: Timestamp(milliseconds: time), topic: source.topic, payload: writer.bytes,
      id: messages)
    return Held(message: message, device: source.device, isLate: isLate, isRepeated: isRepeated)
  }

  private mutating func schedule(_ index: Int, after moment: Moment) {
    let time = moment.time.milliseconds
    var next = time + plan.options.intervalMilliseconds
    if moment.source.shape == .fsuAlarm {
      // Alarms come with the begin and the end of each outage.
      let outages = moment.site.outages
      let edge = Int(moment.serial)
      guard edge < outages.count * 2 else { return }
      next = edge % 2 == 0 ? outages[edge / 2].lowerBound : outages[edge / 2].upperBound
    }
    if next < plan.end { due.add(index, at: next) }
  }

  private mutating func publish(_ next: Held) -> SimulatedMessage {
    ledger.published(isLate: next.isLate, isRepeated: next.isRepeated)
    if now <= end { ledger.heard(next.device, at: now) }
    return next.message
  }
}
