import SiteModel
import Foundation

/// A webhook's address taken apart: what is called, what may be named, and what must not be.
struct WebhookTarget: Sendable {
  /// The address without user and password.
  let address: String
  /// Scheme, host and port: all that a reason says of the address.
  let origin: String
  /// Value of the `Authorization` header; nil without a user in the address.
  let authorization: String?
  /// Cleans what a recipient answers, which may repeat parts of the request.
  let reasons: ReasonText

  /// Nil when the options are not valid.
  init?(_ options: WebhookOptions) {
    guard options.validate().isEmpty, var parts = options.components else { return nil }
    var hidden = [options.url.revealed, options.secret?.revealed ?? ""]
    if parts.user != nil || parts.password != nil {
      let credentials = Data("\(parts.user ?? ""):\(parts.password ?? "")".utf8)
      authorization = "Basic " + credentials.base64EncodedString()
      hidden.append(credentials.base64EncodedString())
    } else {
      authorization = nil
    }
    hidden += [parts.percentEncodedUser, parts.user, parts.percentEncodedPassword, parts.password]
      .compactMap { $0 }
    // Tokens stand in the path as often as in the query; the single "/" is none.
    if parts.path.count > 1 { hidden += [parts.percentEncodedPath, parts.path] }
    hidden += parts.path.split(separator: "/").filter { $0.count > 8 }.map(String.init)
    hidden += [parts.percentEncodedQuery, parts.query].compactMap { $0 }
    hidden += (parts.percentEncodedQueryItems ?? []).compactMap(\.value)
    hidden += (parts.queryItems ?? []).compactMap(\.value)
    reasons = ReasonText(hiding: hidden)
    (parts.user, parts.password) = (nil, nil)
    address = parts.string ?? options.url.revealed
    (parts.path, parts.query) = ("", nil)
    origin = parts.string ?? "the recipient"
  }
}
