import Decoding
import Protocols
import SiteModel
import TestSupport
import Testing

/// Plays a scenario of Sparkplug messages through the decoder, and tells in short lines what came
/// out. A line of a scenario is
///
///     12.5 NDATA G/E seq=3 voltage.a@7:Float=230.1    a message, 12.5 s after the beginning
///     12.5 NDATA G/E hex=0102                         the same with a payload of its own
///     20 tick                                         time passes
///     20 link                                         the link to the broker came up
///     20 loss                                         it was lost
///     20 clock=5000                                   the clock was set by so many milliseconds
///
/// `seq=none`, `bd=3` (bdSeq), `time=11` (sent at; `none`), `retained` come before the metrics,
/// which are `name@alias:Type=value!`: name or alias, `~Type` when the type is not said, `null` for
/// a null, `!` at the end for an old value.
final class SparkplugScene {
  static let start = Timestamp(milliseconds: 1_772_352_000_000)
  private let profile: DeviceProfile
  private var decoder: Decoder
  private var devices = DeviceTable()

  init(_ profile: DeviceProfile) {
    self.profile = profile
    decoder = Decoder(profiles: [profile], registry: Registry())
  }

  /// Puts another decoder in the place of the present one, with what that saved.
  func restart() throws {
    var writer = ByteWriter()
    decoder.write(to: &writer)
    decoder = Decoder(profiles: [profile], registry: Registry())
    try writer.bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      try decoder.restore(from: &reader)
      #expect(reader.isAtEnd)
    }
    var again = ByteWriter()
    decoder.write(to: &again)
    #expect(again.bytes == writer.bytes)
  }

  /// Plays one line; what came out.
  func play(_ line: String) throws -> [String] {
    var words = line.split(separator: " ").map(String.init)[...]
    let first = words.popFirst()
    let seconds = try #require(first.flatMap(Double.init))
    let now = Self.start.advanced(byMilliseconds: Int64((seconds * 1000).rounded()))
    var batch = DecodedBatch()
    let second = words.popFirst()
    let verb = try #require(second)
    var isLoss = false
    switch verb {
    case "tick":
      if decoder.isDue(now) {
        decoder.tick(now, devices: &devices, into: &batch)
        #expect(!decoder.isDue(now))
      }
    case "link", "loss":
      isLoss = decoder.link(isUp: verb == "link", at: now, devices: &devices, into: &batch)
    case _ where verb.hasPrefix("clock="):
      decoder.clockStepped(by: try #require(Int64(verb.dropFirst(6))))
    default:
      let message = try Message(verb, words, now: now)
      decode(message.topic, message.payload, message.isRetained, now, &batch)
    }
    return told(batch) + (isLoss ? ["stale"] : [])
  }

  /// Lets time pass.
  func tick(_ now: Timestamp, _ batch: inout DecodedBatch) {
    if decoder.isDue(now) { decoder.tick(now, devices: &devices, into: &batch) }
  }

  /// Decodes a message as it is.
  func decode(
    _ topic: String, _ payload: [UInt8], _ isRetained: Bool = false, _ now: Timestamp,
    _ batch: inout DecodedBatch
  ) {
    let padded = payload + [UInt8](repeating: 7, count: Decoder.padding)
    Array(topic.utf8).withUnsafeBytes { topic in
      padded.withUnsafeBytes { bytes in
        _ = decoder.decode(
          topic: topic, payload: UnsafeRawBufferPointer(rebasing: bytes[..<payload.count]),
          receivedAt: now, retained: isRetained, devices: &devices, into: &batch)
      }
    }
  }

  private func told(_ batch: DecodedBatch) -> [String] {
    func seconds(_ time: Timestamp) -> String {
      "\(Double(time.since(Self.start)) / 1000)"
    }
    func reading(_ reading: Reading) -> String {
      let metric = MetricCatalogue.definition(of: reading.metric)?.name ?? "?"
      let quality = reading.quality == .good ? "" : " \(reading.quality.name)"
      return "\(devices.name(of: reading.device)) \(metric)=\(reading.value)"
        + " at \(seconds(reading.time))\(quality)"
    }
    let heard = batch.sightings.map { devices.name(of: $0.device) }.joined(separator: " ")
    return (heard.isEmpty ? [] : ["heard \(heard)"])
      + batch.readings.map(reading) + batch.historical.map { "old \(reading($0))" }
      + batch.events.map {
        "\(devices.name(of: $0.device)) \($0.alarm) \($0.state) by \($0.code)"
          + " at \(seconds($0.time))"
      }
      + batch.rejections.map { rejection in
        let name = rejection.device.map { devices.name(of: $0) } ?? "-"
        return "\(name) \(rejection.reason.rawValue) \(rejection.text)"
      } + batch.commands.map { "command \($0.topic)" }
  }
}

