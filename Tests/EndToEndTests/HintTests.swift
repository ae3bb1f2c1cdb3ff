import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Known colours: on the command line, in sidecars, and what is wrong with them.
    @Suite struct HintTests {
        private func hints(_ document: [String: Any]) -> [[String: Any]] { document["hints"] as? [[String: Any]] ?? [] }

        @Test func theyArePartOfAResultAndStay() async throws {
            let folder = try TemporaryFolder()
            let input = try folder.write(Pictures.gray(), "in/a.png")
            let output = folder.path + "/out"
            func run(_ arguments: String..., expecting code: Int32 = 0) async throws -> String {
                let outcome = try await Child(arguments).wait()
                #expect(outcome.code == code, "\(arguments) \(outcome.errors)")
                return outcome.errors
            }
            let given = ["--hint", "3,4=#aa2233", "--hint", "50%,25%=#808080"]
            func colorize(_ more: [String]) async throws -> String {
                let outcome = try await Child(["colorize", input, "--output", output, "--samples", "2"] + more).wait()
                #expect(outcome.code == 0, "\(outcome.errors)")
                return outcome.errors
            }
            #expect(try await colorize(given).contains("1 coloured"))
            let first = try PublishedFolder(output + "/a")
            #expect(first.problems == [])
            let found = hints(first.document)
            #expect(found.map { $0["color"] as? String } == ["#AA2233", "#808080"])
            #expect(found.allSatisfy { $0["given_by"] as? String == "person" })
            #expect(found[0]["pixel"] as? [String: Int] == ["x": 3, "y": 4])
            #expect(found[1]["x"] as? String == "50%")
            // Other hints are other work, the same in another order are not.
            #expect(try await colorize([given[2], given[3], given[0], given[1]]).contains("1 done before"))
            #expect(try await colorize(["--hint", "3,4=#aa2234"]).contains("1 coloured"))
            // A result's hints stay until a person takes them away.
            #expect(try await run("reprocess", output, "--samples", "2").contains("1 done before"))
            _ = try await run("reprocess", output, "--samples", "3")
            _ = try await run("reroll", output)
            #expect(try hints(PublishedFolder(output + "/a").document).count == 1)
            _ = try await run("reprocess", output + "/a", "--hint", "1,1=#00FF00")
            #expect(try hints(PublishedFolder(output + "/a").document).map { $0["color"] as? String } == ["#00FF00"])
            _ = try await run("reprocess", output, "--no-hints")
            #expect(try hints(PublishedFolder(output + "/a").document).isEmpty)
        }

        @Test func whatIsKeptStaysToTheBitUnderHints() async throws {
            let folder = try TemporaryFolder()
            let input = try folder.write(Pictures.gray(), "in/a.png")
            let result = folder.path + "/out/a"
            let colored = try await Child.run(
                "colorize", input, "--output", folder.path + "/out", "--samples", "4", "--hint", "3,4=#3D7F8C")
            #expect(colored.code == 0, "\(colored.errors)")
            let before = try PublishedFolder(result).hashes
            let outcome = try await Child.run("reroll", result, "--keep", "3")
            #expect(outcome.code == 0 && !outcome.errors.contains("to the bit"), "\(outcome.errors)")
            let after = try PublishedFolder(result).hashes
            #expect(after[0] == before[0] && after[2] == before[2])
            #expect(after[1] != before[1] && after[3] != before[3])
        }

        @Test func wrongOnesAreNamed() async throws {
            let folder = try TemporaryFolder()
            let input = try folder.write(Pictures.gray(), "in/a.png")
            func colorize(_ more: String...) async throws -> Child.Outcome {
                try await Child(["colorize", input, "--output", folder.path + "/out"] + more).wait()
            }
            for wrong in ["1,2", "1,2=#AA", "-1,2=#AA0000", "1,200%=#AA0000"] {
                let outcome = try await colorize("--hint=" + wrong)
                #expect(outcome.code == 2 && outcome.errors.contains(wrong), "\(outcome.errors)")
            }
            for (given, named) in [
                (["9999,1=#AA0000"], "9999,1=#AA0000"), (["1,1=#AA0000", "1,1=#AA0001"], "1,1=#AA0001"),
            ] {
                let outcome = try await Child(
                    ["colorize", input, "--output", folder.path + "/out"] + given.flatMap { ["--hint", $0] }
                ).wait()
                #expect(outcome.code == 1 && outcome.errors.contains(named), "\(outcome.errors)")
            }
            #expect(folder.list("out") == [])
            try folder.write(Pictures.gray(seed: 2), "in/b.png")
            let many = try await Child.run(
                "colorize", folder.path + "/in", "--output", folder.path + "/out", "--hint", "1,1=#AA0000")
            #expect(many.code == 2 && many.errors.contains("one photograph"), "\(many.errors)")
        }

        @Test func aPhotographInColorFollowsItsPolicy() async throws {
            let folder = try TemporaryFolder()
            let input = Repository.root + "/Tests/Fixtures/coffee.jpg"
            func colorize(_ policy: String) async throws -> Child.Outcome {
                try await Child.run(
                    "colorize", input, "--output", folder.path + "/out", "--samples", "1", "--hint", "9,9=#AA0000",
                    "--colored", policy)
            }
            let skipped = try await colorize("skip")
            #expect(skipped.code == 0 && skipped.errors.contains("is not used"), "\(skipped.errors)")
            #expect(try await colorize("reject").code == 1)
            #expect(try await colorize("recolor").code == 0)
            #expect(try hints(PublishedFolder(folder.path + "/out/coffee").document).count == 1)
        }

        /// As any wrong sidecar: the photograph waits with the reason, and is done when it is put right.
        @Test(arguments: [
            ("hints: [{x: 1, y: 2, color: red}]", "in quotes"),
            ("hints: [{x: 9999, y: 2, color: \"#AA0000\"}]", "lies outside"),
        ])
        func aWrongSidecarKeepsItsPhotographWaiting(yaml: String, reason: String) async throws {
            let service = try TestService(["attempts": "100"])
            try service.folder.write(yaml, "inbox/a.png.autochrome.yaml")
            try service.drop(Pictures.gray(), "a.png")
            let (daemon, _) = try await service.startDaemon()
            #expect(await daemon.eventually { daemon.errors.contains(reason) }, "\(daemon.errors)")
            // It is in hand again now and then.
            var isWaiting = false
            for _ in 0..<500 where !isWaiting && daemon.isRunning {
                let waiting = try await service.status()["waiting"] as? [[String: Any]]
                isWaiting = waiting?.contains { ($0["reason"] as? String)?.contains(reason) == true } == true
            }
            #expect(isWaiting && !service.folder.exists("outbox/a"))
            try service.folder.write(
                "hints: [{x: 1, y: 2, color: \"#AA0000\", radius: 3}]", "inbox/a.png.autochrome.yaml")
            #expect(await daemon.eventually { service.folder.exists("outbox/a/a.json") }, "\(daemon.errors)")
            #expect(try hints(PublishedFolder(service.outbox + "/a").document).count == 1)
            // Gone again, the result is made without.
            try FileManager.default.removeItem(atPath: service.folder.path + "/inbox/a.png.autochrome.yaml")
            #expect(
                await daemon.eventually {
                    (try? hints(PublishedFolder(service.outbox + "/a").document).isEmpty) == true
                }, "\(daemon.errors)")
            await service.stop(daemon)
        }

        @Test func aFoldersSidecarHasNone() async throws {
            let service = try TestService()
            try service.folder.write("hints: []", "inbox/.autochrome.yaml")
            try service.drop(Pictures.gray(), "a.png")
            let outcome = try await service.start("watch", "--once").wait()
            #expect(outcome.errors.contains("can be set for one photograph only"), "\(outcome.errors)")
            #expect(!service.folder.exists("outbox/a"))
        }
    }
}
