import Glibc
import SiteModel

/// Shows on a terminal how far a long work is: percentage, rows, rate and time left on one line
/// that is written anew, at most five times a second. Nothing is shown where standard error is no
/// terminal.
public final class Progress {
  private static let pause = Duration.milliseconds(200)

  private let title: String
  private let show: ((String) -> Void)?
  private let start = ContinuousClock.now
  private var begin = (fraction: 0.0, rows: 0)
  private var shown: ContinuousClock.Instant?

  /// A progress line that begins with `title`.
  public convenience init(_ title: String) {
    let show: ((String) -> Void)? = isatty(STDERR_FILENO) == 1 ? { Self.write($0) } : nil
    self.init(title, show: show)
  }

  /// The same with what takes the lines; nil shows nothing.
  init(_ title: String, show: ((String) -> Void)?) {
    self.title = title
    self.show = show
  }

  /// Where the work goes on when a part of it was done before; rate and time left are reckoned
  /// from there.
  public func resume(at fraction: Double, rows: Int) { begin = (fraction, rows) }

  /// Tells how much is done, 0…1, and how many rows that were.
  public func update(_ fraction: Double, rows: Int) {
    guard let show else { return }
    let now = ContinuousClock.now
    if let shown, shown.duration(to: now) < Self.pause { return }
    shown = now
    let seconds = start.duration(to: now) / .seconds(1)
    let line = Self.line(title, fraction, from: begin, rows: rows, seconds: seconds)
    show("\r\(line)\u{1B}[K")
  }

  /// Removes the line.
  public func end() {
    if shown != nil { show?("\r\u{1B}[K") }
  }

  /// `export  42 %  1,234,567 rows  812,000/s  0:12 left`.
  static func line(
    _ title: String, _ fraction: Double, from begin: (fraction: Double, rows: Int) = (0, 0),
    rows: Int, seconds: Double
  ) -> String {
    let share = min(1, max(0, fraction))
    var parts = [title, "\(Int(share * 100)) %", "\(grouped(rows)) rows"]
    if seconds > 0 {
      parts.append("\(grouped(Int(Double(rows - begin.rows) / seconds)))/s")
      if share > begin.fraction {
        parts.append("\(clock(seconds * (1 - share) / (share - begin.fraction))) left")
      }
    }
    return parts.joined(separator: "  ")
  }

  /// A number with commas between its thousands.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (place, digit) in String(number).reversed().enumerated() {
      if place > 0, place % 3 == 0, digit != "-" { text.append(",") }
      text.append(digit)
    }
    return String(text.reversed())
  }

  private static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 360_000))
    let (minutes, rest) = (whole / 60 % 60, whole % 60)
    let tail = rest < 10 ? "0\(rest)" : "\(rest)"
    guard whole >= 3600 else { return "\(minutes):\(tail)" }
    return "\(whole / 3600):\(minutes < 10 ? "0" : "")\(minutes):\(tail)"
  }
}
