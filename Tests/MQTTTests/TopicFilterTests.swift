import Testing

@testable import MQTT

/// Which filters cover or meet which others: exactly those whose topics say so.
@Suite struct TopicFilterTests {
  /// All filters of up to three of these levels, and all topics of up to four levels, one of which
  /// no filter has.
  private static let filters = words(["a", "$s", "+", "#"], upTo: 3).filter { filter in
    !filter.dropLast().contains("#")
  }
  private static let topics = words(["a", "$s", "", "z"], upTo: 4)

  private static func words(_ levels: [String], upTo length: Int) -> [[String]] {
    var all: [[String]] = []
    var longest: [[String]] = [[]]
    for _ in 0..<length {
      longest = longest.flatMap { start in levels.map { start + [$0] } }
      all += longest
    }
    return all
  }

  /// MQTT 5, 4.7, word by word.
  private static func matches(_ filter: ArraySlice<String>, _ topic: ArraySlice<String>) -> Bool {
    switch (filter.first, topic.first) {
    case ("#", _): true
    case (nil, nil): true
    case (let level?, let name?) where level == "+" || level == name:
      matches(filter.dropFirst(), topic.dropFirst())
    default: false
    }
  }

  private static func matched(_ filter: [String]) -> Set<Int> {
    Set(
      topics.indices.filter { place in
        let isHidden = topics[place][0] == "$s" && ["+", "#"].contains(filter[0])
        return !isHidden && matches(filter[...], topics[place][...])
      })
  }

  @Test func topicsDecide() {
    let known = Self.filters.map { (text: $0.joined(separator: "/"), topics: Self.matched($0)) }
    for wide in known {
      for narrow in known {
        // The same as `#`, which covers it; nobody writes it.
        if wide.text == "+/#", narrow.text == "#" { continue }
        let covers = narrow.topics.isSubset(of: wide.topics)
        #expect(TopicFilter.covers(wide.text, narrow.text) == covers, "\(wide.text) \(narrow.text)")
        let meet = !narrow.topics.isDisjoint(with: wide.topics)
        #expect(TopicFilter.meet(wide.text, narrow.text) == meet, "\(wide.text) \(narrow.text)")
      }
    }
  }

  @Test(
    arguments: [
      (["a/b", "a/+", "c"], ["a/+", "c"]), (["a/#", "a", "a/b/c", "b"], ["a/#", "b"]),
      (["a/b", "a/b", "a/b"], ["a/b"]), (["+/b", "a/+"], ["+/b", "a/+"]),
      (["#", "$SYS/broker/uptime", "a"], ["#", "$SYS/broker/uptime"]),
      (["#", "$share/g/a", "a"], ["#", "$share/g/a"]),
      (["$share/g/#", "a", "$share/g/a", "$share/g/#"], ["$share/g/#", "a", "$share/g/a"]),
      ([], []),
    ] as [([String], [String])])
  func coveredOnesAreLeftOut(_ filters: [String], _ left: [String]) {
    #expect(TopicFilter.withoutCovered(filters) == left)
  }

  @Test func aSharedFilterMeetsWhatItMatches() {
    #expect(TopicFilter.meet("$share/g/a/+", "a/#") && TopicFilter.meet("+/b", "$share/g/a/b"))
    #expect(!TopicFilter.meet("$share/g/a/+", "b/#") && !TopicFilter.meet("$share/g/#", "$s"))
  }
}
