import Protocols
import SiteModel

// Values whose message names their unit: that unit counts, and not the one of the profile's row.
extension DeviceProfile {
  /// True when a unit that the message names is one of SenML's.
  var namesUnits: Bool { wire[0] == .senml || wire[0] == .lwm2m }

  /// A number in the catalogue unit of the rule, from the unit that the message names.
  func converted(
    _ number: ExactDecimal, from unit: UnsafeRawBufferPointer, by rule: Int,
    _ ratios: DeviceDirectory.Ratios
  ) throws(ValueFault) -> ExactDecimal {
    guard let target = MetricCatalogue.definition(of: plan.rules[rule].metric)?.unit else {
      return number
    }
    let symbol = String(decoding: unit, as: UTF8.self)
    let value: ExactDecimal?
    do throws(DecimalError) {
      value = try SenMLUnits.converted(number, from: symbol, to: target)
    } catch {
      throw Self.tooLong
    }
    if let value { return try scaled(value, by: rule, ratios, factor: ExactDecimal(1)) }
    throw ValueFault(
      reason: .unknownUnit,
      expected: "a value in a unit that can become \(target.name), and not in '\(symbol)'")
  }
}
