import SiteModel

/// What a backlog for measurements is like.
public struct BacklogOptions: Sendable, Equatable {
  /// How many meters report, 1…500 000. Default 1000.
  public var devices = 1_000
  /// How many messages in all, 0…1 000 000 000. Default 200 000.
  public var messages = 200_000
  /// Values in each message besides the time, 1…10. Default 6.
  public var fields = 6
  /// Source of all chance. Default 1.
  public var seed: UInt64 = 1
  /// Time of the first messages, in 2000…2100.
  public var start = Timestamp(milliseconds: 1_772_323_200_000)
  /// Time between two messages of a meter, 1 ms…1 h. Default one minute.
  public var intervalMilliseconds: Int64 = 60_000

  /// The defaults.
  public init() {}

  /// What is wrong, one sentence each; empty when a backlog can be made.
  public func validate() -> [String] {
    var problems: [String] = []
    func check(_ isSound: Bool, _ problem: String) {
      if !isSound { problems.append(problem) }
    }
    check((1...DeviceTable.limit).contains(devices), "devices must be 1…\(DeviceTable.limit)")
    check((0...1_000_000_000).contains(messages), "messages must be 0…1000000000")
    check((1...10).contains(fields), "fields must be 1…10")
    check(
      (946_684_800_000...4_102_444_800_000).contains(start.milliseconds),
      "start must be in 2000…2100")
    check((1...3_600_000).contains(intervalMilliseconds), "interval must be 1 ms…1 h")
    return problems
  }
}

/// Many flat JSON messages on `uplink/BENCH-0001/json`, made quickly: round after round, each meter
/// once. Values have the resolution of real sensors, and registers integrate the power exactly.
public struct Backlog: Sendable {
  /// The topic of each meter.
  public let topics: [String]
  private let options: BacklogOptions
  private var energy: [Int64]
  private var registers: [Int64]
  private var position = 0
  private var writer = PayloadWriter()

  /// A backlog with sound options; see ``BacklogOptions/validate()``.
  public init(_ options: BacklogOptions) {
    let problems = options.validate()
    precondition(problems.isEmpty, "unsound options: \(problems)")
    self.options = options
    topics = (0..<options.devices).map { device in
      let digits = String(device + 1)
      let padding = String(repeating: "0", count: max(0, 4 - digits.utf8.count))
      return "uplink/BENCH-\(padding)\(digits)/json"
    }
    energy = Array(repeating: 0, count: options.devices)
    registers = (0..<options.devices).map {
      Moment.initialRegister(Noise.bits(options.seed, Int64($0)))
    }
  }

  /// Hands the next payload to `body`, valid during the call, with its meter's position in
  /// ``topics``; false when all messages were made.
  public mutating func next(_ body: (Int, UnsafeRawBufferPointer) -> Void) -> Bool {
    guard position < options.messages else { return false }
    let meter = position % options.devices
    let round = Int64(position / options.devices)
    position += 1
    write(meter, round)
    writer.bytes.withUnsafeBytes { body(meter, $0) }
    return true
  }

  private mutating func write(_ meter: Int, _ round: Int64) {
    let time = options.start.milliseconds + round * options.intervalMilliseconds
    let key = Noise.bits(options.seed, Int64(meter))
    let watts =
      2_400 + Noise.drift(key, time, knot: 900_000, amplitude: 600)
      + Noise.value(key, time, amplitude: 8)
    energy[meter] += round == 0 ? 0 : Int64(watts) * options.intervalMilliseconds
    let supply = Supply(watts: watts, key: key, time: time)
    writer.clear()
    writer.raw("{\"time\":")
    writer.integer(time)
    for field in 0..<options.fields { write(field, supply, meter) }
    writer.raw("}")
  }

  private mutating func write(_ field: Int, _ supply: Supply, _ meter: Int) {
    switch field {
    case 0: value(",\"voltage.a\":", Int64(supply.volts[0]), 1)
    case 1: value(",\"current.a\":", Int64(supply.amps[0]), 2)
    case 2: value(",\"power.active.total\":", Int64(supply.watts), 3)
    case 3:
      let register = registers[meter] + energy[meter] / Counters.centikilowattHour
      value(",\"energy.active.import.total\":", register, 2)
    case 4: value(",\"power_factor.total\":", Int64(supply.powerFactor), 3)
    case 5: value(",\"frequency\":", Int64(supply.frequency), 2)
    case 6: value(",\"voltage.b\":", Int64(supply.volts[1]), 1)
    case 7: value(",\"current.b\":", Int64(supply.amps[1]), 2)
    case 8: value(",\"voltage.c\":", Int64(supply.volts[2]), 1)
    default: value(",\"current.c\":", Int64(supply.amps[2]), 2)
    }
  }

  private mutating func value(_ key: StaticString, _ value: Int64, _ decimals: Int) {
    writer.raw(key)
    writer.decimal(value, decimals)
  }
}
