import Decoding
import Documents
import Foundation
import SiteModel

/// `benchmarks decode`: the messages of a file, again and again, through the decoder alone. A line
/// of the file is topic, tab, payload in hex digits; the first `--once` lines are decoded only
/// once, for what a session begins with. Every message must give `--readings` readings.
enum DecodeRun {
  static func run(_ options: Options) throws {
    let profile = try options.text("profile")
    let log = ProblemLog()
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: profile)))
    let decoder = Decoder(
      profiles: [DeviceProfile(try YAMLDocument.parse(bytes, file: profile), log: log)],
      registry: Registry())
    try log.throwIfAny()
    let lines = try String(contentsOfFile: try options.text("messages"), encoding: .utf8)
    var messages = try lines.split(separator: "\n").map(Message.init)
    var session = Session(decoder)
    let once = Int(options.optionalText("once") ?? "0") ?? 0
    for message in messages.prefix(once) { _ = session.decode(message) }
    messages.removeFirst(once)
    let expected = try options.number("readings", default: 1)
    let rounds = try options.number("rounds", default: 1_000)
    var watch = Watch()
    var readings = 0
    watch.measure {
      for _ in 0..<rounds { for message in messages { readings += session.decode(message) } }
    }
    let count = rounds * messages.count
    guard readings == count * expected else {
      throw Options.Fault(
        description: "\(readings) readings of \(count) messages: \(session.complaint)")
    }
    try Report.write(["messages": Double(count), "cpu_s": watch.total.cpu_s])
  }

  /// A message as it is received, with bytes behind it that may be read.
  private struct Message {
    let topic: [UInt8]
    let payload: [UInt8]
    let length: Int

    init(_ line: Substring) throws {
      let parts = line.split(separator: "\t")
      guard parts.count == 2 else { throw Options.Fault(description: "found '\(line)'") }
      topic = Array(parts[0].utf8)
      let digits = Array(parts[1].utf8).map { $0 > 57 ? $0 - 87 : $0 - 48 }
      length = digits.count / 2
      payload =
        (0..<length).map { digits[$0 * 2] << 4 | digits[$0 * 2 + 1] }
        + [UInt8](repeating: 0, count: Decoder.padding)
    }
  }

  /// A decoder with its surroundings; the time of receipt goes on by a millisecond a message.
  private struct Session {
    let decoder: Decoder
    var devices = DeviceTable()
    var batch = DecodedBatch()
    var now = Timestamp(milliseconds: 1_772_352_000_000)
    var complaint = ""

    init(_ decoder: Decoder) { self.decoder = decoder }

    mutating func decode(_ message: Message) -> Int {
      batch.removeAll()
      now = now.advanced(byMilliseconds: 1)
      message.topic.withUnsafeBytes { topic in
        message.payload.withUnsafeBytes { payload in
          _ = decoder.decode(
            topic: topic, payload: UnsafeRawBufferPointer(rebasing: payload[..<message.length]),
            receivedAt: now, retained: false, devices: &devices, into: &batch)
        }
      }
      if let rejection = batch.rejections.first { complaint = rejection.text }
      return batch.readings.count
    }
  }
}
