import SiteModel
import Storage

/// Why the collector, or a command that works on its data, cannot begin.
public enum StartError: Error, Sendable, CustomStringConvertible {
  /// What people wrote has problems.
  case problems(Problems)
  /// The database cannot be used.
  case store(StoreError)
  /// The database lacks something that it refers to, or has bytes that cannot be read.
  case damaged(String)
  /// The database cannot be had alone; the text says why.
  case occupied(String)

  /// One line per problem.
  public var description: String {
    switch self {
    case .problems(let problems): problems.description
    case .store(let error): error.description
    case .damaged(let text), .occupied(let text): text
    }
  }
}

extension StoreReader {
  /// Stored files by their numbers.
  public func sourceFiles(_ numbers: [Int64]) throws(StartError) -> [SourceFile] {
    var files: [SourceFile] = []
    for number in numbers {
      let file: ReferenceFile?
      do throws(StoreError) { file = try reference(number) } catch { throw .store(error) }
      guard let file else { throw .damaged("\(path): reference file \(number) is missing") }
      files.append(SourceFile(kind: file.kind, name: file.name, bytes: file.body))
    }
    return files
  }

  /// The same, with what is missing as a problem of the database file.
  public func knownFiles(_ numbers: [Int64]) throws(Problems) -> [SourceFile] {
    do throws(StartError) { return try sourceFiles(numbers) } catch {
      throw Problems([Problem(file: path, line: 0, text: error.description)])
    }
  }
}
