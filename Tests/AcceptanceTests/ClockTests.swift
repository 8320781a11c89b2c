import Foundation
import Storage
import TestSupport
import Testing

extension Acceptance {
  /// The wall clock of a running collector is set, forward and back.
  @Suite(.serialized) struct ClockTests {
    /// Replaces the wall clock of a process by one that is ahead by the milliseconds in a file.
    private static let library = """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <fcntl.h>
      #include <stdlib.h>
      #include <sys/syscall.h>
      #include <time.h>
      #include <unistd.h>

      int clock_gettime(clockid_t clock, struct timespec *time) {
        int code = syscall(SYS_clock_gettime, clock, time);
        if (code != 0 || clock != CLOCK_REALTIME) return code;
        char text[32] = {0};
        int file = open(getenv("CLOCK_OFFSET_FILE"), O_RDONLY);
        if (file < 0) return 0;
        if (read(file, text, sizeof text - 1) > 0) {
          long long milliseconds = atoll(text);
          time->tv_sec += milliseconds / 1000;
          time->tv_nsec += milliseconds % 1000 * 1000000;
        }
        close(file);
        return 0;
      }

      """

    @Test(arguments: [3_600_000, -3_600_000])
    func aClockThatJumpsRaisesNothingAndLosesNothing(milliseconds: Int) async throws {
      let folder = try TemporaryFolder()
      let source = try folder.write(Self.library, to: "clock.c")
      let library = "\(folder.path)/clock.so"
      try TestSupport.run("/usr/bin/cc", ["-shared", "-fPIC", "-o", library, source, "-ldl"])
      let offset = try folder.write("0", to: "offset")
      let broker = try Broker()
      var options = Installation.Options()
      // Within the half hour of these rules nothing may be raised; the jump is twice as long.
      options.rules = [
        "outage.mains: {delay_s: 1800}", "device.silent: {silent_after_s: 1800}",
      ]
      options.notify = []
      let installation = try Installation(broker: broker.url, options, folder: folder)
      let collector = try installation.start(environment: [
        "LD_PRELOAD": library, "CLOCK_OFFSET_FILE": offset,
      ])
      try await collector.says("listening to")
      func report(_ numbers: ClosedRange<Int>) async throws {
        // The devices' own clocks are right all the time.
        let now = Int(Date().timeIntervalSince1970 * 1000)
        let messages = numbers.flatMap { number in
          [
            Message("uplink/LOST/json", "{\"time\":\(now + number),\"mains.present\":0}"),
            Message("uplink/FINE/json", "{\"time\":\(now + number),\"mains.present\":1}"),
          ]
        }
        try await Publisher.publish(messages, to: broker.url)
      }
      try await report(1...1)
      try await installation.stores(2)
      try folder.write("\(milliseconds)", to: "offset")
      try await report(2...50)
      try await collector.says("the clock was set by ")
      try await installation.stores(100)
      // Time passes judgement at the latest in the round after a message.
      try await report(51...51)
      try await installation.stores(102)
      #expect(try await installation.alerts() == [])
      #expect(try await collector.stop() == 0)
      #expect(try installation.journal().count == 102)
      #expect(installation.totals.messages == 102 && installation.totals.duplicates == 0)
      #expect(try await installation.alerts() == [])
      #expect(try await installation.verify() == "")
    }
  }
}
