import Protocols
import SiteModel

/// Finds the rows of a profile's table for the points of one message. A name of LightweightM2M,
/// `object/instance/resource`, is also looked up with a `*` for its instance; such a row takes one
/// instance of a message, because the values of two would be one series.
struct PointRows {
  private let model: DeviceProfile
  private let table: CodeTable
  private let device: DeviceIndex?
  private let hasInstances: Bool
  /// The instance that each row with a `*` has taken.
  private var instances: [Int: [UInt8]] = [:]

  /// The rows of a profile, for a message of `device`.
  init(_ model: DeviceProfile, of device: DeviceIndex?) {
    (self.model, self.device, table) = (model, device, model.points)
    hasInstances = model.wire[0] == .lwm2m
  }

  /// The rule of a name; -1 when the table has no row for it.
  mutating func rule(of name: UnsafeRawBufferPointer) throws(Rejection) -> Int {
    let rule = model.find(name, in: table)
    guard rule < 0, hasInstances else { return rule }
    var parts = name.split(separator: UInt8(ascii: "/"))
    guard parts.count >= 3 else { return -1 }
    let instance = Array(parts[1])
    let star = [UInt8(ascii: "*")]
    let general = star.withUnsafeBytes { star -> [UInt8] in
      parts[1] = star[...]
      return Array(parts.joined(separator: [UInt8(ascii: "/")]))
    }
    let generalRule = general.withUnsafeBytes { model.find($0, in: table) }
    if generalRule < 0 || instances[generalRule] == instance { return generalRule }
    if let other = instances.updateValue(instance, forKey: generalRule) {
      instances[generalRule] = other
      throw Rejection(
        reason: .ambiguous, device: device, part: String(decoding: name, as: UTF8.self),
        found: "a second instance beside \(String(decoding: other, as: UTF8.self))",
        expected: "a row of its own for each instance")
    }
    return generalRule
  }
}
