import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// A bulk in parts, as schedulers run it.
    @Suite struct ShardTests {
        private let folder: TemporaryFolder
        private let model = Repository.root + "/Tests/FlowTests/Golden/model-tiny.safetensors"

        init() throws {
            folder = try TemporaryFolder()
            for number in 0..<12 {
                try folder.write(Pictures.gray(24, 18, seed: UInt64(number)), "scans/\(number % 3)/\(number).png")
            }
        }

        private func colorize(_ words: String...) async throws -> Child.Outcome {
            try await Child(
                [
                    "colorize", folder.path + "/scans", "--output", folder.path + "/out", "--samples", "1", "--model",
                    model,
                ]
                    + words
            ).wait()
        }

        private var results: Set<String> {
            Set((try? PublishedFolder.all(below: folder.path + "/out"))?.filter { $0.problems == [] }.map(\.path) ?? [])
        }

        @Test func thePartsAreTheWholeAndALongerListMovesNothing() async throws {
            var parts: [Set<String>] = []
            for number in 0..<3 {
                let before = results
                #expect(try await colorize("--shard", "\(number)/3").code == 0)
                parts.append(results.subtracting(before))
            }
            #expect(results.count == 12 && parts.allSatisfy { !$0.isEmpty })
            let inodes = try PublishedFolder.all(below: folder.path + "/out").map(\.inode)
            for number in 12..<20 {
                try folder.write(Pictures.gray(24, 18, seed: UInt64(number)), "scans/\(number).png")
            }
            for number in 0..<3 {
                let before = results
                #expect(try await colorize("--shard", "\(number)/3").code == 0)
                #expect(results.subtracting(before).allSatisfy { !parts.joined().contains($0) })
            }
            #expect(results.count == 20)
            #expect(Set(inodes).isSubset(of: try PublishedFolder.all(below: folder.path + "/out").map(\.inode)))
        }

        @Test func aReportNamesWhatHasNoResultAndMakesNone() async throws {
            #expect(try await colorize("--shard", "0/2").code == 0)
            let before = results
            let report = try await colorize("--report")
            #expect(report.code == 1 && results == before)
            #expect(report.errors.split(separator: "\n").filter { $0.contains("no result") }.count == 12 - before.count)
            #expect(report.errors.contains("\(before.count) done before, \(12 - before.count) failed"))
            #expect(try await colorize("--shard", "1/2").code == 0)
            #expect(try await colorize("--report").code == 0)
        }

        @Test(arguments: [("\n", "a list"), ("\0", "a list of names that may hold anything")])
        func aListNamesThePhotographs(_ end: String, _ comment: String) async throws {
            let list = try folder.write(["0/0.png", "1/4.png", "0/0.png"].joined(separator: end), "list")
            #expect(try await colorize("--list", list).code == 0)
            #expect(results == Set(["0/0", "1/4"].map { folder.path + "/out/" + $0 }))
            let wrong = try folder.write("../secret.png\n9/9.png\n", "wrong")
            let outcome = try await colorize("--list", wrong)
            #expect(outcome.code == 1 && outcome.errors.contains("no path below") && outcome.errors.contains("9/9.png"))
        }

        @Test(arguments: ["3/3", "-1/3", "1", "0/0", "a/b", "1/2/3"]) func whatIsNoPartIsRefused(_ text: String)
            async throws
        {
            #expect(try await colorize("--shard=" + text).code == 2)
        }
    }
}
