/// What MQTT topic filters match (MQTT 5, 4.7): `+` is any one level, `#` the level before it and
/// everything below. Neither of them in first place matches a topic that begins with `$`.
public enum TopicFilter {
  /// The filters without those that another one covers, in their order: where two match a message,
  /// a broker may deliver it twice. Shared subscriptions (`$share/group/filter`) are queues of
  /// their own, so they stay.
  public static func withoutCovered(_ filters: [String]) -> [String] {
    filters.enumerated().filter { place, filter in
      !filters.enumerated().contains { otherPlace, other in
        covers(other, filter) && (otherPlace < place || !covers(filter, other))
      }
    }.map(\.element)
  }

  /// True when there are topics that both filters match, shared or not.
  public static func meet(_ one: String, _ other: String) -> Bool {
    let (one, other) = (levels(unshared(one)), levels(unshared(other)))
    if isWild(one) && isSystem(other) || isSystem(one) && isWild(other) { return false }
    for place in 0..<max(one.count, other.count) {
      let mine = place < one.count ? one[place] : nil
      let theirs = place < other.count ? other[place] : nil
      if mine == "#" || theirs == "#" { return true }
      guard let mine, let theirs, mine == theirs || mine == "+" || theirs == "+" else {
        return false
      }
    }
    return true
  }

  /// True when `wide` matches every topic that `narrow` matches.
  static func covers(_ wide: String, _ narrow: String) -> Bool {
    if wide == narrow { return true }
    if unshared(wide) != wide || unshared(narrow) != narrow { return false }
    let (wide, narrow) = (levels(wide), levels(narrow))
    if isWild(wide) && isSystem(narrow) { return false }
    for (place, level) in wide.enumerated() {
      if level == "#" { return true }
      guard place < narrow.count, level == narrow[place] || (level == "+" && narrow[place] != "#")
      else { return false }
    }
    return wide.count == narrow.count
  }

  /// A filter without `$share/group/`.
  private static func unshared(_ filter: String) -> String {
    let parts = filter.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    return parts.count == 3 && parts[0] == "$share" ? String(parts[2]) : filter
  }

  private static func levels(_ filter: String) -> [Substring] {
    filter.split(separator: "/", omittingEmptySubsequences: false)
  }

  private static func isWild(_ levels: [Substring]) -> Bool {
    levels.first == "+" || levels.first == "#"
  }

  private static func isSystem(_ levels: [Substring]) -> Bool { levels.first?.first == "$" }
}
