import SiteModel

/// A message is about a device: the way from a finding back to the messages it rests on.
public struct Mention: Sendable, Equatable {
  /// Position of its entry in the batch.
  public var entry: Int
  /// The device.
  public var device: DeviceIndex
  /// Earliest of its readings and events, the receipt when there are none.
  public var first: Timestamp
  /// The latest of them.
  public var last: Timestamp

  /// A mention from its parts.
  public init(entry: Int, device: DeviceIndex, first: Timestamp, last: Timestamp) {
    self.entry = entry
    self.device = device
    self.first = first
    self.last = last
  }
}

extension Outcome {
  /// Mentions of a message among which a device is looked for, before it is mentioned once more:
  /// keeps a message about very many devices cheap.
  private static let lookBack = 8

  /// Notes that an entry is about a device, and at which instant it says something of it.
  mutating func mention(_ device: DeviceIndex, _ time: Timestamp, in entry: Int) {
    var place = mentions.count - 1
    let end = max(-1, place - Self.lookBack)
    while place > end, mentions[place].entry == entry {
      if mentions[place].device == device {
        mentions[place].first = min(mentions[place].first, time)
        mentions[place].last = max(mentions[place].last, time)
        return
      }
      place -= 1
    }
    mentions.append(Mention(entry: entry, device: device, first: time, last: time))
  }
}
