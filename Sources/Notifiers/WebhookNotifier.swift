import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOSSL
import SiteModel

/// Delivers notifications by HTTP POST, signed, to one address; follows no redirect.
///
/// The answer decides: 2xx is delivered; 408, 425, 429, 5xx and every failure of the network are
/// for another attempt; anything else is refused for good.
public final class WebhookNotifier: Sendable {
  /// Bytes of an answer that are read for the reason.
  public static let answerLimitBytes = 4096

  private let options: WebhookOptions
  private let target: WebhookTarget
  private let userAgent: String
  private let now: @Sendable () -> Timestamp
  private let client: HTTPClient

  /// A notifier that is ready to deliver.
  ///
  /// - Parameters:
  ///   - options: Checked before; see ``WebhookOptions/validate()``.
  ///   - version: Stands in `User-Agent: SiteWatt/<version>`.
  ///   - now: The wall clock.
  /// - Throws: ``Refusal`` with what ``WebhookOptions/validate()`` says.
  public init(
    _ options: WebhookOptions, version: String, now: @escaping @Sendable () -> Timestamp
  ) throws(Refusal) {
    guard let target = WebhookTarget(options) else {
      throw Refusal(problems: options.validate())
    }
    self.options = options
    self.target = target
    self.now = now
    userAgent = "SiteWatt/\(version)"
    client = HTTPClient(configuration: Self.configuration(options))
  }

  // The library takes it for a mistake when a client that still runs is let go.
  deinit { client.shutdown { _ in } }

  /// Options that cannot work.
  public struct Refusal: Error, Sendable, Equatable {
    /// One sentence each; never empty.
    public let problems: [String]
  }

  /// Makes one attempt. A cancelled task ends it early, for another attempt.
  public func deliver(_ notification: Notification) async -> DeliveryOutcome {
    let end = ContinuousClock.now + .milliseconds(options.timeoutMilliseconds)
    do {
      let response = try await client.execute(
        request(for: notification), timeout: .milliseconds(options.timeoutMilliseconds))
      let answer = await beginning(of: response.body, until: end)
      return outcome(of: response, answer: answer)
    } catch let error as HTTPClientError where Self.timeouts.contains(error) {
      let reason = "no answer from \(target.origin) within \(options.timeoutMilliseconds) ms"
      return .retry(reason: reason, afterMilliseconds: nil)
    } catch {
      let reason = "no answer from \(target.origin): " + target.reasons.excerpt("\(error)")
      return .retry(reason: reason, afterMilliseconds: nil)
    }
  }

  /// Closes the connections and waits until they are; no delivery after that.
  public func shutdown() async {
    // It fails only when it was shut down before, and then there is nothing left to do.
    try? await client.shutdown()
  }

  private static let timeouts: [HTTPClientError] = [
    .deadlineExceeded, .connectTimeout, .readTimeout, .tlsHandshakeTimeout,
    .getConnectionFromPoolTimeout,
  ]

  private static func configuration(_ options: WebhookOptions) -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    if let authorities = options.authorities() { tls.trustRoots = .certificates(authorities) }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow)
    configuration.timeout.connect = .milliseconds(options.timeoutMilliseconds)
    // The outbox tries again; an attempt that cannot connect should say so at once.
    configuration.connectionPool.retryConnectionEstablishment = false
    return configuration
  }

  private func request(for notification: Notification) -> HTTPClientRequest {
    let timestamp = now().milliseconds / 1000
    let body = Array(notification.body.utf8)
    var request = HTTPClientRequest(url: target.address)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json; charset=utf-8")
    request.headers.add(name: "Idempotency-Key", value: notification.key)
    request.headers.add(name: "User-Agent", value: userAgent)
    request.headers.add(name: "X-SiteWatt-Timestamp", value: String(timestamp))
    if let secret = options.secret {
      let signed = Digest.hmacSHA256(
        Array("\(timestamp).".utf8) + body, key: Array(secret.revealed.utf8))
      request.headers.add(name: "X-SiteWatt-Signature", value: "sha256=" + Digest.hex(signed))
    }
    if let authorization = target.authorization {
      request.headers.add(name: "Authorization", value: authorization)
    }
    request.body = .bytes(body)
    return request
  }

  /// The first bytes of an answer. The library's time limit ends with the answer's header, so the
  /// reading is cancelled at `end`: the status has decided, and a lost rest only shortens a reason.
  private func beginning(
    of body: HTTPClientResponse.Body, until end: ContinuousClock.Instant
  ) async -> String {
    let reading = Task {
      var bytes: [UInt8] = []
      do {
        for try await part in body {
          bytes += part.readableBytesView.prefix(Self.answerLimitBytes - bytes.count)
          if bytes.count == Self.answerLimitBytes { break }
        }
      } catch {}
      return String(decoding: bytes, as: UTF8.self)
    }
    let alarm = Task {
      try await Task.sleep(until: end, clock: .continuous)
      reading.cancel()
    }
    defer { alarm.cancel() }
    return await withTaskCancellationHandler {
      await reading.value
    } onCancel: {
      reading.cancel()
    }
  }

  private func outcome(of response: HTTPClientResponse, answer: String) -> DeliveryOutcome {
    let code = response.status.code
    if (200..<300).contains(code) { return .delivered }
    let excerpt = target.reasons.excerpt(answer)
    var reason = "HTTP \(code) from \(target.origin)"
    if (300..<400).contains(code) { reason += ", redirects are not followed" }
    if !excerpt.isEmpty { reason += ": \(excerpt)" }
    guard [408, 425, 429].contains(code) || (500..<600).contains(code) else {
      return .failed(reason: reason)
    }
    let asked = response.headers.first(name: "Retry-After")
    let after = asked.flatMap { RetryAfter.milliseconds($0, now: now()) }
    return .retry(reason: reason, afterMilliseconds: after)
  }
}
