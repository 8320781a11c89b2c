import SiteModel

/// The stretches of time that roll-ups cover.
public enum RollupPeriod: String, Sendable, CaseIterable {
  /// An hour of UTC.
  case hour
  /// A day of UTC+8, the one time of China, which knows no summer time.
  case day

  /// Its length in milliseconds.
  public var length: Int64 { self == .hour ? 3_600_000 : 86_400_000 }

  /// The begin of the period in which an instant lies.
  public func start(of time: Timestamp) -> Timestamp {
    let offset: Int64 = self == .hour ? 0 : 8 * 3_600_000
    let local = time.milliseconds &+ offset
    let rest = local % length
    let start = local &- (rest < 0 ? rest + length : rest)
    return Timestamp(milliseconds: start &- offset)
  }
}
