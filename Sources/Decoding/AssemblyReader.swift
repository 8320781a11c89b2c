import SiteModel

// The `assemble` of a profile.
extension PlanReader {
  /// `assemble: { key: frame, end: { last: ["1"] }, wait_s: 60 }`.
  mutating func readAssembly() {
    guard let assemble = section.section("assemble") else { return }
    var key = Assembly.Key.topic
    if let text = assemble.optionalText("key") {
      if let name = capture(text, "assemble") {
        key = .capture(name)
      } else if let field = FieldPath(text).flatMap({ DocumentCondition($0, words: -1) }) {
        key = .field(field)
      } else {
        assemble.report("key", "found '\(text)', expected a capture or a path without [*]")
      }
    }
    let end = conditions(assemble, "end")
    if end.isEmpty { assemble.report("end", "is missing, expected { path: [words] }") }
    let wait_s = assemble.integer("wait_s", default: 60, in: 1...86_400)
    assemble.finish()
    plan.assembly = Assembly(key: key, end: end, wait_ms: Int64(wait_s) * 1000)
  }
}
