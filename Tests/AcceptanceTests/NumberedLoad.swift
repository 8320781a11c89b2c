import Foundation
import SiteModel

/// Numbered messages of a few devices, and what must follow from them whatever is redelivered.
///
/// Nine devices lose and regain mains with every third of their reports. The tenth is a meter whose
/// price is above the cap from its first report to its last.
struct NumberedLoad {
  /// The price table that makes the meter's price too high: the cap is 1.11.
  static let tariffs = """
    province,from,to,user_class,scheme,voltage_class,period,price,document,published,sample
    山东省,2026-03,2026-03,工商业,单一制,不满1千伏,高峰,1.11000000,TEST-1,2026-02-20,true

    """

  /// One outage as an alert must tell of it.
  struct Outage: Hashable {
    var device: String
    var begin: String
    var end: String
  }

  private(set) var count = 0
  private(set) var outages: [Outage] = []
  private var begins: [String: String] = [:]
  private var reports: [Int] = Array(repeating: 0, count: 10)

  /// kWh that the meter sold above the cap: what its register rose from its first report to the one
  /// that states the cap.
  var energy: ExactDecimal {
    ExactDecimal(significand: Int128(firstLegal - 1), exponent: -2)
  }
  private var firstLegal = 1

  /// The next messages.
  mutating func next(_ messages: Int) -> [Message] {
    (0..<messages).map { _ in next(isLost: nil) }
  }

  /// Messages after which no alert is open.
  mutating func ending() -> [Message] { (0..<20).map { _ in next(isLost: false) } }

  private mutating func next(isLost forced: Bool?) -> Message {
    count += 1
    let device = count % 10
    reports[device] += 1
    let time = Timestamp(milliseconds: 1_772_352_000_000 + Int64(count) * 20)
    let head = "{\"n\":\(count),\"time\":\"\(time)\","
    guard device != 0 else { return meter(head, isEnding: forced == false) }
    let isLost = forced ?? (reports[device] % 3 == 0)
    note("D\(device)", isLost, time.description)
    return Message("uplink/D\(device)/json", head + "\"mains.present\":\(isLost ? 0 : 1)}")
  }

  private mutating func note(_ device: String, _ isLost: Bool, _ time: String) {
    if isLost {
      begins[device] = begins[device] ?? time
    } else if let begin = begins.removeValue(forKey: device) {
      outages.append(Outage(device: device, begin: begin, end: time))
    }
  }

  /// The register rises by 10 Wh with every report.
  private mutating func meter(_ head: String, isEnding: Bool) -> Message {
    let register = 100_000 + reports[0]
    let text = "\(register / 100).\(String(register % 100 + 100).suffix(2))"
    if isEnding, firstLegal == 1 { firstLegal = reports[0] }
    let price = isEnding ? "1.11000000" : "1.20000000"
    return Message(
      "uplink/D0/json",
      head + "\"energy.active.import.total\":\(text),\"price.energy\":\(price)}")
  }
}
