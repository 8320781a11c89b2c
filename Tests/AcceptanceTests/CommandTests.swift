import Foundation
import SiteModel
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// The commands beside `run`, on the database of a collector.
  @Suite(.serialized) struct CommandTests {
    /// Prices of 山东省 for a month: the cap is 1.00.
    private func tariffs(_ month: String) -> String {
      """
      province,month,user_class,scheme,voltage_class,period,price,document,published,sample
      山东省,\(month),工商业,单一制,不满1千伏,高峰,1.00000000,TEST-\(month),2026-01-20,true

      """
    }

    @Test func decodePrintsEveryKindOfObject() async throws {
      let folder = try TemporaryFolder()
      try folder.write("site,name,region,province\nS1,站点,区,山东省\n", to: "sites.csv")
      try folder.write("device,site,hardware,role\nM-1,S1,meter,master\n", to: "devices.csv")
      var options = Installation.Options()
      options.registry = ["sites: sites.csv", "devices: devices.csv"]
      let installation = try Installation(
        broker: "mqtt://127.0.0.1:1", options, folder: folder)
      let (status, reading) = try await installation.run(
        "decode", "--topic", "uplink/M-1/json",
        input: Array(#"{"time":"2026-03-01T08:00:00Z","voltage.a":229.80,"current.a":"x"}"#.utf8))
      #expect(status == 0)
      #expect(
        reading.lines == [
          #"{"kind":"reading","device":"M-1","site":"S1","metric":"voltage.a","value":"229.80","#
            + #""unit":"V","time":"2026-03-01T08:00:00.000Z","quality":"good"}"#,
          #"{"kind":"rejected","device":"M-1","site":"S1","reason":"bad_number","#
            + #""part":"current.a","text":"current.a: found 'x', expected a decimal number"}"#,
        ])
      let alarm = """
        {"TAlarmList":[{"Id":"0406016001","AlarmTime":"2026-03-01 16:00:00","AlarmLevel":2,
        "AlarmFlag":"BEGIN"}]}
        """
      let digits = alarm.utf8.map { String(format: "%02X ", $0) }.joined()
      let (_, event) = try await installation.run(
        "decode", "--topic", "fsu/37010243800001/alarm", "--hex", input: Array(digits.utf8))
      #expect(
        event.lines == [
          #"{"kind":"event","device":"37010243800001","alarm":"mains.lost","#
            + #""state":"raised","severity":"major","code":"0406016001","#
            + #""time":"2026-03-01T08:00:00.000Z","quality":"good"}"#
        ])
      let (_, cut) = try await installation.run(
        "decode", "--topic", "dlt645/DTU-3/up", "--hex", input: Array("680100000000".utf8))
      #expect(
        cut.lines == [
          #"{"kind":"unfinished","text":"6 bytes of the payload wait for the rest of a frame"}"#
        ])
      let (refused, odd) = try await installation.run(
        "decode", "--topic", "a", "--hex", input: Array("ABC".utf8))
      #expect(refused == 1 && odd.errors.contains("expected hexadecimal digits in pairs"))
    }

    @Test func queryAndAlertsReadBackWhileTheCollectorRuns() async throws {
      let broker = try Broker()
      var options = Installation.Options()
      options.rules = ["outage.mains: {delay_s: 0, clear_s: 0}"]
      let installation = try Installation(broker: broker.url, options)
      let collector = try await installation.startConnected()
      let states = [(0, "A", 0), (60, "A", 1), (120, "B", 0)]
      try await Publisher.publish(
        (0..<3).map {
          Message(
            "uplink/Q/json",
            "{\"time\":\(1_772_352_000 + $0 * 60),\"energy.active.import.total\":\($0).10}")
        }
          + states.map {
            Message(
              "uplink/\($1)/json", "{\"time\":\(1_772_352_000 + $0),\"mains.present\":\($2)}")
          }, to: broker.url)
      try await installation.stores(6)

      let (status, csv) = try await installation.run(
        "query", "--device", "Q", "--metric", "energy.active.import.total")
      #expect(status == 0)
      #expect(
        csv.lines == [
          "time,device,metric,value,unit,quality",
          "2026-03-01T08:00:00.000Z,Q,energy.active.import.total,0.10,kWh,good",
          "2026-03-01T08:01:00.000Z,Q,energy.active.import.total,1.10,kWh,good",
          "2026-03-01T08:02:00.000Z,Q,energy.active.import.total,2.10,kWh,good",
        ])
      // From counts, to does not; local time means UTC+8.
      let (_, json) = try await installation.run(
        "query", "--device", "Q", "--metric", "energy.active.import.total", "--format", "json",
        "--from", "2026-03-01 16:01:00", "--to", "2026-03-01T08:02:00Z")
      #expect(
        json.lines == [
          #"{"kind":"reading","device":"Q","metric":"energy.active.import.total","value":"1.10","#
            + #""unit":"kWh","time":"2026-03-01T08:01:00.000Z","quality":"good"}"#
        ])
      let (unknown, problem) = try await installation.run(
        "query", "--device", "Q", "--metric", "voltage.x")
      #expect(unknown == 1)
      #expect(
        problem.errors.contains("'voltage.x' is not in the catalogue; this device has: energy"))

      let (_, table) = try await installation.run("alerts")
      #expect(table.lines.first?.hasPrefix("OPENED 开始") == true)
      #expect(table.lines.dropFirst().first?.hasPrefix("2026-03-01 16:00:00") == true)
      #expect(table.lines.last == "2 alerts, 1 open (times are UTC+8)")
      let all = try await installation.alerts()
      #expect(all.map(\.subject) == ["A", "B"])
      #expect(all.first?.cleared_at == "2026-03-01T08:01:00.000Z" && all.first?.state == "cleared")
      let open = try await installation.alerts("--open")
      #expect(open.map(\.subject) == ["B"] && open.first?.cleared_at == nil)
      #expect(try await collector.stop() == 0)
    }

    @Test func aRunningCollectorTakesAnImportOver() async throws {
      let broker = try Broker()
      let folder = try TemporaryFolder()
      try folder.write("site,name,region,province\nS1,站点,区,山东省\n", to: "sites.csv")
      try folder.write("device,site,hardware,role\nPM-1,S1,meter,sub\n", to: "devices.csv")
      try folder.write(tariffs("2026-02"), to: "february.csv")
      let march = try folder.write(tariffs("2026-03"), to: "march.csv")
      var options = Installation.Options()
      options.registry = ["sites: sites.csv", "devices: devices.csv"]
      options.tariffs = ["february.csv"]
      let installation = try Installation(broker: broker.url, options, folder: folder)
      let collector = try await installation.startConnected()
      let payloads = [("100.00", "1.20"), ("150.50", "1.20")].enumerated().map { index, one in
        "{\"time\":\(1_772_352_000 + index * 60),\"energy_kwh\":\(one.0),"
          + "\"price_yuan_per_kwh\":\(one.1)}"
      }
      try await Publisher.publish(
        payloads.map { Message("prepaid/PM-1/report", $0) }, to: broker.url)
      try await installation.stores(2)
      #expect(try await installation.alerts().map(\.kind) == ["price.tariff_missing"])

      let (status, stored) = try await installation.run("import", "--tariffs", march)
      #expect(status == 0)
      #expect(stored.output.hasPrefix("tariffs: stored import:march.csv as number "))
      try await eventually("the import is in force") {
        try await installation.alerts().count == 2
      }
      let alerts = try await installation.alerts()
      let missing = alerts.first { $0.kind == "price.tariff_missing" }
      #expect(missing?.state == "cleared")
      let exceeded = alerts.first { $0.kind == "price.cap_exceeded" }
      #expect(exceeded?.state == "open" && exceeded?.site == "S1" && exceeded?.subject == "PM-1")
      #expect(exceeded?.evidence.kwh.flatMap { try? ExactDecimal(parsing: $0) } == "50.5")
      #expect(exceeded?.evidence.overcharge.flatMap { try? ExactDecimal(parsing: $0) } == "10.1")
      let (again, same) = try await installation.run("import", "--tariffs", march)
      #expect(again == 0 && same.output.contains("is stored already"))
      try folder.write("province,month\n山东省,2026-99\n", to: "wrong.csv")
      let (refused, wrong) = try await installation.run(
        "import", "--tariffs", "\(folder.path)/wrong.csv")
      #expect(refused == 1 && wrong.errors.contains("import:wrong.csv:"))
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
    }

    @Test func verifyNamesTheRowOfATamperedJournal() async throws {
      let broker = try Broker()
      let installation = try Installation(broker: broker.url)
      let collector = try await installation.startConnected()
      for second in 0..<3 {
        try await Publisher.publish(
          [
            Message(
              "uplink/T\(second)/json",
              "{\"time\":\(1_772_352_000 + second),\"voltage.a\":23\(second)}")
          ], to: broker.url)
        try await installation.stores(second + 1)
      }
      #expect(try await collector.stop() == 0)
      #expect(try await installation.verify() == "")
      var row: Int64 = 0
      try installation.reader().forEachSegment { segment in
        if String(decoding: segment.body, as: UTF8.self).contains("uplink/T1/json") {
          row = segment.seq
        }
        return true
      }
      let file = URL(filePath: installation.database)
      var bytes = try Data(contentsOf: file)
      let place = try #require(bytes.range(of: Data("\"voltage.a\":231".utf8)))
      bytes[place.upperBound - 1] ^= 1
      try bytes.write(to: file)
      let (status, verified) = try await installation.run("verify")
      #expect(status == 1)
      #expect(verified.output.contains("journal row \(row): the hash does not match"))
      #expect(verified.lines.filter { $0.hasPrefix("journal row") }.count == 1)
    }

    @Test func theSameSeedGivesTheSameFleet() async throws {
      let installation = try Installation(broker: "mqtt://127.0.0.1:1")
      var folders: [String] = []
      for (name, seed) in [("a", "7"), ("b", "7"), ("c", "8")] {
        let folder = "\(installation.folder.path)/\(name)"
        let (status, _) = try await installation.run(
          "simulate", "--seed", seed, "--sites", "20", "--start", "2026-03-01T00:00:00Z",
          "--files", folder)
        #expect(status == 0)
        folders.append(folder)
      }
      let texts = try folders.map { folder in
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
          "\($0)\n" + (try String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8))
        }
      }
      #expect(texts[0].count == 7 && texts[0] == texts[1] && texts[0] != texts[2])
    }
  }
}
