/// The integers of a column, with zeros before the first for predictors to look back on.
final class NumberBuffer {
  /// How far one may look back from the first.
  static let before = 8

  let count: Int
  /// The first of ``count``; initialized to zero.
  let start: UnsafeMutablePointer<Int64>

  init(count: Int) {
    self.count = count
    let whole = UnsafeMutablePointer<Int64>.allocate(capacity: count + Self.before)
    whole.initialize(repeating: 0, count: count + Self.before)
    start = whole + Self.before
  }

  deinit { (start - Self.before).deallocate() }

  var numbers: UnsafeBufferPointer<Int64> { UnsafeBufferPointer(start: start, count: count) }

  /// Subtracts the first number from all and divides by their greatest common divisor; the
  /// differences must fit. Returns both; a divisor of 0 when all numbers are the same.
  func reduce() -> (origin: Int64, step: Int64) {
    let origin = start[0]
    var divisor: UInt64 = 0
    for position in 0..<count {
      start[position] &-= origin
      if divisor != 1 { divisor = Self.commonDivisor(start[position].magnitude, divisor) }
    }
    let step = Int64(divisor)
    if step > 1 { for position in 0..<count { start[position] /= step } }
    return (origin, step)
  }

  private static func commonDivisor(_ left: UInt64, _ right: UInt64) -> UInt64 {
    var (x, y) = (left, right)
    while y != 0 { (x, y) = (y, x % y) }
    return x
  }
}
