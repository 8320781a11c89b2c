import SiteModel

@testable import Simulator

/// Fleets and payloads that several tests look at.
enum Sample {
  /// Four hours of twenty sites with every kind of fault.
  static func options(seed: UInt64 = 7) -> FleetOptions {
    var options = FleetOptions()
    options.seed = seed
    options.sites = 20
    options.durationMilliseconds = 14_400_000
    options.longestOutageMilliseconds = 3_600_000
    options.landlordPermille = 1000
    options.overpricedPermille = 900
    options.overpricedContractPermille = 400
    return options
  }

  /// The decimal that follows the first occurrence of `key`, quoted or not.
  static func decimal(after key: String, in message: SimulatedMessage) -> ExactDecimal? {
    let bytes = message.payload
    let wanted = Array(key.utf8)
    guard
      let place = bytes.indices.first(where: { bytes[$0...].starts(with: wanted) })
    else { return nil }
    let rest = bytes[(place + wanted.count)...].drop { $0 == UInt8(ascii: "\"") }
    let digits = rest.prefix { (48...57).contains($0) || $0 == 45 || $0 == 46 }
    return try? ExactDecimal(parsing: String(decoding: digits, as: UTF8.self))
  }

  /// Positions of the devices by the topics of their messages.
  static func devicesByTopic(_ plan: Plan) -> [String: Int] {
    Dictionary(uniqueKeysWithValues: plan.sources.map { ($0.topic, $0.device) })
  }
}
