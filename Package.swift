// swift-tools-version: 6.1
import PackageDescription

/// Every target is built with the same strictness: warnings are errors, `any` is spelled out, and a
/// file imports what it uses. The arrows of ARCHITECTURE.md are the `dependencies` below.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-warnings-as-errors"]),
]

func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], copying: [String] = []) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: copying.map { .copy($0) },
    swiftSettings: strict)
}

let package = Package(
  name: "sitewatt",
  products: [.executable(name: "sitewatt", targets: ["sitewatt"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"4.0.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.30.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
  ],
  targets: [
    .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto", providers: [.apt(["libmosquitto-dev"])]),
    .target(
      name: "CSimdjson", cxxSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),
    room("SiteModel", [.product(name: "Crypto", package: "swift-crypto")]),
    room("Decoding", ["SiteModel", "CSimdjson"]),
    room("Documents", ["SiteModel", "Tariffs", .product(name: "Yams", package: "Yams")]),
    room("Series", ["SiteModel"]),
    room("Tariffs", ["SiteModel"]),
    room("Detection", ["SiteModel", "Tariffs"]),
    room("Alerting", ["SiteModel"]),
    room("Engine", ["Alerting", "Decoding", "Detection", "Series", "SiteModel", "Tariffs"]),
    room("Storage", ["Engine", "Alerting", "Series", "SiteModel", .product(name: "GRDB", package: "GRDB.swift")]),
    room("MQTT", ["CMosquitto"]),
    room("Notifiers", ["SiteModel", .product(name: "AsyncHTTPClient", package: "async-http-client")]),
    room("Simulator", ["SiteModel"]),
    room(
      "Collector",
      [
        "Alerting", "Decoding", "Detection", "Documents", "Engine", "MQTT", "Notifiers", "Series",
        "SiteModel", "Storage", "Tariffs",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]),
    .executableTarget(
      name: "sitewatt",
      dependencies: [
        "Collector", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)
