import Alerting
import SiteModel
import Testing

/// Who is told what, how often and under which number.
@Suite struct IncidentsTests {
  /// Incidents with what came of them.
  private struct Desk {
    var incidents = Incidents()
    var routes = [Route(channel: "log")]
    var rows: [AlertRecord] = []
    var sent: [Notification] = []

    mutating func take(_ alert: AlertRecord) {
      incidents.take(alert, routes: routes, alerts: &rows, notifications: &sent)
    }

    /// `raised`, `cleared` … of all notifications.
    var transitions: [String] {
      sent.compactMap { $0.body.split(separator: "\"transition\":\"").last }
        .map { String($0.prefix { $0 != "\"" }) }
    }

    mutating func restart() throws {
      var writer = ByteWriter()
      incidents.write(to: &writer)
      incidents = try writer.bytes.withUnsafeBytes { buffer in
        var reader = ByteReader(buffer)
        let read = try Incidents(from: &reader)
        #expect(reader.isAtEnd)
        return read
      }
      var again = ByteWriter()
      incidents.write(to: &again)
      #expect(again.bytes == writer.bytes)
    }
  }

  private func alert(
    _ id: String = "outage.mains/S-1/1", _ state: AlertState = .open, facts: String = "{}",
    severity: Severity = .critical
  ) -> AlertRecord {
    AlertRecord(
      id: id, kind: String(id.prefix { $0 != "/" }), severity: severity, site: "S-1",
      region: "济南", subject: "", openedAt: Timestamp(milliseconds: 1),
      clearedAt: state == .open ? nil : Timestamp(milliseconds: 9), state: state, titleZh: "停电",
      titleEn: "Outage", evidence: facts)
  }

  @Test func isRaisedOnceAndClearedOnceWhateverIsRepeated() throws {
    var desk = Desk()
    for state in [AlertState.open, .open, .cleared, .cleared, .open, .open, .cleared] {
      desk.take(alert("outage.mains/S-1/1", state))
      try desk.restart()
    }
    #expect(desk.transitions == ["raised", "cleared"])
    #expect(desk.incidents.openCount == 0)
    #expect(desk.rows.last?.state == .cleared)
  }

