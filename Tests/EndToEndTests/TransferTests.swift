import Digest
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    @Suite struct TransferTests {
        private let folder: TemporaryFolder
        private let reference = Repository.root + "/Tests/Fixtures/coffee.jpg"

        init() throws { folder = try TemporaryFolder() }

        @Test func aPaletteIsShared() async throws {
            let input = try folder.write(Pictures.gray(), "roll/a.png")
            try folder.write(Pictures.gray(seed: 2), "roll/b.png")
            func transfer(to output: String = "out", _ more: String...) async throws -> Child.Outcome {
                try await Child(
                    [
                        "transfer", folder.path + "/roll", "--reference", reference, "--output",
                        folder.path + "/" + output,
                        "--samples", "2",
                    ] + more
                ).wait()
            }
            let first = try await transfer()
            #expect(first.code == 0, "\(first.errors)")
            #expect(folder.list("out") == ["a", "b"])
            let result = try PublishedFolder(folder.path + "/out/a")
            #expect(result.problems == [])
            let named = try #require(result.document["reference"] as? [String: Any])
            #expect(named["name"] as? String == "coffee.jpg")
            #expect(named["sha256"] as? String == (try ContentHash(file: reference)).hex)
            #expect(named["levels"] as? [Int] == [5])
            #expect(Set(result.hashes).count == 2)

            // Done before, and other levels are other work.
            #expect(try await transfer().errors.contains("2 done before"))
            let whole = try await transfer(to: "whole", "--levels", "2,3,4,5")
            #expect(whole.code == 0, "\(whole.errors)")
            let same = try PublishedFolder(folder.path + "/whole/a")
            let variants = try #require(same.document["variants"] as? [[String: Any]])
            #expect(variants.count == 2)
            let likelihoods = Set(variants.compactMap { $0["log_likelihood"] as? Double })
            #expect(likelihoods.count == 1, "nothing is left to be drawn")

            // Without the reference the same photograph looks different.
            let plain = try await Child.run("colorize", input, "--output", folder.path + "/plain", "--samples", "2")
            #expect(plain.code == 0)
            #expect(try PublishedFolder(folder.path + "/plain/a").hashes != result.hashes)
        }

        @Test func aReferenceWithoutColorsIsRefused() async throws {
            let input = try folder.write(Pictures.gray(), "a.png")
            for reference in [input, folder.path + "/none.jpg"] {
                let outcome = try await Child.run(
                    "transfer", input, "--reference", reference, "--output", folder.path + "/out")
                let name = URL(fileURLWithPath: reference).lastPathComponent
                #expect(outcome.code == 2 && outcome.errors.contains(name), "\(outcome.errors)")
            }
        }
    }
}
