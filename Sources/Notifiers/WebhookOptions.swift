import SiteModel
import Foundation
import NIOSSL

/// How one webhook is called; checked without touching the network.
public struct WebhookOptions: Sendable, Equatable {
  /// Times an attempt may take, in milliseconds.
  public static let timeoutRangeMilliseconds: ClosedRange<Int64> = 100...120_000

  /// Address, `http` or `https`. A secret as a whole: path and query often hold a token. A user and
  /// password in it are sent as Basic authentication.
  public var url: Secret
  /// Key of the HMAC-SHA-256 signature; nil, the default, sends none.
  public var secret: Secret?
  /// Longest duration of one attempt, from name look-up to the end of the answer; default 10 s.
  public var timeoutMilliseconds: Int64 = 10_000
  /// PEM file of the authorities to trust instead of the system's; nil is the default.
  public var authorityFile: String?

  /// Options for an address, all else by default.
  public init(url: Secret) { self.url = url }

  /// What is wrong, one sentence each, without the address itself; empty when nothing is.
  public func validate() -> [String] {
    var problems = addressProblems()
    if let secret, secret.revealed.isEmpty { problems.append("the secret must not be empty") }
    if !Self.timeoutRangeMilliseconds.contains(timeoutMilliseconds) {
      let (least, most) = (
        Self.timeoutRangeMilliseconds.lowerBound, Self.timeoutRangeMilliseconds.upperBound
      )
      problems.append("the timeout is \(timeoutMilliseconds) ms, expected \(least) to \(most)")
    }
    if let authorityFile, authorities() == nil {
      problems.append("the authority file '\(authorityFile)' holds no readable PEM certificate")
    }
    return problems
  }

  private func addressProblems() -> [String] {
    guard let parts = components else { return ["the URL cannot be read"] }
    var problems: [String] = []
    if !["http", "https"].contains(parts.scheme?.lowercased()) {
      problems.append("the URL must begin with http:// or https://")
    }
    if parts.host?.isEmpty ?? true { problems.append("the URL names no host") }
    if let port = parts.port, !(1...65535).contains(port) {
      problems.append("the URL's port must be 1 to 65535")
    }
    if parts.fragment != nil { problems.append("the URL must not have a fragment (#)") }
    return problems
  }

  /// The parts of the address; nil when it is none.
  var components: URLComponents? {
    URLComponents(string: url.revealed, encodingInvalidCharacters: false)
  }

  /// The certificates to trust; nil when no file is given or it cannot be read.
  func authorities() -> [NIOSSLCertificate]? {
    guard let authorityFile,
      let certificates = try? NIOSSLCertificate.fromPEMFile(authorityFile), !certificates.isEmpty
    else { return nil }
    return certificates
  }
}
