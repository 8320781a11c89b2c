import Foundation
import SiteModel

/// The one line that tells a person of an alert, from the document that is delivered.
public struct AlertLine {
  /// The line, with local wall time (UTC+8): `2026-11-21 17:06:24  RAISED   critical  outage.mains
  /// 站点… / Mains outage at …`.
  public let text: String

  /// The line for a notification's JSON body; what is not such a body is shown as it is.
  public init(_ body: String) {
    guard let document = try? JSONSerialization.jsonObject(with: Data(body.utf8)),
      let root = document as? [String: Any], let alert = root["alert"] as? [String: Any],
      let transition = root["transition"] as? String
    else {
      text = body
      return
    }
    let word: (String) -> String = { alert[$0] as? String ?? "" }
    let instant = transition == "raised" ? word("opened_at") : word("cleared_at")
    let time = Timestamp(parsing: instant, offsetSeconds: 0)?.localText(offsetSeconds: 28_800)
    let columns = [
      time ?? instant, transition.uppercased().padding(toLength: 9, withPad: " ", startingAt: 0),
      word("severity").padding(toLength: 8, withPad: " ", startingAt: 0),
      word("kind").padding(toLength: 20, withPad: " ", startingAt: 0),
      word("title") + " / " + word("title_en"),
    ]
    text = columns.joined(separator: "  ")
  }
}
