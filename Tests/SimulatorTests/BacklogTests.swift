import Foundation
import SiteModel
import Testing

@testable import Simulator

/// The backlog for measurements: exact numbers of messages and fields, and meters that add up.
@Suite struct BacklogTests {
  private func messages(_ options: BacklogOptions) -> [(topic: String, payload: [UInt8])] {
    var backlog = Backlog(options)
    let topics = backlog.topics
    var result: [(topic: String, payload: [UInt8])] = []
    while backlog.next({ result.append((topics[$0], Array($1))) }) {}
    return result
  }

  @Test func everyMessageHasItsFieldsAndItsSize() throws {
    var options = BacklogOptions()
    options.devices = 10
    options.messages = 2_005
    let all = messages(options)
    #expect(all.count == 2_005 && all[2_004].topic == "uplink/BENCH-0005/json")
    for (_, payload) in all {
      #expect((130...180).contains(payload.count))
      let object = try JSONSerialization.jsonObject(with: Data(payload)) as? [String: Any]
      #expect(object?.count == 7)
    }
    #expect(messages(options).map(\.payload) == all.map(\.payload))
  }

  @Test func everyNumberOfFieldsIsKept() throws {
    for fields in 1...10 {
      var options = BacklogOptions()
      options.messages = 1
      options.fields = fields
      let payload = Data(messages(options)[0].payload)
      let object = try JSONSerialization.jsonObject(with: payload) as? [String: Any]
      #expect(object?.count == fields + 1)
      for key in (object ?? [:]).keys where key != "time" {
        #expect(MetricCatalogue.metric(named: key) != nil)
      }
    }
  }

  @Test func registersIntegrateThePowerExactly() throws {
    var options = BacklogOptions()
    options.devices = 1
    options.messages = 500
    var energy: Int64 = 0
    var first: Int128?
    for (topic, payload) in messages(options) {
      let message = SimulatedMessage(
        publishAt: options.start, topic: topic, payload: payload, id: 0)
      let power = try #require(Sample.decimal(after: "\"power.active.total\":", in: message))
      let register = try #require(
        Sample.decimal(after: "\"energy.active.import.total\":", in: message))
      if first != nil { energy += Int64(power.significand) * 60_000 }
      let start = first ?? register.significand
      first = start
      #expect(register.significand == start + Int128(energy / 36_000_000))
    }
  }
}
