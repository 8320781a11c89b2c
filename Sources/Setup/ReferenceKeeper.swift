import Engine
import SiteModel
import Storage

/// Knows which stored reference files are in force, compiles them, and notices an import that
/// another process made.
public final class ReferenceKeeper {
  private let store: Store
  private var configured: [Int64] = []
  private var compiledFiles: [Int64] = []
  private var compiledReference: Reference?
  private var newestSeen: Int64 = 0
  private var trouble = ""

  /// A keeper of the files in `store`.
  public init(store: Store) { self.store = store }

  /// Stores the configured files where they changed, and compiles them with the imported ones; all
  /// problems at once.
  public func load(_ files: [SourceFile], now: Timestamp) throws(StartError) -> [Int64] {
    configured = []
    do throws(StoreError) {
      for file in files {
        configured.append(
          try store.addReference(kind: file.kind, name: file.name, bytes: file.bytes, now: now))
      }
      newestSeen = try store.reader.maxReferenceID()
    } catch { throw .store(error) }
    let active = try activeFiles()
    _ = try compile(active)
    return active
  }

  /// The files now in force, if an import changed them since the last look; an import that does not
  /// fit is told once and left alone; one that cannot be read is tried again at the next look.
  public func changed(refused: (StartError) -> Void) -> [Int64]? {
    var newest = newestSeen
    do throws(StartError) {
      newest = try newestNumber()
      guard newest != newestSeen else { return nil }
      let active = try activeFiles()
      _ = try compile(active)
      (newestSeen, trouble) = (newest, "")
      return active
    } catch {
      if case .problems = error { newestSeen = newest }
      if trouble != error.description { refused(error) }
      trouble = error.description
      return nil
    }
  }

  private func newestNumber() throws(StartError) -> Int64 {
    do throws(StoreError) { return try store.reader.maxReferenceID() } catch {
      throw .store(error)
    }
  }

  /// The compiled reference of stored files.
  public func compiled(_ files: [Int64]) throws(Problems) -> Reference {
    do throws(StartError) { return try compile(files) } catch {
      if case .problems(let problems) = error { throw problems }
      throw Problems([Problem(file: store.path, line: 0, text: error.description)])
    }
  }

  private func activeFiles() throws(StartError) -> [Int64] {
    do throws(StoreError) {
      let imported = try store.reader.currentReferences()
        .filter { $0.name.hasPrefix(SourceFile.importedPrefix) }
      return configured + imported.map(\.id)
    } catch { throw .store(error) }
  }

  private func compile(_ files: [Int64]) throws(StartError) -> Reference {
    if files == compiledFiles, let compiledReference { return compiledReference }
    let sources = try store.reader.sourceFiles(files)
    do throws(Problems) {
      let reference = try Reference.compile(sources)
      (compiledFiles, compiledReference) = (files, reference)
      return reference
    } catch { throw .problems(error) }
  }
}