extension SparkplugScene {
  /// A message of a scenario.
  struct Message {
    let topic: String
    private(set) var payload: [UInt8]
    private(set) var isRetained = false

    init(_ kind: String, _ words: ArraySlice<String>, now: Timestamp) throws {
      var words = words
      let first = words.popFirst()
      let levels = try #require(first).split(separator: "/", maxSplits: 1)
      topic = "spBv1.0/\(levels[0])/\(kind)/\(levels[1])"
      var sequence: UInt64?
      var connection: UInt64?
      var time: UInt64? = UInt64(now.milliseconds)
      var metrics: [SparkplugPayload.Metric] = []
      var raw: [UInt8]?
      for word in words {
        let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
        let value = parts.last ?? ""
        switch parts[0] {
        case "seq": sequence = UInt64(value)
        case "bd": connection = UInt64(value)
        case "time":
          time = Double(value).map {
            UInt64(SparkplugScene.start.milliseconds + Int64(($0 * 1000).rounded()))
          }
        case "retained": isRetained = true
        case "hex":
          raw = stride(from: 0, to: value.count, by: 2).compactMap {
            UInt8(value.dropFirst($0).prefix(2), radix: 16)
          }
        default: metrics.append(try Self.metric(word))
        }
      }
      var writer = SparkplugPayload(time_ms: time, sequence: sequence)
      if let connection {
        writer.add(SparkplugPayload.Metric("bdSeq", type: 8, .long(connection)))
      }
      for metric in metrics { writer.add(metric) }
      payload = raw ?? writer.bytes
    }

    private static func metric(_ word: String) throws -> SparkplugPayload.Metric {
      var text = word[...]
      let isHistorical = text.last == "!"
      if isHistorical { text.removeLast() }
      let sides = text.split(separator: "=", maxSplits: 1)
      let head = sides[0].split(separator: ":", maxSplits: 1)
      let names = head[0].split(separator: "@", omittingEmptySubsequences: false)
      let type = head.count > 1 ? String(head[1]) : "Int32"
      let value = sides.count > 1 ? String(sides[1]) : "null"
      let name = names[0].isEmpty ? nil : String(names[0]).replacing("Node_", with: "Node ")
      let (code, encoded) = try Self.value(type.replacing("~", with: ""), value)
      var metric = SparkplugPayload.Metric(
        name, alias: names.count > 1 ? UInt64(names[1]) : nil,
        type: type.hasPrefix("~") ? nil : code, encoded)
      metric.isHistorical = isHistorical
      return metric
    }

    private static func value(
      _ type: String, _ text: String
    ) throws -> (UInt32, SparkplugPayload.Value) {
      switch type {
      case _ where text == "null": return (9, .null)
      case "Int32": return (3, .int(UInt32(bitPattern: try #require(Int32(text)))))
      case "Float": return (9, .float(try #require(Float(text))))
      case "Double": return (10, .double(try #require(Double(text))))
      case "Boolean": return (11, .boolean(text == "true"))
      case "String": return (12, .string(text))
      default: throw UnknownType(name: type)
      }
    }

    struct UnknownType: Error { let name: String }
  }
}
