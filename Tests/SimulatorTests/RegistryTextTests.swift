import SiteModel
import Testing

@testable import Simulator

/// The spreadsheets are well formed and agree with each other.
@Suite struct RegistryTextTests {
  private func rows(_ text: String) -> [[String]] {
    text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  @Test func everyRowHasTheCellsOfItsHeading() {
    let fleet = Fleet(Sample.options())
    let registry = fleet.registry
    for text in [
      registry.sites, registry.devices, registry.feeders, registry.transformers,
      registry.landlords, registry.contracts, fleet.tariffCSV,
    ] {
      let table = rows(text)
      #expect(table.count > 1 && text.hasSuffix("\n"))
      #expect(table.allSatisfy { $0.count == table[0].count })
      #expect(!text.contains("\"") && !text.contains("\r"))
    }
  }

  @Test func codesAreUniqueAndReferencesLead() {
    let registry = Fleet(Sample.options()).registry
    func codes(_ text: String) -> Set<String> { Set(rows(text).dropFirst().map { $0[0] }) }
    let sites = rows(registry.sites).dropFirst()
    let devices = rows(registry.devices).dropFirst()
    #expect(codes(registry.sites).count == sites.count)
    #expect(codes(registry.devices).count == devices.count)
    #expect(devices.allSatisfy { codes(registry.sites).contains($0[1]) })
    #expect(devices.allSatisfy { $0[5].isEmpty || codes(registry.devices).contains($0[5]) })
    #expect(devices.allSatisfy { Hardware(rawValue: $0[2]) != nil })
    #expect(devices.allSatisfy { DeviceRole(rawValue: $0[3]) != nil })
    #expect(sites.allSatisfy { codes(registry.transformers).contains($0[4]) })
    #expect(sites.allSatisfy { $0[5].isEmpty || codes(registry.landlords).contains($0[5]) })
    for contract in rows(registry.contracts).dropFirst() {
      #expect(codes(registry.sites).contains(contract[1]))
      #expect(codes(registry.landlords).contains(contract[2]))
      #expect(codes(registry.devices).contains(contract[3]))
    }
    #expect(Set(devices.map { $0[2] }).count == Hardware.allCases.count)
  }

  @Test func theTariffIsMarkedAsASampleAndHoldsTheCap() {
    let text = Fleet(Sample.options()).tariffCSV
    #expect(text.hasPrefix("# SAMPLE 示例数据，非官方电价\n"))
    #expect(
      text.contains(
        "示例省,,2026-03,2026-04,工商业,单一制,不满1千伏,高峰,0.93000000,"))
    #expect(rows(text).dropFirst().allSatisfy { $0.last == "true" })
  }

  @Test func withoutLandlordsThereAreOnlyHeadings() {
    var options = Sample.options()
    options.landlordPermille = 0
    let registry = Fleet(options).registry
    #expect(rows(registry.landlords).count == 1 && rows(registry.contracts).count == 1)
  }
}
