import SiteModel

/// A simulated fleet of 5G sites: its spreadsheets, its tariff table, and its messages.
///
/// Everything follows from the options; the same options give the same bytes on every machine.
public struct Fleet: Sendable {
  private let plan: Plan

  /// A fleet with sound options; see ``FleetOptions/validate()``, which must have found nothing.
  public init(_ options: FleetOptions) {
    let problems = options.validate()
    precondition(problems.isEmpty, "unsound options: \(problems)")
    plan = Plan(options)
  }

  /// The options it was made from.
  public var options: FleetOptions { plan.options }

  /// How many devices it has.
  public var deviceCount: Int { plan.devices.count }

  /// Its spreadsheets.
  public var registry: RegistryText { RegistryText(plan) }

  /// An invented tariff table of 示例省, marked SAMPLE; its rows are in force over the whole duration.
  public var tariffCSV: String { SampleTariff.csv(plan.options) }

  /// Its messages from the beginning.
  public func messages() -> MessageStream { MessageStream(plan) }

  /// Real milliseconds from the start of publishing to the publication of a message.
  public func publishDelayMilliseconds(of message: SimulatedMessage) -> Int64 {
    message.publishAt.since(plan.options.start) / Int64(plan.options.timeCompression)
  }
}
