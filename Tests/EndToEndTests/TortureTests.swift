import Foundation
import Testing

extension EndToEnd {
    /// Short runs of the harnesses in `Torture`, with the program that the other tests use.
    @Suite struct TortureTests {
        private static let tools = ["/usr/bin/python3", "/usr/bin/cc"]
        static let hasTools = tools.allSatisfy(FileManager.default.isExecutableFile(atPath:))

        /// Runs a harness, which ends with 0 if nothing was wrong.
        private func run(_ script: String, _ arguments: String...) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.tools[0])
            process.arguments =
                [Repository.root + "/Torture/" + script, "--program", Child.program] + arguments
            process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(output)")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func killedWhileFilesArrive() throws {
            try run("kills.py", "--kills", "24", "--seed", "3")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func killedWhereRenamesKnowNoRules() throws {
            try run("kills.py", "--kills", "16", "--seed", "5", "--plain")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"), arguments: ["again", "reload", "swap", "hosts"])
        func namesUsedAgain(how: String) throws {
            try run("names.py", "--rounds", "8", "--cases", how)
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func callsThatFail() throws {
            try run("faults.py", "--every", "120", "--call", "open", "write", "rename")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func powerCuts() throws {
            try run("powercut.py", "--cuts", "3", "--seed", "2")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func racesAndLinksThatLeadOut() throws {
            try run("races.py", "--seconds", "5")
        }

        @Test(.enabled(if: hasTools, "needs python3 and cc"))
        func aDiskThatFillsUp() throws {
            try run("diskfull.py", "--rounds", "1")
        }
    }
}
