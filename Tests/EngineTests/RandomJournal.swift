import TestSupport
import Engine
import SiteModel
import Testing

/// Journal bodies of a made-up night around a month's end: meters, alarms, nonsense, retained and
/// late messages, ticks, link changes, clock steps and imports, all from one seed.
struct RandomJournal {
  private var random: SeededGenerator
  private var now = Timestamp(milliseconds: 1_772_280_000_000)
  private var registers: [Int: Int] = [:]
  private let batch = Batch()
  private(set) var bodies: [[UInt8]] = []

  init(seed: UInt64, batches: Int) {
    random = SeededGenerator(seed: seed)
    batch.append(.reference(files: [1]), at: now)
    batch.append(.link(up: true), at: now)
    for _ in 0..<batches {
      for _ in 0..<random.number(1...12) { happen() }
      bodies.append(Array(batch.body))
      batch.removeAll()
    }
  }

  private mutating func happen() {
    let steps: [Int64] = [0, 0, 500, 20_000, 61_000, 181_000]
    let isLong = random.happens(onceIn: 60)
    now = now.advanced(byMilliseconds: isLong ? 3_000_000 : random.one(of: steps))
    switch random.number(0...39) {
    case 0...4: batch.append(.tick, at: now)
    case 5: batch.append(.link(up: random.happens(onceIn: 2)), at: now)
    case 6: clockStep()
    case 7: batch.append(.reference(files: [Int64(random.number(1...4))]), at: now)
    case 8: batch.append(.brokerDropped(count: Int64(random.number(1...99))), at: now)
    case 9...13: alarm()
    case 14: nonsense()
    default: flat()
    }
  }

  private mutating func clockStep() {
    let step = Int64(random.number(-900...900)) * 1000
    now = now.advanced(byMilliseconds: step)
    batch.append(.clockStep(milliseconds: step), at: now)
  }

  private mutating func time() -> Int64 {
    let ages: [Int64] = [0, 0, 0, 1000, 30_000, 400_000, -60_000]
    return now.milliseconds - random.one(of: ages)
  }

  private mutating func alarm() {
    let flag = random.one(of: ["BEGIN", "END", "MAYBE"])
    let code = random.one(of: ["0406016001", "0406016001", "0117005001", "9"])
    let text = #"{"time":\#(time()),"code":"\#(code)","flag":"\#(flag)"}"#
    send("fsu/D-\(random.number(6...8))/alarm", Array(text.utf8))
  }

  private mutating func nonsense() {
    let topics = ["uplink/D-1/json", "nobody/knows", "fsu//alarm", "uplink/\u{1}/json", ""]
    send(random.one(of: topics), random.bytes(random.number(0...30)))
  }

  private mutating func flat() {
    let number = random.number(0...14)
    var text = #"{"time":\#(time())"#
    if random.happens(onceIn: 2) {
      for phase in ["a", "b", "c"] {
        text += #","voltage.\#(phase)":\#(random.one(of: ["0", "0.1", "89.9", "90", "230.1"]))"#
      }
    }
    if random.happens(onceIn: 4) { text += #","mains.present":\#(random.number(0...1))"# }
    if random.happens(onceIn: 3) {
      let prices = ["1.05", "1.10", "1.2", "1.20", "0.99999999", "1.15000001", "999"]
      text += #","price.energy":\#(random.one(of: prices))"#
    }
    if random.happens(onceIn: 6) {
      text += #","device.firmware":"V\#(random.number(1...9)).\#(random.number(0...3))"#
      text += "\""
    }
    let before = registers[number, default: 100_000]
    let after = random.happens(onceIn: 25) ? 7 : before + random.number(0...900)
    registers[number] = after
    text += #","energy.active.import.total":"\#(after / 100).\#(after % 100 + 100)"}"#
    send("uplink/D-\(number)/json", Array(text.utf8))
  }

  private mutating func send(_ topic: String, _ payload: [UInt8]) {
    let isRetained = random.happens(onceIn: 15)
    let packet = UInt16(random.number(0...65_535))
    Array(topic.utf8).withUnsafeBytes { topic in
      payload.withUnsafeBytes { payload in
        batch.append(
          topic: topic, payload: payload, packet: packet, qos: 1, retained: isRetained,
          receivedAt: now)
      }
    }
  }
}
