import SiteModel
import Testing

@testable import Notifiers

/// What stands in reasons and logs: readable, short, and without secrets.
@Suite struct ReasonTests {
  private let now = Timestamp(milliseconds: 1_772_352_000_000)  // 2026-03-01T08:00:00Z

  @Test(
    arguments: [
      ("120", 120_000), ("0", 0), (" 5 ", 5000), ("99999999999999999999999", .max),
      ("9223372036854775807", .max), ("Sun, 01 Mar 2026 08:01:00 GMT", 60_000),
      ("Sunday, 01-Mar-26 08:01:00 GMT", 60_000), ("Sun Mar  1 08:01:00 2026", 60_000),
      ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Sunday, 06-Nov-94 08:49:37 GMT", 0),
    ] as [(String, Int64)])
  func retryAfterReadsSecondsAndDates(text: String, expected: Int64) {
    #expect(RetryAfter.milliseconds(text, now: now) == expected)
  }

  @Test(arguments: [
    "", " ", "-1", "1.5", "soon", "Sun, 31 Feb 2026 08:00:00 GMT", "Sun, 01 Mar 2026 08:00 GMT",
    "Sun, 01 Mar 99999999999999999999 08:01:00 GMT", "a b c d e", "a b c d e f", "５",
  ])
  func retryAfterIgnoresAnythingElse(text: String) {
    #expect(RetryAfter.milliseconds(text, now: now) == nil)
  }

  @Test func aSecretNeverPrints() {
    var options = WebhookOptions(url: Secret("https://user:word@host/path?token=abc"))
    options.secret = Secret("hush")
    var dumped = ""
    dump(options, to: &dumped)
    let shown = "\(options) \(String(reflecting: options)) " + dumped
    #expect(shown.contains("***"))
    for hidden in ["hush", "user", "word", "host", "abc"] { #expect(!shown.contains(hidden)) }
  }

  @Test func excerptsHideSecretsWhateverTheirOrder() {
    let text = ReasonText(hiding: ["", "abc", "abcdef"]).excerpt("x abcdef y abc z abcd")
    #expect(text == "x *** y *** z ***d")
  }

  @Test func excerptsAreOneShortLine() {
    let text = ReasonText(hiding: []).excerpt("停电\r\n\u{1B}[31m\u{0} 告警\u{202E}" + "长" * 500)
    #expect(text.hasPrefix("停电 [31m 告警 长"))
    #expect(text.count == ReasonText.limit + 1)
  }

  @Test(arguments: [
    ("", 2), ("ftp://host/", 1), ("http://", 1), ("http://host:0/", 1), ("http://host:70000/", 1),
    ("https://host/#part", 1), ("http://ho st/", 1), ("host/path", 2),
  ])
  func addressesThatCannotWorkAreRefused(url: String, problems: Int) {
    let options = WebhookOptions(url: Secret(url))
    #expect(options.validate().count == problems)
    #expect(throws: WebhookNotifier.Refusal(problems: options.validate())) {
      try WebhookNotifier(options, version: "0", now: { Timestamp(milliseconds: 0) })
    }
  }

  @Test func everyOtherOptionIsCheckedToo() {
    var options = WebhookOptions(url: Secret("HTTPS://user:word@host:8443/a?b=c"))
    #expect(options.validate().isEmpty)
    options.secret = Secret("")
    options.timeoutMilliseconds = 99
    options.authorityFile = "/dev/null"
    #expect(options.validate().count == 3)
  }
}

private func * (text: String, count: Int) -> String { String(repeating: text, count: count) }
