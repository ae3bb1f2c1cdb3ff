import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct UnitFileTests {
    static let units = ["autochrome.service", "autochrome@.service"]
    private static let analyzer = "/usr/bin/systemd-analyze"

    /// A unit as it is installed below a folder, with a program at its place.
    private func install(_ unit: String, in folder: TemporaryFolder) throws -> String {
        try folder.write("", "bin/autochrome")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: folder.path + "/bin/autochrome")
        let text = try Repository.text("systemd/" + unit)
            .replacingOccurrences(of: "@PREFIX@", with: folder.path)
            .replacingOccurrences(of: "@SYSCONFDIR@", with: folder.path + "/etc")
        return try folder.write(text, unit)
    }

    private func settings(_ unit: String) throws -> [String: [String]] {
        var settings: [String: [String]] = [:]
        for line in try Repository.text("systemd/" + unit).split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { settings[String(parts[0]), default: []].append(String(parts[1])) }
        }
        return settings
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.analyzer)
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test(arguments: units) func theUnitStartsWhatThereIs(_ unit: String) throws {
        let settings = try settings(unit)
        #expect(settings["Type"] == ["notify"])
        let command = try #require(settings["ExecStart"]?.first).split(separator: " ").map(String.init)
        #expect(command[0] == "@PREFIX@/bin/autochrome")
        #expect(command[1] == "watch")
        #expect(command[2] == "--config" && command.count == 4)
        #expect(command[3].hasPrefix("@SYSCONFDIR@/autochrome/"))
        // The daemon's own beat must come well within the watchdog's time.
        let watchdog = try #require(settings["WatchdogSec"]?.first.flatMap(Double.init))
        #expect(watchdog >= 10)
        let longest = Configuration()
        #expect(settings["ReadWritePaths"] == ["-" + (longest.inbox as NSString).deletingLastPathComponent])
        let state = "/var/lib/" + (settings["StateDirectory"]?.first ?? "")
        #expect(state.hasPrefix(longest.state))
    }

    @Test func bothUnitsAreHardenedAlike() throws {
        let (one, many) = (try settings(Self.units[0]), try settings(Self.units[1]))
        let differing = Set(one.keys).union(many.keys).filter { one[$0] != many[$0] }
        #expect(differing == ["Description", "ExecStart", "StateDirectory"])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyzer), "there is no systemd-analyze here"))
    func theUnitsAreLittleExposed() throws {
        let folder = try TemporaryFolder()
        let unit = try install("autochrome.service", in: folder)
        let (status, output) = try run(["security", "--offline=true", "--no-pager", unit])
        let match = try #require(output.firstMatch(of: /Overall exposure level for .*: ([0-9.]+)/), "\(output)")
        #expect(status == 0)
        #expect(try #require(Double(match.1)) <= 1.5, "\(match.0)")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyzer), "there is no systemd-analyze here"))
    func systemdUnderstandsEverySetting() throws {
        let folder = try TemporaryFolder()
        let unit = try install("autochrome.service", in: folder)
        let (_, output) = try run(["verify", "--man=no", "--recursive-errors=no", unit])
        let about = output.split(separator: "\n").filter { $0.contains("autochrome") }
        #expect(about.isEmpty, "\(output)")
    }

    @Test func theInstalledFoldersAreThoseOfTheDefaults() throws {
        let folders = try Repository.text("systemd/tmpfiles.conf").split(separator: "\n")
            .map { $0.split(separator: " ").map(String.init) }
        #expect(folders.allSatisfy { $0[0] == "d" && $0[3] == "autochrome" && $0[4] == "autochrome" })
        #expect(folders.map { $0[1] }.contains(Configuration().inbox))
        #expect(folders.map { $0[1] }.contains(Configuration().outbox))
        #expect(try Repository.text("systemd/sysusers.conf").hasPrefix("u autochrome "))
    }
}
