import Engine
import Testing

/// What the broker sends again is recognised, and nothing else is.
@Suite struct RedeliveryTests {
  private struct Message {
    var packet: UInt16
    var payload = "1"
    var topic = "uplink/D-1/json"
  }

  private func expecting(_ journal: [Message]) -> Redelivery {
    var redelivery = Redelivery()
    for message in journal {
      call(message) { redelivery.expect(packet: message.packet, topic: $0, payload: $1) }
    }
    return redelivery
  }

  private func call<Result>(
    _ message: Message,
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
  ) -> Result {
    Array(message.topic.utf8).withUnsafeBytes { topic in
      Array(message.payload.utf8).withUnsafeBytes { payload in body(topic, payload) }
    }
  }

  private func repeated(_ redelivery: inout Redelivery, _ messages: [Message]) -> [Bool] {
    messages.map { message in
      call(message) {
        redelivery.isRepeated(packet: message.packet, topic: $0, payload: $1)
      }
    }
  }

  @Test func theNewestMessagesOfTheJournalInTheirOrder() {
    let journal = (1...10).map { Message(packet: $0, payload: "\($0)") }
    for start in 0..<10 {
      var redelivery = expecting(journal)
      #expect(repeated(&redelivery, Array(journal[start...])).allSatisfy { $0 })
      // After the newest, nothing can come again.
      #expect(!redelivery.isExpecting)
      #expect(repeated(&redelivery, journal) == Array(repeating: false, count: 10))
    }
  }

  @Test func theFirstOtherMessageEndsIt() {
    let journal = (1...5).map { Message(packet: $0, payload: "\($0)") }
    let others = [
      Message(packet: 6, payload: "1"), Message(packet: 5, payload: "other"),
      Message(packet: 5, payload: "5", topic: "uplink/D-2/json"), journal[1],
    ]
    for other in others {
      var redelivery = expecting(journal)
      #expect(repeated(&redelivery, [journal[2], other, journal[4]]) == [true, false, false])
      #expect(!redelivery.isExpecting)
    }
  }

  @Test func topicAndPayloadAreKeptApart() {
    var redelivery = expecting([Message(packet: 1, payload: "bc", topic: "a")])
    #expect(repeated(&redelivery, [Message(packet: 1, payload: "c", topic: "ab")]) == [false])
  }

  /// A device that always says the same, behind a broker that counts its identifiers up.
  @Test func newMessagesWithTheSameContentAreNeverLost() {
    let journal = (1...3000).map { Message(packet: UInt16($0)) }
    var redelivery = expecting(journal)
    let resent = journal.suffix(20) + (3001...3100).map { Message(packet: UInt16($0)) }
    let found = repeated(&redelivery, Array(resent))
    #expect(found == Array(repeating: true, count: 20) + Array(repeating: false, count: 100))
  }

  /// The same behind a broker that gives out the lowest free identifier: a message that was
  /// acknowledged lent its identifier to a later one.
  @Test func newMessagesUnderOldIdentifiersAreNeverLost() {
    let journal = (0..<1000).map { Message(packet: UInt16($0 % 10 + 1)) }
    // The newest three were not acknowledged; new messages take the identifiers 1 to 7.
    let resent = [8, 9, 10, 1, 2, 3].map { Message(packet: UInt16($0)) }
    var redelivery = expecting(journal)
    #expect(repeated(&redelivery, resent) == [true, true, true, false, false, false])
  }

  /// The identifiers 1 and 2 were given out again, so all before was acknowledged.
  @Test func whatWasSurelyAcknowledgedIsNotExpected() {
    let journal = [3, 1, 2, 1, 2, 4].map { Message(packet: UInt16($0)) }
    var redelivery = expecting(journal)
    #expect(repeated(&redelivery, [Message(packet: 3)]) == [false])
  }

  @Test func identifiersThatBeganAnewAreNoTrouble() {
    let journal = ((65_530...65_535).map { $0 } + (1...6).map { $0 }).map {
      Message(packet: UInt16($0), payload: "\($0)")
    }
    var redelivery = expecting(journal)
    #expect(repeated(&redelivery, Array(journal[3...])).allSatisfy { $0 })
  }

  @Test func qosZeroIsNeverARepetitionAndEndsNothing() {
    let journal = [Message(packet: 1), Message(packet: 0), Message(packet: 2)]
    var redelivery = expecting(journal)
    #expect(repeated(&redelivery, journal) == [true, false, true])
    var nothing = expecting([Message(packet: 0)])
    #expect(!nothing.isExpecting)
    #expect(repeated(&nothing, [Message(packet: 0)]) == [false])
  }

  @Test func withoutASessionNothingIsExpected() {
    var redelivery = expecting([Message(packet: 1)])
    redelivery.forget()
    #expect(!redelivery.isExpecting)
    #expect(repeated(&redelivery, [Message(packet: 1)]) == [false])
  }
}
