import Documents
import Foundation
import SiteModel
import Tariffs
import Testing

/// The files of `config/samples` must load, and their prices must be marked as samples.
@Suite struct SampleFilesTests {
  private func bytes(_ name: String) throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return Array(try Data(contentsOf: root.appending(path: "config/samples/\(name)")))
  }

  @Test func theRegistryLoads() throws {
    let files = try RegistryFile.Kind.allCases.map {
      RegistryFile(kind: $0, name: "\($0).csv", bytes: try bytes("\($0).csv"))
    }
    let registry = try RegistryFiles.read(files)
    #expect(registry.sites.count == 5)
    #expect(registry.devices["PM-0001"]?.ctRatio == "40")
    #expect(registry.devices["PM-0010"]?.ptRatio == "100")
    #expect(registry.contracts.map(\.id).first == "HT-2025-001")
  }

  @Test func everyPriceIsASample() throws {
    let table = try TariffFiles.read([("tariff-sample.csv", try bytes("tariff-sample.csv"))])
    #expect(table.rows.count == 20)
    for row in table.rows {
      #expect(row.isSample)
      #expect(row.document.contains("SAMPLE"))
    }
    let month = try #require(YearMonth(parsing: "2026-03"))
    #expect(table.cap(province: "山东省", month: month)?.price == "1.11111111")
  }
}
