import Foundation

/// A test authority with certificates for a broker at 127.0.0.1 and for one client, made with the
/// `openssl` program and valid for one day.
public struct Certificates: Sendable {
  /// The PEM file of the authority.
  public let authority: String

  /// The broker's PEM certificate, for 127.0.0.1 and localhost.
  public let broker: String

  /// The broker's PEM key.
  public let brokerKey: String

  /// The client's PEM certificate, with the common name `collector`.
  public let client: String

  /// The client's PEM key.
  public let clientKey: String

  /// Makes them in a folder; `prefix` keeps several authorities apart.
  public init(in folder: TemporaryFolder, prefix: String = "test", host: String = "127.0.0.1")
    throws
  {
    let base = "\(folder.path)/\(prefix)"
    func openssl(_ arguments: String) throws {
      try run("/usr/bin/openssl", arguments.split(separator: " ").map(String.init))
    }
    let newKey = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    try openssl(
      "req -x509 \(newKey) -days 1 -subj /CN=\(prefix)-authority -keyout \(base)-ca.key"
        + " -out \(base)-ca.pem")
    let names = host.first?.isNumber == true ? "IP:\(host)" : "DNS:\(host)"
    for (name, subject) in [("broker", "broker"), ("client", "collector")] {
      let extensions = try folder.write("subjectAltName=\(names)\n", to: "\(prefix)-\(name).ext")
      try openssl(
        "req \(newKey) -subj /CN=\(subject) -keyout \(base)-\(name).key -out \(base)-\(name).csr")
      try openssl(
        "x509 -req -in \(base)-\(name).csr -CA \(base)-ca.pem -CAkey \(base)-ca.key"
          + " -CAcreateserial -days 1 -extfile \(extensions) -out \(base)-\(name).pem")
    }
    authority = "\(base)-ca.pem"
    broker = "\(base)-broker.pem"
    brokerKey = "\(base)-broker.key"
    client = "\(base)-client.pem"
    clientKey = "\(base)-client.key"
  }
}

/// Runs a program to its end; throws unless it ends with 0. Its output is not kept.
public func run(_ program: String, _ arguments: [String]) throws {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: program)
  process.arguments = arguments
  process.standardInput = FileHandle.nullDevice
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  if process.terminationStatus != 0 {
    throw SupportFailure("\(program) \(arguments.joined(separator: " "))")
  }
}
