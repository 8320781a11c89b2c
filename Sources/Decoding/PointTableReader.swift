import Protocols
import SiteModel

// The `values` of a profile whose protocol names its values itself: `{ match, table }`.
extension PlanReader {
  mutating func readPoints(_ wire: WireProtocol) {
    var meter = MeterPlanReader(wire)
    guard let values = section.section("values") else {
      // The registers of a generic Modbus topic are those of the devices' models.
      if wire == .modbus {
        plan.meter = .modbus(ModbusMap(blocks: [], rows: []))
        return
      }
      return section.report("values", "is missing, expected { table: { code: { metric: … } } }")
    }
    var positions: [(code: String, position: Int32)] = []
    let rows = values.section("table")
    if rows == nil { values.report("table", "is missing") }
    for code in rows?.keys ?? [] {
      guard let row = rows?.section(code) else { continue }
      meter.readRow(code, row)
      guard let rule = readRule(row) else { continue }
      positions.append((code, Int32(plan.rules.count)))
      plan.rules.append(rule)
    }
    if takesCatalogue(wire) {
      for definition in MetricCatalogue.all
      where !positions.contains(where: { $0.code == definition.name }) {
        positions.append((definition.name, Int32(plan.rules.count)))
        plan.rules.append(rule(for: definition))
      }
    }
    plan.points = codeTable(values, positions)
    if wire == .dlt645 { readPeriods(values, &meter) }
    plan.meter = meter.plan(section, values, zoneSeconds: plan.zoneSeconds)
    values.finish()
  }

  /// `metrics: catalogue` beside the rows: names of the catalogue are taken, in its units.
  private func takesCatalogue(_ wire: WireProtocol) -> Bool {
    guard wire == .senml, let value = section.value("metrics") else { return false }
    if case .scalar("catalogue") = value.content { return true }
    section.report("metrics", "expected the word catalogue; rows stand in values.table")
    return false
  }

  /// `periods: { "03110001": { alarm: mains.lost, severity: major, bytes: 12 } }`.
  private mutating func readPeriods(_ values: ConfigSection, _ meter: inout MeterPlanReader) {
    guard let rows = values.section("periods") else { return }
    var codes: [(code: String, position: Int32)] = []
    for code in rows.keys {
      guard let row = rows.section(code) else { continue }
      codes.append((code, Int32(codes.count)))
      meter.readPeriod(code, row)
      plan.periodClasses.append(readClass(row))
    }
    plan.periods = codeTable(values, codes)
  }
}
