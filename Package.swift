// swift-tools-version: 6.1
import PackageDescription

/// Every target is built with the same strictness: warnings are errors, `any` is spelled out, and a
/// file imports what it uses. The arrows of ARCHITECTURE.md are the `dependencies` below.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-warnings-as-errors"]),
]

func room(
  _ name: String, _ dependencies: [Target.Dependency] = [], excluding: [String] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: excluding, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], copying: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: copying.map { .copy($0) },
    swiftSettings: strict)
}

func library(_ name: String, _ package: String) -> Target.Dependency {
  .product(name: name, package: package)
}

let package = Package(
  name: "sitewatt",
  products: [.executable(name: "sitewatt", targets: ["sitewatt"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.80.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.29.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CIconv"),
    .target(
      name: "CSimdjson", cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    room("SiteModel", ["CIconv", library("Crypto", "swift-crypto")]),
    room(
      "Protocols", ["SiteModel", "CSimdjson", library("SwiftProtobuf", "swift-protobuf")],
      excluding: ["sparkplug.proto"]),
    room("Decoding", ["Protocols", "SiteModel"]),
    room("Series", ["SiteModel"]),
    room("Tariffs", ["SiteModel"]),
    room("Documents", ["SiteModel", "Tariffs", library("Yams", "Yams")]),
    room("Detection", ["SiteModel", "Tariffs"]),
    room("Alerting", ["SiteModel"]),
    room("Engine", ["Alerting", "Decoding", "Detection", "Protocols", "SiteModel"]),
    room(
      "Storage",
      [
        "Alerting", "CZstd", "Engine", "Series", "SiteModel", library("GRDB", "GRDB.swift"),
        library("GRDBSQLite", "GRDB.swift"),
      ]),
    room("MQTT", ["CMosquitto", "SiteModel"]),
    room(
      "Notifiers",
      [
        "SiteModel", library("AsyncHTTPClient", "async-http-client"),
        library("NIOCore", "swift-nio"), library("NIOHTTP1", "swift-nio"),
        library("NIOSSL", "swift-nio-ssl"),
      ]),
    room("Simulator", ["SiteModel"]),
    room(
      "Setup",
      [
        "Alerting", "Decoding", "Detection", "Documents", "Engine", "MQTT", "Notifiers",
        "SiteModel", "Storage", "Tariffs",
      ]),
    room(
      "Collector",
      [
        "Decoding", "Engine", "MQTT", "Notifiers", "Setup", "SiteModel", "Storage",
        library("Logging", "swift-log"),
        library("ServiceLifecycle", "swift-service-lifecycle"),
        library("UnixSignals", "swift-service-lifecycle"),
      ]),
    room(
      "Tools",
      [
        "Alerting", "Decoding", "Detection", "Documents", "Engine", "Series", "Setup", "SiteModel",
        "Storage", "Tariffs",
      ]),
    room("Demo", ["Collector", "MQTT", "Setup", "Simulator", "SiteModel"]),
    .executableTarget(
      name: "sitewatt",
      dependencies: [
        "Collector", "Demo", "Setup", "Simulator", "SiteModel", "Tools",
        library("ArgumentParser", "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "benchmarks",
      dependencies: [
        "Decoding", "Detection", "Documents", "Engine", "Setup", "SiteModel", "Storage", "Tariffs",
        "Tools",
      ],
      swiftSettings: strict),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    tests("SiteModelTests", ["SiteModel", "TestSupport"]),
    tests(
      "DecodingTests",
      ["Decoding", "Documents", "Protocols", "SiteModel", "CSimdjson", "TestSupport"],
      copying: ["Cases", "Profiles", "SparkplugCases", "dlt645-identifiers.txt"]),
    tests("ProtocolsTests", ["Protocols", "SiteModel", "TestSupport"]),
    tests(
      "DocumentsTests", ["Documents", "SiteModel", "Tariffs", "TestSupport"], copying: ["Cases"]),
    tests("TariffsTests", ["SiteModel", "Tariffs"]),
    tests("SeriesTests", ["Series", "SiteModel", "TestSupport"]),
    tests(
      "DetectionTests", ["Detection", "SiteModel", "Tariffs", "TestSupport"], copying: ["Cases"]),
    tests("AlertingTests", ["Alerting", "SiteModel"]),
    tests(
      "EngineTests",
      [
        "Alerting", "Decoding", "Detection", "Documents", "Engine", "SiteModel", "Tariffs",
        "TestSupport",
      ]),
    tests(
      "StorageTests",
      [
        "Alerting", "Detection", "Engine", "Series", "SiteModel", "Storage", "Tariffs",
        "TestSupport", library("GRDB", "GRDB.swift"),
      ], copying: ["Cases"]),
    tests("MQTTTests", ["MQTT", "SiteModel", "TestSupport"]),
    tests("NotifiersTests", ["Notifiers", "SiteModel", "TestSupport"]),
    tests("SimulatorTests", ["Simulator", "SiteModel"]),
    tests("SetupTests", ["Setup", "SiteModel", "Storage", "TestSupport"]),
    tests(
      "CollectorTests",
      [
        "Alerting", "Collector", "Engine", "Notifiers", "Setup", "SiteModel", "Storage",
        "TestSupport", library("Logging", "swift-log"),
        library("ServiceLifecycle", "swift-service-lifecycle"),
      ]),
    tests(
      "ToolsTests",
      [
        "Alerting", "Documents", "Engine", "Series", "Setup", "SiteModel", "Storage", "TestSupport",
        "Tools", library("GRDB", "GRDB.swift"),
      ], copying: ["Cases"]),
    tests(
      "AcceptanceTests",
      [
        "Alerting", "Engine", "MQTT", "Setup", "Simulator", "SiteModel", "Storage", "TestSupport",
        "sitewatt",
      ], copying: ["Cases"]),
    tests("TidyTests", []),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
