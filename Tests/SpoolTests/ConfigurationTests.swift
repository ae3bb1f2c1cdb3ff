import Foundation
import Synchronization
import Testing

@testable import Files
@testable import Spool

@Suite struct ConfigurationTests {
    @Test(arguments: [
        ("/s/in", "/s/in/out", "outbox lies inside the inbox"),
        ("/s/out/in", "/s/out", "the inbox lies inside outbox"),
        ("/s/in", "/s/in/../in", "outbox is the inbox"),
        ("", "/s/out", "inbox: no path"),
    ])
    func refusesNestedFolders(_ inbox: String, _ outbox: String, _ message: String) throws {
        let configuration = SpoolConfiguration(inbox: inbox, outbox: outbox, state: "/s/state", failed: "/s/failed")
        let error = try #require(throws: SpoolError.self) { try configuration.validate() }
        #expect(error.description.contains(message), "\(error)")
    }

    @Test func looksThroughSymbolicLinks() throws {
        let spool = try TemporarySpool()
        try FileManager.default.createSymbolicLink(
            atPath: spool.root + "/link", withDestinationPath: spool.configuration.inbox)
        var configuration = spool.configuration
        configuration.outbox = spool.root + "/link/deep/out"
        #expect(throws: SpoolError.self) { try configuration.validate() }
        configuration.outbox = spool.root + "/inbox-results"
        try configuration.validate()
    }

    @Test func acceptsNeighboursWithACommonBeginning() throws {
        try SpoolConfiguration(inbox: "/s/in", outbox: "/s/in2", state: "/s/state", failed: "/s/in3").validate()
    }

    @Test func refusesWritingFoldersInTheWrongPlace() {
        var configuration = SpoolConfiguration(inbox: "/s/in", outbox: "/s/out", state: "/s/in/.state")
        #expect(throws: SpoolError.self) { try configuration.validate() }
        configuration.state = "/s/state"
        configuration.failed = "/s/out/failed"
        #expect(throws: SpoolError.self) { try configuration.validate() }
    }

    @Test func refusesImpossibleTimes() {
        let keys: [WritableKeyPath<SpoolConfiguration, Double>] = [
            \.quietSeconds, \.truncatedSeconds, \.rescanSeconds, \.pollSeconds,
        ]
        for key in keys {
            for value in [-1, .nan, .infinity, 1e9] {
                var configuration = SpoolConfiguration(inbox: "/s/in", outbox: "/s/out", state: "/s/state")
                configuration[keyPath: key] = value
                #expect(throws: SpoolError.self) { try configuration.validate() }
            }
        }
    }

    @Test func makesWhatIsMissing() throws {
        let spool = try TemporarySpool { $0.originals = .archive }
        for folder in ["inbox", "outbox", "state", "failed", "archive"] { #expect(spool.exists(folder)) }
    }

    @Test(arguments: [
        (".hidden.jpg", false, true), ("a/b.jpg~", false, true), ("x.PART", false, true), ("x.filepart", false, true),
        ("x.tmp", false, true), ("x.jpg.crdownload", false, true), (".syncthing.x.jpg.tmp", false, true),
        ("@eaDir", true, true), (".stversions", true, true), ("@eaDir", false, false), ("Thumbs.db", false, true),
        ("x.tif.autochrome.yaml", false, true), (".autochrome.yaml", false, true), ("x.jpg", false, false),
        ("part", false, false), ("album", true, false), ("x.tmp", true, false), ("draft-1.jpg", false, true),
        ("raw/x.jpg", false, true), ("deep/raw/x.jpg", false, false), ("RAW", true, true),
    ])
    func ignores(_ path: String, _ isDirectory: Bool, _ isIgnored: Bool) {
        let rules = IgnoreRules(excludes: ["draft-*", "raw/*", "RAW"])
        #expect(rules.ignores(RelativePath(path)!, isDirectory: isDirectory) == isIgnored)
    }
}

@Suite struct InstanceLockTests {
    @Test func refusesASecondDaemon() throws {
        let spool = try TemporarySpool()
        let other = try TemporarySpool()
        do {
            let lock = try InstanceLock(configuration: spool.configuration)
            defer { withExtendedLifetime(lock) {} }
            #expect(throws: SpoolError.locked(path: spool.configuration.state + "/lock", holder: "\(getpid())")) {
                try InstanceLock(configuration: spool.configuration)
            }
            // Another state folder, the same inbox.
            var second = other.configuration
            second.inbox = spool.configuration.inbox
            #expect(throws: SpoolError.locked(path: spool.configuration.inbox, holder: "")) {
                try InstanceLock(configuration: second)
            }
        }
        _ = try InstanceLock(configuration: spool.configuration)
    }

    /// Touches a file again and again.
    private final class Toucher: Sendable {
        private let isDone = Mutex(false)
        private let ended = DispatchSemaphore(value: 0)

        func touch(_ path: String) {
            while !isDone.withLock({ $0 }) {
                utimensat(AT_FDCWD, path, nil, 0)
                usleep(1000)
            }
            ended.signal()
        }

        func finish() {
            isDone.withLock { $0 = true }
            ended.wait()
        }
    }

    /// Its lock does not hold here, but it shows that it lives.
    @Test func refusesWhatADaemonOfAnotherMachineHolds() async throws {
        let spool = try TemporarySpool()
        let path = spool.configuration.state + "/lock"
        let (one, two) = (HostIdentity(host: "one", boot: "1"), HostIdentity(host: "two", boot: "2"))
        try spool.write("999\n\(one.host)\n", to: spool.configuration.state, RelativePath("lock")!)
        let toucher = Toucher()
        Thread { toucher.touch(path) }.start()
        #expect(throws: SpoolError.locked(path: path, holder: "999 of another machine")) {
            try InstanceLock(configuration: spool.configuration, host: two, beatSeconds: 5)
        }
        #expect(spool.read("state/lock") == "999\n\(one.host)\n")
        toucher.finish()
        // One that died there holds nothing.
        let lock = try InstanceLock(configuration: spool.configuration, host: two, beatSeconds: 0.05)
        let held = try Folder(spool.configuration.state).status(RelativePath("lock")!)?.stamp
        #expect(
            await eventually { (try? Folder(spool.configuration.state).status(RelativePath("lock")!)?.stamp) != held })
        withExtendedLifetime(lock) {}
    }
}
