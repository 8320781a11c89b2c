import SiteModel

// Rows that name a metric: `{ metric: voltage.a, unit: V, scale: 0.1, ratio: pt }`.
extension PlanReader {
  /// One row; nil after a problem.
  mutating func readRule(_ row: ConfigSection) -> MetricRule? {
    defer { row.finish() }
    let name = row.text("metric")
    let unit = row.optionalText("unit")
    let scale = row.decimal("scale")
    let ratios = TransformerRatio.allCases.map(\.rawValue)
    let ratio = TransformerRatio(rawValue: row.choice("ratio", of: ratios, default: "none"))
    let words = readWords(row)
    let instance = row.integer("instance", default: 0, in: 0...99)
    // How far a value moves before the device reports it again: said for the reader's sake only.
    _ = row.decimal("change")
    guard let metric = MetricCatalogue.metric(named: name),
      let definition = MetricCatalogue.definition(of: metric)
    else {
      if !name.isEmpty {
        let near = NearestNames.text(for: name)
        row.report(
          "metric", "found '\(name)', expected a name of `sitewatt metrics`, such as \(near)")
      }
      return nil
    }
    if words >= 0, scale != nil || ratio != TransformerRatio.none {
      row.report("words", "values of words are not scaled: leave out scale and ratio")
    }
    if definition.kind == .text,
      words >= 0 || scale != nil || ratio != TransformerRatio.none
    {
      row.report("metric", "\(name) is a text: leave out words, scale and ratio")
    }
    guard let exponent = exponent(row, unit: unit, to: definition) else { return nil }
    if let scale, scale == .zero {
      row.report("scale", "found '0', expected a factor other than 0")
    }
    let factor = scale ?? ExactDecimal(1)
    let shifted = ExactDecimal(
      significand: factor.significand, exponent: factor.exponent + exponent)
    var rule = rule(for: definition, factor: shifted, ratio: ratio ?? .none, words: words)
    rule.instance = instance
    return rule
  }

  /// The rule of a metric whose number needs no change.
  func rule(
    for definition: MetricDefinition, factor: ExactDecimal = ExactDecimal(1),
    ratio: TransformerRatio = .none, words: Int32 = -1
  ) -> MetricRule {
    MetricRule(
      metric: definition.metric, factor: factor, isScaled: factor != ExactDecimal(1),
      ratio: ratio, words: words, takesTruth: definition.kind == .state,
      isText: definition.kind == .text,
      low: definition.plausible.lowerBound, high: definition.plausible.upperBound)
  }

  /// Power of ten from the row's unit to the catalogue's; nil after a problem. A unit must be
  /// written, so that nobody takes W for kW by silence, but for states and pure numbers.
  private func exponent(
    _ row: ConfigSection, unit: String?, to definition: MetricDefinition
  ) -> Int? {
    guard let unit else {
      if ["state", "text", "1"].contains(definition.unit.name) { return 0 }
      row.report("unit", "is missing, \(definition.name) is kept in \(definition.unit.name)")
      return nil
    }
    guard Unit(unit).isKnown else {
      row.report("unit", "found '\(unit)', expected a unit such as \(definition.unit.name)")
      return nil
    }
    guard let exponent = Unit(unit).exponent(to: definition.unit) else {
      row.report(
        "unit", "found '\(unit)', which cannot become \(definition.unit.name) of \(definition.name)"
      )
      return nil
    }
    return exponent
  }

  /// The list of `words`; -1 when there is none.
  private mutating func readWords(_ row: ConfigSection) -> Int32 {
    guard let table = row.section("words") else { return -1 }
    let words = newWords()
    for word in table.keys {
      guard let value = table.decimal(word) else { continue }
      insert(word, in: words, value: Int32(plan.values.count), table, word)
      plan.values.append(value)
    }
    return words
  }
}
