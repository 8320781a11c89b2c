import Collector
import Testing

/// The line that a person reads of an alert.
@Suite struct AlertLineTests {
  private func body(_ transition: String) -> String {
    """
    {"version":1,"number":7,"key":"k","transition":"\(transition)","alert":{"id":"i",\
    "kind":"outage.mains","severity":"critical","site":"S1","opened_at":"2026-03-01T00:00:00.000Z",\
    "cleared_at":"2026-03-01T00:05:00.000Z","title":"市电停电","title_en":"Mains outage"}}
    """
  }

  @Test func aBeginShowsWhenItOpened() {
    #expect(
      AlertLine(body("raised")).text
        == "2026-03-01 08:00:00  RAISED     critical  outage.mains          "
        + "市电停电 / Mains outage")
  }

  @Test func anEndShowsWhenItCleared() {
    #expect(AlertLine(body("cleared")).text.hasPrefix("2026-03-01 08:05:00  CLEARED "))
  }

  @Test func anythingElseIsShownAsItIs() { #expect(AlertLine("[1]").text == "[1]") }
}