  @Test func otherFactsAmendSilently() {
    var desk = Desk()
    desk.take(alert(facts: #"{"kwh":"1"}"#))
    desk.take(alert(facts: #"{"kwh":"2"}"#))
    desk.take(alert(facts: #"{"kwh":"2"}"#))
    #expect(desk.rows.map(\.evidence) == [#"{"kwh":"1"}"#, #"{"kwh":"2"}"#])
    desk.take(alert("outage.mains/S-1/1", .cleared, facts: #"{"kwh":"3"}"#))
    desk.take(alert("outage.mains/S-1/1", .cleared, facts: #"{"kwh":"4"}"#))
    #expect(desk.rows.last?.evidence == #"{"kwh":"4"}"#)
    #expect(desk.transitions == ["raised", "cleared"])
  }

  @Test func anEndWithoutABeginTellsBoth() {
    var desk = Desk()
    desk.take(alert("broker.messages_dropped/broker/5", .cleared))
    #expect(desk.transitions == ["raised", "cleared"])
    #expect(desk.sent.map(\.number) == [1, 2])
  }

  @Test func isWithdrawnOnceAndRaisedAnewByAFurtherCorrection() throws {
    var desk = Desk()
    for state in [AlertState.open, .withdrawn, .withdrawn, .open, .open, .withdrawn, .open] {
      desk.take(alert("price.cap_exceeded/M-1/1", state))
      try desk.restart()
    }
    let expected = ["raised", "withdrawn", "raised", "withdrawn", "raised"]
    #expect(desk.transitions == expected)
    #expect(desk.incidents.openCount == 1)
    #expect(Set(desk.sent.map(\.key)).count == 5)
  }

  @Test func aClearedOneMayStillBeWithdrawnOnce() {
    var desk = Desk()
    for state in [AlertState.open, .cleared, .withdrawn, .withdrawn, .cleared, .cleared] {
      desk.take(alert("price.cap_exceeded/M-1/1", state))
    }
    #expect(desk.transitions == ["raised", "cleared", "withdrawn", "raised", "cleared"])
    #expect(Set(desk.sent.map(\.key)).count == 5)
  }

  @Test func numbersHaveNoGapsAcrossChannelsAndRestarts() throws {
    var desk = Desk()
    desk.routes = [
      Route(channel: "log"), Route(channel: "hook", leastSeverity: .major, kinds: ["outage."]),
    ]
    for number in 0..<20 {
      let severity: Severity = number % 3 == 0 ? .minor : .critical
      let kind = number % 2 == 0 ? "outage.mains" : "price.cap_exceeded"
      let id = "\(kind)/S-\(number)/1"
      desk.take(alert(id, severity: severity))
      if number % 4 == 0 { desk.take(alert(id, .cleared, severity: severity)) }
      try desk.restart()
    }
    #expect(desk.sent.map(\.number) == (1...Int64(desk.sent.count)).map { $0 })
    #expect(Set(desk.sent.map(\.key)).count == desk.sent.count)
  }

  @Test func routesChooseBySeverityAndKind() {
    var desk = Desk()
    desk.routes = [
      Route(channel: "all"), Route(channel: "urgent", leastSeverity: .major),
      Route(channel: "outages", kinds: ["outage.", "device.silent"]),
    ]
    desk.take(alert("outage.mains/S-1/1", severity: .critical))
    desk.take(alert("price.cap_exceeded/M-1/1", severity: .major))
    desk.take(alert("device.silent/M-2/1", severity: .minor))
    desk.take(alert("outages.other/M-3/1", severity: .info))
    #expect(
      desk.sent.map(\.channel) == [
        "all", "urgent", "outages", "all", "urgent", "all", "outages", "all",
      ])
  }

  /// Receivers recognise repetitions by these keys, and people read this document.
  @Test func theDocumentIsStable() throws {
    var desk = Desk()
    desk.take(alert(facts: #"{"cap":"1.00"}"#))
    let note = try #require(desk.sent.first)
    #expect(note.key == "1a0e15e53ae289aaf4a4c9399472b5ab")
    let alert =
      #"{"id":"outage.mains/S-1/1","kind":"outage.mains","severity":"critical","site":"S-1","#
      + #""region":"济南","subject":"","opened_at":"1970-01-01T00:00:00.001Z","#
      + #""cleared_at":null,"state":"open","title":"停电","title_en":"Outage","#
      + #""evidence":{"cap":"1.00"}}"#
    let head = #"{"version":1,"number":1,"key":""# + note.key + #"","transition":"raised","alert":"#
    #expect(note.body == head + alert + "}")
    #expect(note.channel == "log" && note.attempts == 0)
  }

  @Test func damagedBytesAreRefused() {
    var desk = Desk()
    desk.take(alert())
    desk.take(alert("outage.mains/S-2/1", .cleared))
    var writer = ByteWriter()
    desk.incidents.write(to: &writer)
    for length in 0..<writer.bytes.count {
      writer.bytes.withUnsafeBytes { buffer in
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: buffer[..<length]))
        #expect(throws: CorruptBytes.self) { try Incidents(from: &reader) }
      }
    }
  }

  @Test func endsAreRememberedUpToALimit() {
    var desk = Desk()
    desk.routes = []
    for number in 0..<100_001 { desk.take(alert("outage.mains/S/\(number)", .cleared)) }
    desk.rows.removeAll()
    desk.take(alert("outage.mains/S/100000"))
    #expect(desk.rows.isEmpty)
    desk.take(alert("outage.mains/S/0"))
    #expect(desk.rows.count == 1)
  }
}
