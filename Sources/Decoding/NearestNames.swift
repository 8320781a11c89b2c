import SiteModel

/// Names of the catalogue that somebody may have meant who wrote another one.
enum NearestNames {
  /// How many are named.
  private static let count = 3
  /// Longer names are compared by their beginning.
  private static let lengthLimit = 64

  /// The nearest names, nearest first: `voltage.a, voltage.b, voltage.c`.
  static func text(for name: String) -> String {
    let names = MetricCatalogue.all.map { (name: $0.name, steps: steps(from: name, to: $0.name)) }
    return names.sorted { ($0.steps, $0.name) < ($1.steps, $1.name) }.prefix(count)
      .map(\.name).joined(separator: ", ")
  }

  /// How many letters must be put in, left out or changed.
  private static func steps(from name: String, to other: String) -> Int {
    let (left, right) = (Array(name.utf8.prefix(lengthLimit)), Array(other.utf8))
    var row = Array(0...right.count)
    for (place, letter) in left.enumerated() {
      var corner = row[0]
      row[0] = place + 1
      for (column, wanted) in right.enumerated() {
        let changed = corner + (letter == wanted ? 0 : 1)
        corner = row[column + 1]
        row[column + 1] = min(changed, row[column] + 1, corner + 1)
      }
    }
    return row[right.count]
  }
}
