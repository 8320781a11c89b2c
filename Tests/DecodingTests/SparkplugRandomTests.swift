import Decoding
import SiteModel
import TestSupport
import Testing

/// Random orders and losses against what must be true of them.
@Suite struct SparkplugRandomTests {
  /// A message on its way: what it is, when it was sent, and when it arrives.
  private struct Sent {
    var line: String
    var number: Int
    var sent_ms: Int
    var arrives_ms: Int
  }

  /// A node and two devices send numbered values in turn; a part is late, a part is lost.
  private func traffic(
    _ random: inout SeededGenerator, count: Int, late: Int, lost: Int
  ) -> [Sent] {
    let owners = ["G/E", "G/E/A", "G/E/B"]
    var messages = ["NBIRTH G/E seq=0 bd=1", "DBIRTH G/E/A seq=1", "DBIRTH G/E/B seq=2"]
    for number in 3..<count {
      let owner = owners[random.below(3)]
      let kind = owner == "G/E" ? "NDATA" : "DDATA"
      messages.append("\(kind) \(owner) seq=\(number % 256)")
    }
    return messages.enumerated().compactMap { number, line in
      let delay = number > 0 && random.below(100) < late ? random.below(3_000) : 0
      if number > 2, random.below(100) < lost { return nil }
      let sent = number * 200
      let time = "time=\(Double(sent) / 1000)"
      return Sent(
        line: "\(line) \(time) voltage.a:Double=\(number)", number: number, sent_ms: sent,
        arrives_ms: sent + delay)
    }
  }

  /// Plays traffic with a tick every second, as it arrives; what comes out.
  private func play(_ traffic: [Sent], restarts: Bool = false) throws -> [String] {
    let scene = SparkplugScene(try SparkplugTests.profile())
    var (lines, next) = ([String](), 1_000)
    for message in traffic.sorted(by: { ($0.arrives_ms, $0.number) < ($1.arrives_ms, $1.number) }) {
      while next <= message.arrives_ms {
        lines += try scene.play("\(Double(next) / 1000) tick")
        next += 1_000
      }
      lines += try scene.play("\(Double(message.arrives_ms) / 1000) \(message.line)")
      if restarts { try scene.restart() }
    }
    for second in 0..<10 { lines += try scene.play("\(next / 1000 + second) tick") }
    return lines
  }

  /// The numbers of the values in the order in which they came out.
  private func numbers(_ lines: [String]) -> [Int] {
    lines.compactMap { line in
      let words = line.split(separator: " ")
      guard let value = words.first(where: { $0.hasPrefix("voltage.a=") }) else { return nil }
      return Int(value.dropFirst("voltage.a=".count))
    }
  }

  @Test(arguments: 1...10) func whatComesLateIsTakenInItsOrder(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let traffic = traffic(&random, count: 300, late: 30, lost: 0)
    let lines = try play(traffic)
    #expect(numbers(lines) == traffic.map(\.number), "seed \(seed)")
    #expect(!lines.contains { $0.contains(" seq: ") || $0.hasPrefix("command") }, "seed \(seed)")
  }

  @Test(arguments: 1...10) func whatArrivesIsKeptOnce(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let traffic = traffic(&random, count: 300, late: 20, lost: 10)
    let lines = try play(traffic)
    #expect(numbers(lines).sorted() == traffic.map(\.number), "seed \(seed)")
    let commands = lines.count { $0.hasPrefix("command") }
    #expect((1...2).contains(commands), "seed \(seed): \(commands) requests in a minute")
    #expect(lines.contains { $0.contains("missing") }, "seed \(seed)")
    #expect(try play(traffic, restarts: true) == lines, "seed \(seed)")
  }

  @Test func tenThousandBrokenNodesAreNoStorm() throws {
    let scene = SparkplugScene(try SparkplugTests.profile())
    var payload = SparkplugPayload(time_ms: 1_772_352_000_000, sequence: 9)
    payload.add(SparkplugPayload.Metric(alias: 5, type: 9, .float(1)))
    var asked: [String: [Int]] = [:]
    for second in 0..<200 {
      let now = SparkplugScene.start.advanced(byMilliseconds: Int64(second) * 1000)
      var commands = try scene.play("\(second) tick").filter { $0.hasPrefix("command") }
      // Each speaks every 50 seconds, always without a birth.
      for edge in stride(from: second % 50, to: 10_000, by: 50) {
        var batch = DecodedBatch()
        scene.decode("spBv1.0/G/NDATA/\(edge)", payload.bytes, false, now, &batch)
        commands += batch.commands.map(\.topic)
      }
      #expect(commands.count <= 20, "second \(second)")
      for command in commands {
        asked[String(command.split(separator: "/")[3]), default: []].append(second)
      }
    }
    #expect(asked.values.reduce(0) { $0 + $1.count } == 20 * 200)
    for times in asked.values where times.count > 1 {
      #expect(zip(times.dropFirst(), times).allSatisfy { $0 - $1 >= 60 })
    }
  }

  @Test func hostilePayloadsLeaveAStateThatCanBeSaved() throws {
    let scene = SparkplugScene(try SparkplugTests.profile())
    let kinds = ["NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA"]
    var seeds: [[UInt8]] = []
    for sequence in UInt64(0)...3 {
      var payload = SparkplugPayload(time_ms: 1_772_352_000_000, sequence: sequence)
      payload.add(SparkplugPayload.Metric("bdSeq", type: 8, .long(3)))
      payload.add(SparkplugPayload.Metric("voltage.a", alias: 1, type: 9, .float(230)))
      payload.add(SparkplugPayload.Metric(alias: 1, type: 9, .float(231)))
      seeds.append(payload.bytes)
    }
    var fuzz = PayloadFuzz(seeds: seeds, seed: 0x5BAD)
    var random = SeededGenerator(seed: 0x5BAE)
    var (batch, readings, now) = (DecodedBatch(), 0, SparkplugScene.start)
    for count in 0..<PayloadFuzz.count {
      let kind = kinds[random.below(6)]
      let device = kind.hasPrefix("D") ? "/\(random.below(3))" : ""
      now = now.advanced(byMilliseconds: Int64(random.below(1_000)))
      batch.removeAll()
      scene.decode(
        "spBv1.0/G/\(kind)/\(random.below(4))\(device)", fuzz.next().bytes, false, now, &batch)
      scene.tick(now, &batch)
      readings += batch.readings.count + batch.historical.count
      if count % 10_000 == 0 { try scene.restart() }
    }
    #expect(readings > PayloadFuzz.count / 20)
  }
}

extension SeededGenerator {
  fileprivate mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
}
