import SiteModel

/// What a Sparkplug host remembers of one edge node and its devices.
struct SparkplugEdge {
  /// Whether somebody is there, as far as births, deaths and data tell.
  enum Link: UInt8 {
    case unknown = 0
    case online
    case offline
    /// It was online when the link to the broker was lost, and was not heard since.
    case unheard

    /// True as long as nothing tells that it is gone.
    var isThere: Bool { self == .online || self == .unheard }
  }

  /// The node itself, or one of its devices.
  struct Owner {
    /// Name as a device of SiteWatt: `group/edge`, `group/edge/device`.
    let name: String
    /// True from its birth to its death, or to the node's.
    var isBorn = false
    var link = Link.unknown
    /// When its last birth or death was sent, by the edge's clock.
    var changedAt = Timestamp(milliseconds: .min)
    /// What its birth named; empty while it is not born.
    var birth = SparkplugBirth()
  }

  /// A message that waits for those before it.
  struct Held {
    var kind: SparkplugTopic.Kind
    var owner: Int
    var sequence: UInt8
    var receivedAt: Timestamp
    var payload: [UInt8]
  }

  /// What tells a message that came twice from another one of the same number.
  struct Mark: Equatable {
    var time: Timestamp?
    var length: Int
  }

  /// A death that does not fit the last birth: late, or of an edge that numbers wrongly. Whoever is
  /// alive will be heard.
  struct Suspicion {
    /// When the death came.
    var since: Timestamp
    /// When something is to be done about it; nil while a request waits for its turn.
    var dueAt: Timestamp?
    /// True once the edge was asked for a sign of life.
    var isAsked = false
  }

  /// Where commands go to: `spBv1.0/group/NCMD/edge`.
  let commandTopic: String
  /// The node first, then its devices in the order of first sight.
  var owners: [Owner]
  /// The number of the connection (bdSeq) that the last birth gave.
  var connection: UInt64?
  /// The one before.
  var earlierConnection: UInt64?
  /// Number of the newest message that was taken in its order.
  var last: UInt8 = 0
  var lastMark = Mark(time: nil, length: -1)
  /// Messages without a readable number since then: they may or may not have been counted.
  var unnumbered: UInt8 = 0
  /// True when messages may have passed while nobody listened, so that a gap is not the edge's.
  var isUnsure = false
  var held: [Held] = []
  var heldSince = Timestamp(milliseconds: 0)
  var suspicion: Suspicion?
  /// When devices that were online before the node's birth must have been born again.
  var birthsDue: Timestamp?
  var request = SparkplugRequest()

  var isBorn: Bool { owners[0].isBorn }
}

/// When an edge was last asked to send its births, and when it may be asked again.
struct SparkplugRequest {
  /// Shortest and longest time between two requests to one edge, in milliseconds.
  static let shortest_ms: Int64 = 60_000
  static let longest_ms: Int64 = 3_600_000

  /// True while there is a reason to ask.
  var isWanted = false
  private(set) var askedAt: Timestamp?
  private(set) var pause_ms = shortest_ms

  /// When the edge may be asked.
  var dueAt: Timestamp {
    askedAt.map { $0.advanced(byMilliseconds: pause_ms) } ?? Timestamp(milliseconds: .min)
  }

  /// Notes that it was asked. While asking does not help the pauses double.
  mutating func asked(at now: Timestamp) {
    if let askedAt, now.since(askedAt) < 2 * pause_ms {
      pause_ms = min(2 * pause_ms, Self.longest_ms)
    } else {
      pause_ms = Self.shortest_ms
    }
    (askedAt, isWanted) = (now, false)
  }

  mutating func shift(by milliseconds: Int64) {
    askedAt = askedAt?.advanced(byMilliseconds: milliseconds)
  }

  func write(to writer: inout ByteWriter) {
    writer.byte((isWanted ? 1 : 0) | (askedAt == nil ? 0 : 2))
    if let askedAt { writer.time(askedAt) }
    writer.signed(pause_ms)
  }

  init() {}

  init(from reader: inout ByteReader) throws(CorruptBytes) {
    let flags = try reader.byte()
    isWanted = flags & 1 != 0
    askedAt = flags & 2 != 0 ? try reader.time() : nil
    pause_ms = try reader.signed()
    guard (Self.shortest_ms...Self.longest_ms).contains(pause_ms) else {
      throw CorruptBytes(offset: reader.offset)
    }
  }
}
