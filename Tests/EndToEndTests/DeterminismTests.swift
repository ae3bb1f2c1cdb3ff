import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// The same seed gives the same bytes, however the work is done.
    @Suite struct DeterminismTests {
        private let folder: TemporaryFolder
        private let names = ["a", "b", "c", "d"]

        init() throws {
            folder = try TemporaryFolder()
            for (index, name) in names.enumerated() {
                try folder.write(Pictures.gray(120 + 30 * index, 90, seed: UInt64(index)), "in/\(name).png")
            }
        }

        private func hashes(_ output: String) throws -> [String: [String]] {
            var found: [String: [String]] = [:]
            for name in folder.list(output) {
                found[name] = try PublishedFolder("\(folder.path)/\(output)/\(name)").hashes
            }
            return found
        }

        @Test func threadsVectorsWorkersAndCompanyDoNotMatter() async throws {
            let common = ["--samples", "3", "--seed", "11"]
            for threads in ["1", "2", "4"] {
                let outcome = try await Child(
                    ["colorize", folder.path + "/in", "--output", folder.path + "/t\(threads)", "--threads", threads]
                        + common
                ).wait()
                #expect(outcome.code == 0, "\(outcome.errors)")
            }
            let truth = try hashes("t1")
            #expect(truth.count == 4)
            #expect(Set(truth.values.joined()).count == 12)
            #expect(try hashes("t2") == truth)
            #expect(try hashes("t4") == truth)

            // As on a processor without AVX-512; the same program where there is none.
            _ = try await Child(
                ["colorize", folder.path + "/in", "--output", folder.path + "/avx2"] + common,
                environment: ["AUTOCHROME_MAX_ISA": "avx2"]
            ).wait()
            #expect(try hashes("avx2") == truth)

            // One alone, with all threads on it.
            _ = try await Child(
                ["colorize", folder.path + "/in/c.png", "--output", folder.path + "/alone", "--threads", "4"] + common
            ).wait()
            #expect(try hashes("alone") == ["c": try #require(truth["c"])])

            for workers in ["1", "4"] {
                let service = try TestService([
                    "samples": "3", "seed": "11", "workers": workers, "threads": "4", "quiet_seconds": "0",
                ])
                for name in names {
                    try service.drop(Array(try #require(folder.read("in/\(name).png"))), "\(name).png")
                }
                try await service.runOnce()
                var found: [String: [String]] = [:]
                for result in try service.results() {
                    found[(result.path as NSString).lastPathComponent] = result.hashes
                }
                #expect(found == truth, "\(workers) workers")
            }
        }

        @Test func moreSamplesBeginWithTheSameOnesAndAnotherSeedWithOthers() async throws {
            let input = folder.path + "/in/a.png"
            for (output, options) in [
                ("two", ["--samples", "2"]), ("ten", ["--samples", "10"]),
                ("other", ["--samples", "2", "--seed", "2"]),
            ] {
                let outcome = try await Child(
                    // Nothing is left out.
                    ["colorize", input, "--output", folder.path + "/" + output, "--candidates", "1"] + options
                ).wait()
                #expect(outcome.code == 0, "\(outcome.errors)")
            }
            let (two, ten, other) = (
                try #require(hashes("two")["a"]), try #require(hashes("ten")["a"]), try #require(hashes("other")["a"])
            )
            #expect(Array(ten.prefix(2)) == two)
            #expect(Set(two).isDisjoint(with: other))
        }
    }
}
