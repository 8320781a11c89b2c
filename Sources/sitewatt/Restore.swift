import ArgumentParser
import Setup
import Tools

/// `sitewatt restore`: a backup becomes the database.
struct Restore: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Puts a backup in the place of the database. 从备份恢复数据库。",
    discussion: """
      The collector must be stopped. The backup is copied, checked and brought up to date before \
      anything is touched; the backup itself stays as it is.
      """)

  @OptionGroup var options: ConfigOption
  @Argument(help: "The backup.") var source: String
  @Flag(name: .long, help: "Keep a database that exists aside, as .replaced-<time>.")
  var replace = false

  func run() throws {
    let settings = try options.settings()
    do {
      settings.makeDatabaseFolder()
      let percent = Percent("restore")
      defer { percent.end() }
      let lines = try BackupTool(settings: settings).restore(
        from: source, replacing: replace, now: WallClock().now()
      ) { percent.show($0) }
      percent.end()
      for line in lines { Output.line(line) }
    } catch { throw Failure(error) }
  }
}
