/// Finds which columns of a device follow from others of the same times: a total from its parts, a
/// current from power and voltage.
///
/// Works on the prediction errors of the columns alone: what two columns are wrong by together, one
/// tells of the other. A column that is referred to refers to none itself, so that one series needs
/// at most ``Predictor/mostReferences`` others to be decoded.
struct ReferenceSearch {
  /// Columns that are compared; more are left as they are.
  static let mostColumns = 32
  /// Fewer numbers are not worth a search.
  static let fewest = 128

  /// A column and those that it follows from.
  struct Finding {
    var column: Int
    var references: [Int]
    fileprivate var saving: Double
  }

  /// Least bits a number that one more reference, and that all together, must save.
  private static let leastStep = 0.1
  private static let leastSaving = 0.4
  /// Rows that are looked at.
  private static let rows = 1024
  /// What rounding to integers adds to the square of an error, at least.
  private static let rounding = 1.0 / 12

  private let count: Int
  private let products: [Double]

  /// The findings among columns with these prediction errors, as many of each, the best first.
  static func findings(_ errors: [[Float]]) -> [Finding] {
    let search = ReferenceSearch(errors)
    var findings: [Finding] = []
    var open = Set(0..<errors.count)
    var isBase = Set<Int>()
    while true {
      let derived = Set(findings.map(\.column))
      let best = open.subtracting(isBase).map { search.best(for: $0, without: derived) }
        .max { ($0.saving, $1.column) < ($1.saving, $0.column) }
      guard let best, best.saving >= leastSaving else { return findings }
      findings.append(best)
      open.remove(best.column)
      isBase.formUnion(best.references)
    }
  }

  private init(_ errors: [[Float]]) {
    count = errors.count
    let clipped = errors.map(Self.clipped)
    var products = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in row..<count {
        let product = Self.product(clipped[row], clipped[column])
        products[row * count + column] = product
        products[column * count + row] = product
      }
    }
    self.products = products
  }

  /// Some of the errors, none larger than eight times the mean: outliers would rule the sum.
  private static func clipped(_ errors: [Float]) -> [Float] {
    let step = max(1, errors.count / rows)
    let some = stride(from: step / 2, to: errors.count, by: step).map { errors[$0] }
    let limit = 8 * some.reduce(0) { $0 + abs($1) } / Float(max(1, some.count))
    return some.map { max(-limit, min(limit, $0)) }
  }

  private static func product(_ left: [Float], _ right: [Float]) -> Double {
    var sum: Float = 0
    for (l, r) in zip(left, right) { sum += l * r }
    return Double(sum) / Double(max(1, left.count))
  }

  /// Takes the most telling column, removes from all others what it tells, and again.
  private func best(for target: Int, without derived: Set<Int>) -> Finding {
    var rest = products
    let own = target * count + target
    var finding = Finding(column: target, references: [], saving: 0)
    while finding.references.count < Predictor.mostReferences {
      let candidates = (0..<count).filter {
        $0 != target && !derived.contains($0) && !finding.references.contains($0)
          && rest[$0 * count + $0] > 1e-3
      }
      func told(_ column: Int) -> Double {
        let shared = rest[target * count + column]
        return shared * shared / rest[column * count + column]
      }
      guard let next = candidates.max(by: { told($0) < told($1) }) else { break }
      let before = max(0, rest[own]) + Self.rounding
      let after = max(0, rest[own] - told(next)) + Self.rounding
      let saving = Logarithm.base2(before / after) / 2
      guard saving >= Self.leastStep else { break }
      finding.references.append(next)
      finding.saving += saving
      remove(next, from: &rest)
    }
    return finding
  }

  private func remove(_ column: Int, from rest: inout [Double]) {
    let factors = (0..<count).map { rest[$0 * count + column] }
    let divisor = factors[column]
    for left in 0..<count {
      for right in 0..<count {
        rest[left * count + right] -= factors[left] * factors[right] / divisor
      }
    }
  }
}
