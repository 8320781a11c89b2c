import Documents
import SiteModel
import Testing

/// Registry spreadsheets against the registry or the problems that they must give.
@Suite struct RegistryFilesTests {
  @Test(arguments: GoldenCase.all("registry"))
  func matches(golden: GoldenCase) throws {
    let files = try golden.files(ending: ".csv").map { file in
      let word = file.name.prefix { $0 != "." && $0 != "-" }
      let kind = try #require(RegistryFile.Kind(rawValue: String(word)), "\(file.name)")
      return RegistryFile(kind: kind, name: file.name, bytes: file.bytes)
    }
    do {
      try golden.expect(Self.text(of: try RegistryFiles.read(files)))
    } catch let problems as Problems {
      try golden.expect(problems.description)
    }
  }

  @Test func thereAreCases() { #expect(GoldenCase.all("registry").count >= 10) }

  private static func text(of registry: Registry) -> String {
    var lines: [String] = []
    for (id, site) in registry.sites.sorted(by: { $0.key < $1.key }) {
      lines.append(
        "site \(id) | \(site.name) | \(site.region) | \(site.province) | \(site.transformer) | "
          + site.landlord)
    }
    for (id, device) in registry.devices.sorted(by: { $0.key < $1.key }) {
      let silence = device.silentAfterSeconds.map(String.init) ?? "-"
      lines.append(
        "device \(id) | \(device.site) | \(device.hardware) | \(device.role) | \(device.address) | "
          + "\(device.parent) | ct \(device.ctRatio) | pt \(device.ptRatio) | silent \(silence)")
    }
    for (id, feeder) in registry.feeders.sorted(by: { $0.key < $1.key }) {
      lines.append("feeder \(id) | \(feeder.name)")
    }
    for (id, transformer) in registry.transformers.sorted(by: { $0.key < $1.key }) {
      lines.append("transformer \(id) | \(transformer.name) | \(transformer.feeder)")
    }
    for (id, landlord) in registry.landlords.sorted(by: { $0.key < $1.key }) {
      lines.append("landlord \(id) | \(landlord.name)")
    }
    for contract in registry.contracts {
      let until = contract.until?.description ?? "-"
      lines.append(
        "contract \(contract.id) | \(contract.site) | \(contract.landlord) | \(contract.meter) | "
          + "\(contract.unitPrice) | \(contract.from) | \(until) | \(contract.source)")
    }
    return lines.joined(separator: "\n")
  }
}
