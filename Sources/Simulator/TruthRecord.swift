import SiteModel

/// One thing that really happened in a simulated fleet, as an alert about it must say it.
public struct TruthRecord: Sendable, Equatable {
  /// The alert kind: `outage.mains`, `device.silent`, `price.cap_exceeded`, `price.tariff_missing`.
  public var kind: String
  /// True when an alert must tell of it; false for an outage that ended before the delay.
  public var isExpected: Bool
  /// Site code; empty where the alert has none (`price.tariff_missing`).
  public var site: String
  /// What the alert is about within the site: a device, a contract, `<province> <month>`; empty for
  /// a mains outage.
  public var subject: String
  /// The alert's `opened_at`: for an outage the time of the first sample or alarm that shows it;
  /// for a silence the publication of the last message before it; for a price the time of the
  /// first sample that states it, the contract's begin, or the begin of the month into which it
  /// goes on.
  public var begin: Timestamp
  /// The alert's `cleared_at`: for an outage the time of the sample with which the last source says
  /// that mains is back; for a silence the publication of the next message; for a price the time of
  /// the first lower price or the end of the month. Nil while it goes on.
  public var end: Timestamp?
  /// What a price record is about; nil for other kinds.
  public var price: TruthPrice?

  /// One line of JSON: `kind`, `expected`, `site`, `subject`, `begin`, `end` (null while it goes
  /// on), and for a price `price`, `cap`, `kwh`, `overcharge`, decimals as text.
  public var line: String {
    var json = JSONText()
    json.add("kind", kind)
    json.add("expected", isExpected)
    json.add("site", site)
    json.add("subject", subject)
    json.add("begin", begin.description)
    if let end { json.add("end", end.description) } else { json.addNull("end") }
    if let price {
      json.add("price", price.price)
      json.add("cap", price.cap)
      json.add("kwh", price.energy)
      json.add("overcharge", price.overcharge)
    }
    return json.text
  }
}

/// The figures of a price above the cap.
public struct TruthPrice: Sendable, Equatable {
  /// Highest price charged, yuan/kWh.
  public var price: ExactDecimal
  /// The cap, yuan/kWh.
  public var cap: ExactDecimal
  /// kWh sold above the cap, by the registers that were published. An interval between two readings
  /// counts at the price in force at its begin.
  public var energy: ExactDecimal
  /// Σ kWh × (price − cap) in yuan, exact.
  public var overcharge: ExactDecimal
}

/// How much was published.
public struct TruthTotals: Sendable, Equatable {
  /// Distinct messages: each must be stored once.
  public var messages = 0
  /// Publications: messages and their repetitions.
  public var publications = 0
  /// Messages that were published late.
  public var late = 0
  /// Alarms that begin or end.
  public var events = 0
  /// Distinct readings by catalogue name of the metric, in the order of the names.
  public var readings: [(metric: String, count: Int)] = []

  /// Equal figures.
  public static func == (left: TruthTotals, right: TruthTotals) -> Bool { left.line == right.line }

  /// One line of JSON: `kind` (`totals`), `messages`, `publications`, `late`, `events`, and
  /// `readings` by metric.
  public var line: String {
    var json = JSONText()
    json.add("kind", "totals")
    json.add("messages", Int64(messages))
    json.add("publications", Int64(publications))
    json.add("late", Int64(late))
    json.add("events", Int64(events))
    var counts = JSONText()
    for (metric, count) in readings { counts.add(metric, Int64(count)) }
    json.raw("readings", counts.text)
    return json.text
  }
}
