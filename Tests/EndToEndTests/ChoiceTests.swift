import Digest
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What a person decides on: choices, and variants drawn anew.
    @Suite struct ChoiceTests {
        private let folder: TemporaryFolder
        private let input: String
        private let result: String

        init() async throws {
            folder = try TemporaryFolder()
            input = try folder.write(Pictures.gray(), "in/a.png")
            result = folder.path + "/out/a"
            let outcome = try await Child.run(
                "colorize", input, "--output", folder.path + "/out", "--samples", "4", "--candidates", "4")
            #expect(outcome.code == 0, "\(outcome.errors)")
        }

        private func run(_ arguments: String..., expecting code: Int32 = 0) async throws -> Child.Outcome {
            let outcome = try await Child(arguments).wait()
            #expect(outcome.code == code, "\(arguments) \(outcome.errors)")
            return outcome
        }

        private func choice() throws -> [String: Any] {
            let data = try #require(folder.read("out/a/chosen.json"))
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }

        /// The content of the chosen picture, as far as it is what the choice says.
        private func chosen() throws -> String {
            let choice = try choice()
            let hash = try ContentHash(file: result + "/" + (choice["file"] as? String ?? "?")).hex
            #expect(hash == choice["sha256"] as? String)
            return hash
        }

        private func variants() throws -> [String] {
            let published = try PublishedFolder(result)
            #expect(published.problems == [])
            return published.hashes
        }

        @Test func aVariantIsChosenAndTakenBack() async throws {
            let hashes = try variants()
            let said = try await run("choose", result, "--variant", "3", "--note", "the dress was green")
            #expect(said.output.contains("3 chosen, “the dress was green”"))
            #expect(try choice()["sha256"] as? String == hashes[2])
            #expect(try choice()["variant"] as? Int == 3)
            let json = try await run("choose", folder.path + "/out", "--variant", "2", "--json").json
            let report = try #require((json["results"] as? [[String: Any]])?.first)
            #expect((report["chosen"] as? [String: Any])?["variant"] as? Int == 2)
            #expect((report["previous"] as? [String: Any])?["note"] as? String == "the dress was green")
            _ = try await run("choose", result, "--undo")
            #expect(try choice()["variant"] as? Int == 3)
            _ = try await run("choose", result, "--none")
            #expect(try choice()["variant"] == nil)
            let status = try await run("status", folder.path + "/out", "--json").json
            let expected = ["results": 1, "chosen": 0, "not_chosen": 1, "damaged": 0]
            #expect(status["choices"] as? [String: Int] == expected)
        }

        @Test func whatCannotBeChosenIsNamed() async throws {
            #expect(try await run("choose", result, "--variant", "5", expecting: 1).errors.contains("no variant 5"))
            #expect(try await run("choose", folder.path + "/none", "--none", expecting: 1).errors.contains("none"))
            for wrong in [
                [], ["--variant", "0"], ["--variant", "1", "--none"], ["--none", "--note", "x"], ["--none", "--undo"],
                ["--variant", "1", "--note", String(repeating: "x", count: 2001)],
            ] {
                #expect(try await Child(["choose", result] + wrong).wait().code == 2, "\(wrong)")
            }
            #expect(!folder.exists("out/a/chosen.json"))
        }

        @Test func whatIsKeptStaysAndTheRestIsDrawnAnew() async throws {
            let before = try variants()
            let json = try await run("reroll", result, "--keep", "3", "--json").json
            let after = try variants()
            #expect(after.count == 4 && after[0] == before[0] && after[2] == before[2], "the mode is whatever the seed")
            #expect(!before.contains(after[1]) && !before.contains(after[3]))
            let report = try #require((json["results"] as? [[String: Any]])?.first)
            #expect(report["rerolled"] as? Int == 2)
            let seeds = (report["variants"] as? [[String: Any]])?.map { $0["seed"] as? Int }
            #expect(seeds == [nil, 2, 1, 2])

            // Nothing undoes it.
            #expect(
                try await run("reprocess", result, "--samples", "4", "--candidates", "4").errors.contains(
                    "1 done before"))
            _ = try await run("reprocess", result, "--samples", "4", "--force")
            #expect(try variants() == after)
            let again = try await run(
                "colorize", input, "--output", folder.path + "/out", "--samples", "4", "--uncertainty")
            #expect(again.errors.contains("1 done before"))
            _ = try await run("reprocess", result, "--samples", "5")
            #expect(try variants().prefix(4) == after[...])
            _ = try await run("reprocess", result, "--samples", "4", "--candidates", "4")
            #expect(try variants() == after)

            // A seed of one's own does.
            _ = try await run("reroll", result, "--seed", "9")
            #expect(try Set(variants()).intersection(after) == [before[0]])
            _ = try await run("reprocess", result, "--samples", "4", "--seed", "7")
            let fresh = folder.path + "/fresh"
            _ = try await run("colorize", input, "--output", fresh, "--samples", "4", "--seed", "7")
            #expect(try variants() == PublishedFolder(fresh + "/a").hashes)
        }

        @Test func whatCannotBeDrawnAnewIsNamed() async throws {
            for (keep, reason) in [("5", "no variant 5"), ("1,2,3,4", "nothing is left"), ("2,3,4", "nothing is left")]
            {
                let outcome = try await run("reroll", result, "--keep", keep, expecting: 1)
                #expect(outcome.errors.contains(reason), "\(outcome.errors)")
            }
            for wrong in ["x", "0", "1,,2", "-1", "1, 2"] {
                #expect(try await Child(["reroll", result, "--keep", wrong]).wait().code == 2, "\(wrong)")
            }
            try folder.write(Pictures.gray(seed: 9), "in/a.png")
            let changed = try await run("reroll", result, expecting: 1)
            #expect(changed.errors.contains("another photograph has its name"), "\(changed.errors)")
        }

        @Test func aChoiceStaysWhateverIsMadeOfItsResult() async throws {
            _ = try await run("choose", result, "--variant", "3", "--note", "that one")
            let picture = try chosen()
            // What is chosen is kept without being asked for.
            _ = try await run("reroll", result)
            #expect(try choice()["variant"] as? Int == 3)
            #expect(try chosen() == picture)
            // Other bytes, fewer variants, and another run over the same photograph.
            _ = try await run("reprocess", result, "--samples", "2", "--quality", "70")
            let name = try #require(try choice()["file"] as? String)
            #expect(name.hasPrefix("kept-"))
            #expect(try choice()["variant"] == nil)
            #expect(try chosen() == picture)
            let other = try await run(
                "colorize", input, "--output", folder.path + "/out", "--format", "png", "--samples", "2")
            #expect(other.errors.contains(name), "it is said that the picture stays: \(other.errors)")
            #expect(try chosen() == picture)
            #expect(try choice()["note"] as? String == "that one")
            let status = try await run("status", result)
            #expect(status.output.contains("\(name) chosen, kept from an earlier result"))
            // As it was made first.
            _ = try await run("reprocess", result, "--samples", "4", "--candidates", "4")
            #expect(try choice()["variant"] as? Int == 3)
            #expect(try chosen() == picture)
            #expect(folder.list("out/a").filter { $0.hasPrefix("kept") } == [])
        }

        @Test func anEditedChoiceIsSetAsideAndNamed() async throws {
            _ = try await run("choose", result, "--variant", "3")
            let text = String(decoding: folder.read("out/a/chosen.json")!, as: UTF8.self)
            try folder.write(
                text.replacingOccurrences(of: "\"sample\" : 1", with: "\"sample\" : 9"), "out/a/chosen.json")
            #expect(try await run("status", result).output.contains("chosen.json: variant 3 is another draw"))
            #expect(try await run("choose", result, "--undo", expecting: 1).errors.contains("chosen.json"))
            let again = try await run("reprocess", result, "--force")
            #expect(again.errors.contains("chosen.json: variant 3 is another draw"), "\(again.errors)")
            #expect(folder.list("out/a").contains { $0.hasPrefix("chosen-damaged-") })
            #expect(folder.list("out/a").contains { $0.hasPrefix("kept-") }, "its picture is not lost")
        }

        /// The daemon's own exchanges, after a setting was changed, and its count.
        @Test func theDaemonKeepsChoicesAndDraws() async throws {
            let service = try TestService(["samples": "3"])
            try service.drop(Pictures.gray(), "a.png")
            try service.drop(Pictures.gray(seed: 2), "b.png")
            try await service.runOnce()
            let result = service.outbox + "/a"
            #expect(try await service.start("reroll", result).wait().code == 0)
            let drawn = try PublishedFolder(result).hashes
            _ = try await run("choose", result, "--variant", "2")
            // The ledger does not know of it, and a lost one neither.
            try FileManager.default.removeItem(atPath: service.folder.path + "/state")
            try await service.runOnce()
            #expect(try PublishedFolder(result).hashes == drawn)
            try service.folder.write("samples: 4", "inbox/a.png.autochrome.yaml")
            try await service.runOnce()
            let now = try PublishedFolder(result)
            #expect(now.problems == [] && now.hashes.count == 4 && now.hashes.prefix(3) == drawn[...])
            let choice = try JSONSerialization.jsonObject(with: service.folder.read("outbox/a/chosen.json")!)
            #expect((choice as? [String: Any])?["sha256"] as? String == drawn[1])

            let outcome = try await service.start("status", "--json", "--choices").wait()
            let expected = ["results": 2, "chosen": 1, "not_chosen": 1, "damaged": 0]
            #expect(try outcome.json["choices"] as? [String: Int] == expected)
            #expect(try await service.status()["choices"] == nil, "it is counted where somebody asks")
        }

        @Test func whatTransferMadeIsLeftAlone() async throws {
            let reference = Repository.root + "/Tests/Fixtures/coffee.jpg"
            let made = folder.path + "/palette"
            func transfer(_ seed: String) async throws {
                _ = try await run(
                    "transfer", input, "--reference", reference, "--output", made, "--samples", "2", "--seed", seed)
            }
            try await transfer("1")
            let before = try PublishedFolder(made + "/a").hashes
            #expect(try await run("reprocess", made).errors.contains("coffee.jpg: transfer makes it again"))
            let refused = try await run("reroll", made, expecting: 1)
            #expect(refused.errors.contains("coffee.jpg: transfer with another --seed"), "\(refused.errors)")
            #expect(try PublishedFolder(made + "/a").hashes == before)
            _ = try await run("choose", made, "--variant", "2")
            try await transfer("5")
            #expect(folder.list("palette/a").contains { $0.hasPrefix("kept-") })
        }
    }
}
