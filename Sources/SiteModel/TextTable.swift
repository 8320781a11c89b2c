/// All texts that were ever values of a series (``MetricKind/text``), each with a lasting number,
/// so that a series of texts is stored like any other. Numbers are given in order of first sight,
/// so that a replay of the journal gives the same ones.
public struct TextTable: Sendable {
  /// Most texts that one installation keeps; later ones are refused, so that a device that makes up
  /// texts cannot exhaust memory.
  public static let limit = 200_000
  /// Longest text in UTF-8 bytes.
  public static let lengthLimit = 256

  /// All texts in the order of their numbers.
  public private(set) var texts: [String] = []
  private var numbers: [String: Int] = [:]

  /// An empty table.
  public init() {}

  /// A table with these texts, in the order of their numbers.
  public init(texts: [String]) {
    for text in texts { _ = number(of: text) }
  }

  /// How many texts are known.
  public var count: Int { texts.count }

  /// The number of a text, which is added when it is new; nil when the table is full or the text is
  /// longer than ``lengthLimit``.
  public mutating func number(of text: String) -> Int? {
    if let known = numbers[text] { return known }
    guard texts.count < Self.limit, text.utf8.count <= Self.lengthLimit else { return nil }
    numbers[text] = texts.count
    texts.append(text)
    return texts.count - 1
  }

  /// The text that a stored value stands for; nil when it is none of the table's numbers.
  public func text(of value: ExactDecimal) -> String? {
    guard value.exponent == 0, let number = Int(exactly: value.significand),
      texts.indices.contains(number)
    else { return nil }
    return texts[number]
  }
}
