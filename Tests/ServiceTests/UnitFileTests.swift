import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct UnitFileTests {
    static let units = ["autochrome.service", "autochrome@.service", "autochrome-work.service"]
    private static let desk = "autochrome-desk.service"
    private static let hook = "autochrome-hook@.service"
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
        let outcome = try Subprocess(Self.analyzer, arguments).wait()
        return (outcome.code, outcome.output + outcome.errors)
    }

    @Test(arguments: units) func theUnitStartsWhatThereIs(_ unit: String) throws {
        let settings = try settings(unit)
        #expect(settings["Type"] == ["notify"])
        let command = try #require(settings["ExecStart"]?.first).split(separator: " ").map(String.init)
        #expect(command[0] == "@PREFIX@/bin/autochrome")
        #expect(command[1] == (unit.contains("work") ? "work" : "watch"))
        #expect(command[2] == "--config" && command.count == 4)
        #expect(command[3].hasPrefix("@SYSCONFDIR@/autochrome/"))
        // The daemon's own beat must come well within the watchdog's time.
        let watchdog = try #require(settings["WatchdogSec"]?.first.flatMap(Double.init))
        #expect(watchdog >= 10)
        let longest = Configuration()
        #expect(settings["ReadWritePaths"] == ["-" + (longest.inbox as NSString).deletingLastPathComponent])
        // A worker has no state.
        let state = settings["StateDirectory"]?.first.map { "/var/lib/" + $0 }
        #expect(unit == "autochrome-work.service" ? state == nil : state?.hasPrefix(longest.state) == true)
    }

    @Test func bothUnitsAreHardenedAlike() throws {
        let (one, many) = (try settings(Self.units[0]), try settings(Self.units[1]))
        let differing = Set(one.keys).union(many.keys).filter { one[$0] != many[$0] }
        #expect(differing == ["Description", "ExecStart", "StateDirectory"])
    }

    /// A worker reaches its queue over the network, and is confined as the daemon is in all else.
    @Test func aWorkersUnitDiffersInItsNetworkAlone() throws {
        let (daemon, worker) = (try settings(Self.units[0]), try settings(Self.units[2]))
        let differing = Set(daemon.keys).union(worker.keys).filter { daemon[$0] != worker[$0] }
        #expect(
            differing == [
                "Description", "Documentation", "After", "Wants", "ExecStart", "ExecReload", "Restart", "RestartSec",
                "TimeoutStopSec", "StateDirectory", "StateDirectoryMode", "PrivateNetwork", "RestrictAddressFamilies",
                "IPAddressDeny", "IPAddressAllow",
            ])
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyzer), "there is no systemd-analyze here"))
    func theUnitsAreLittleExposed() throws {
        try expectExposure("autochrome.service", atMost: 1.5)
        try expectExposure(Self.desk, atMost: 1.5)
        // These talk to others.
        try expectExposure("autochrome-work.service", atMost: 2.5)
        try expectExposure(Self.hook, atMost: 2.5)
    }

    private func expectExposure(_ name: String, atMost limit: Double) throws {
        let folder = try TemporaryFolder()
        let unit = try install(name, in: folder)
        let (status, output) = try run(["security", "--offline=true", "--no-pager", unit])
        let match = try #require(output.firstMatch(of: /Overall exposure level for .*: ([0-9.]+)/), "\(output)")
        #expect(status == 0)
        #expect(try #require(Double(match.1)) <= limit, "\(match.0)")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyzer), "there is no systemd-analyze here"))
    func systemdUnderstandsEverySetting() throws {
        try expectUnderstood("autochrome.service")
        try expectUnderstood("autochrome-work.service")
        try expectUnderstood(Self.desk, beside: "autochrome-desk.socket")
        try expectUnderstood(Self.hook)
    }

    private func expectUnderstood(_ name: String, beside other: String? = nil) throws {
        let folder = try TemporaryFolder()
        if let other { _ = try install(other, in: folder) }
        let unit = try install(name, in: folder)
        let (_, output) = try run(["verify", "--man=no", "--recursive-errors=no", unit])
        let about = output.split(separator: "\n").filter { $0.contains("autochrome") }
        #expect(about.isEmpty, "\(output)")
    }

    /// Its network is the socket that is passed to it.
    @Test func theDeskIsConfinedAsTheDaemonIs() throws {
        let (daemon, desk) = (try settings(Self.units[0]), try settings(Self.desk))
        let own =
            ["Description", "ExecStart", "ExecReload", "Requires", "Documentation", "TimeoutStopSec", "Also"]
            + ["Nice", "IOSchedulingClass", "CPUSchedulingPolicy"]
        let differing = Set(daemon.keys).union(desk.keys).filter { daemon[$0] != desk[$0] }.subtracting(own)
        #expect(differing.isEmpty, "\(differing)")
        #expect(desk["PrivateNetwork"] == ["yes"])
        #expect(desk["ExecStart"]?.first?.hasPrefix("@PREFIX@/bin/autochrome desk --config ") == true)
        let socket = try settings("autochrome-desk.socket")
        #expect(socket["ListenStream"] == ["127.0.0.1:8420"] && socket["IPAddressAllow"] == ["localhost"])
        #expect(desk["Requires"] == ["autochrome-desk.socket"])
    }

    @Test func aHookReadsTheJournalAndKeepsItsPlace() throws {
        let settings = try settings(Self.hook)
        let command = try #require(settings["ExecStart"]?.first).split(separator: " ").map(String.init)
        #expect(command[0] == "@PREFIX@/bin/autochrome" && command[1] == "events")
        #expect(command.contains("--follow") && command.contains("--name"))
        let cursors = Configuration().state + "/cursors"
        #expect(settings["ReadWritePaths"] == [cursors])
        #expect(settings["PrivateNetwork"] == nil)
        #expect(try Repository.text("systemd/tmpfiles.conf").contains(cursors + " "))
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
