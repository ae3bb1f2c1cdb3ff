import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct CrashTests {
        /// The process is killed at random instants until the work is done all the same.
        @Test(arguments: [1] as [UInt64]) func killedAgainAndAgain(seed: UInt64) async throws {
            let photographs = (0..<12).map {
                ("\($0 % 3 == 0 ? "album/" : "")\($0).png", Pictures.gray(240, 180, seed: UInt64($0)))
            }
            func service() throws -> TestService {
                let service = try TestService(["samples": "3", "quiet_seconds": "0"])
                for (name, bytes) in photographs { try service.drop(bytes, name) }
                return service
            }
            let undisturbed = try service()
            let began = ContinuousClock.now
            try await undisturbed.runOnce()
            let whole = began.duration(to: .now)
            var truth: [String: [String]] = [:]
            for result in try undisturbed.results() {
                truth[String(result.path.dropFirst(undisturbed.outbox.count))] = result.hashes
            }
            #expect(truth.count == photographs.count)

            let tortured = try service()
            var generator = SeededGenerator(seed)
            var inodes: [String: Int?] = [:]
            var kills = 0
            for _ in 0..<8 {
                let child = try tortured.start("watch", "--once")
                try await Task.sleep(for: whole * Double.random(in: 0.05...0.9, using: &generator))
                if child.isRunning { kills += 1 }
                child.send(SIGKILL)
                _ = await child.wait()
                for result in try tortured.results() {
                    #expect(result.problems == [], "seed \(seed)")
                    let known = inodes.updateValue(result.inode, forKey: result.path)
                    #expect(known == nil || known! == result.inode, "done again: \(result.path), seed \(seed)")
                }
            }
            #expect(kills > 0)

            // One that was in hand at two kills is suspected of them, and tried again when a person says so.
            let last = try await tortured.start("watch", "--once").wait()
            let failures = try #require(try await tortured.status()["failures"] as? [[String: Any]])
            #expect(failures.allSatisfy { $0["quarantined"] as? Bool == true }, "\(failures) \(last.errors)")
            #expect(try await tortured.start("retry").wait().code == 0)
            try await tortured.runOnce()

            var found: [String: [String]] = [:]
            for result in try tortured.results() {
                #expect(result.problems == [], "seed \(seed)")
                found[String(result.path.dropFirst(tortured.outbox.count))] = result.hashes
                if let known = inodes[result.path] { #expect(known == result.inode, "done again: \(result.path)") }
            }
            #expect(found == truth, "seed \(seed)")
            let hidden = tortured.folder.tree("outbox").filter {
                $0.split(separator: "/").contains { $0.hasPrefix(".autochrome") }
            }
            #expect(hidden == [], "seed \(seed)")
            for (name, bytes) in photographs { #expect(tortured.folder.read("inbox/" + name) == Data(bytes)) }
        }
    }
}
