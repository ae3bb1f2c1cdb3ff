import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// Short runs of the harnesses in `Torture`, with the program that the other tests use.
    @Suite struct TortureTests {
        private static let tools = ["/usr/bin/python3", "/usr/bin/cc"]
        static let hasTools = tools.allSatisfy(FileManager.default.isExecutableFile(atPath:))

        /// Runs a harness, which ends with 0 if nothing was wrong.
        private func run(_ script: String, _ arguments: String...) async throws {
            let outcome = try await Subprocess.run(
                Self.tools[0], [Repository.root + "/Torture/" + script, "--program", Child.program] + arguments,
                environment: ["PYTHONDONTWRITEBYTECODE": "1"])
            #expect(outcome.code == 0, "\(outcome.output)\(outcome.errors)")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func killedWhileFilesArrive() async throws {
            try await run("kills.py", "--kills", "24", "--seed", "3")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func killedWhereRenamesKnowNoRules() async throws {
            try await run("kills.py", "--kills", "16", "--seed", "5", "--plain")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func killedWithAHookThatMisbehaves() async throws {
            try await run("events.py", "--kills", "10", "--seed", "3")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func choicesStayWhateverIsKilled() async throws {
            try await run("choices.py", "--kills", "10", "--seed", "3")
            try await run("choices.py", "--kills", "6", "--seed", "5", "--plain")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"), arguments: ["again", "reload", "swap", "hosts"])
        func namesUsedAgain(how: String) async throws {
            try await run("names.py", "--rounds", "8", "--cases", how)
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func callsThatFail() async throws {
            try await run("faults.py", "--every", "120", "--call", "open", "write", "rename")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func powerCuts() async throws {
            try await run("powercut.py", "--cuts", "3", "--seed", "2")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func racesAndLinksThatLeadOut() async throws {
            try await run("races.py", "--seconds", "5")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func aDiskThatFillsUp() async throws {
            try await run("diskfull.py", "--rounds", "1")
        }

        @Test(.enabled(if: hasTools && RedisServer.isInstalled, "needs python3, cc and redis-server"))
        func severalMachines() async throws {
            try await run("machines.py", "--files", "40", "--workers", "2", "--seconds", "0.3", "--lease", "1")
        }
    }
}
