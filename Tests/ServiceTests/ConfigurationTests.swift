import Colorization
import Foundation
import TestSupport
import Testing

@testable import Service

@Suite struct ConfigurationTests {
    /// The `key: value` lines of a configuration file.
    private func lines(_ text: String) -> [(key: String, value: String)] {
        text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), parts[1].trimmingCharacters(in: .whitespaces))
        }
    }

    @Test func theInstalledFileHoldsEverySettingWithItsDefault() throws {
        let found = lines(try Repository.text("etc/autochrome.yaml"))
        #expect(found.map(\.key) == Setting.all.map(\.key))
        for (line, setting) in zip(found, Setting.all) {
            #expect(line.value == setting.text(Configuration()), "\(setting.key)")
        }
        #expect(try ConfigurationFile.load(Repository.root + "/etc/autochrome.yaml") == Configuration())
    }

    @Test func everySettingOfTheInstalledFileIsExplained() throws {
        let text = try Repository.text("etc/autochrome.yaml").split(separator: "\n", omittingEmptySubsequences: false)
        for setting in Setting.all {
            let index = try #require(text.firstIndex { $0.hasPrefix(setting.key + ":") })
            let block = text[..<index].reversed().prefix { !$0.isEmpty }
            #expect(block.contains { $0.hasPrefix("#") }, "\(setting.key) has no comment above it")
        }
    }

    @Test func theInstalledFileSaysWhatAReloadDoesNotApply() throws {
        let words = try Repository.text("etc/autochrome.yaml").split(separator: "\n")
            .prefix { $0.hasPrefix("#") }.map { $0.dropFirst(2) }.joined(separator: " ")
        let fixed = Setting.all.filter { $0.scope == .restart }.map(\.key)
        #expect(words.contains(": " + fixed.joined(separator: ", ") + "."), "\(words)")
    }

    /// A value for each setting that is not its default.
    private static let others: [String: String] = [
        "inbox": "/a", "outbox": "/b", "state": "/c", "failed": "/d", "archive": "/e", "model": "/f",
        "workers": "3", "threads": "5", "memory_megapixels": "7.5", "quiet_seconds": "9", "rescan_seconds": "11",
        "poll_seconds": "13", "polling": "true", "exclude": "[\"*.bak\", \"raw\"]", "originals": "archive",
        "maximum_megapixels": "15", "maximum_megabytes": "17", "decode_seconds": "19", "attempts": "21",
        "backoff_seconds": "23", "free_megabytes": "25", "queue": "redis://nas/3", "queue_works": "false",
        "lease_seconds": "27",
        "metrics": "/g", "log_level": "debug", "samples": "2", "candidates": "40",
        "seed": "18446744073709551615", "temperature": "0.5", "mode_first": "false",
        "saturation": "1.5", "mode_saturation": "1.25", "format": "tiff", "quality": "50",
        "chroma_subsampling": "4:4:4", "colored": "recolor",
        "sheet": "false",
        "uncertainty": "false", "metadata": "minimal", "sidecars": "xmp",
    ]

    /// Every key reaches its own property and no other.
    @Test func everySettingReadsWhatItWrites() throws {
        let others = Self.others
        #expect(Set(others.keys) == Set(Setting.all.map(\.key)))
        var all = Configuration()
        for setting in Setting.all {
            let value = try #require(others[setting.key])
            var one = Configuration()
            try ConfigurationFile.apply("\(setting.key): \(value)", name: "x", settings: Setting.all, to: &one)
            try ConfigurationFile.apply("\(setting.key): \(value)", name: "x", settings: Setting.all, to: &all)
            for each in Setting.all {
                let expected = each.key == setting.key ? value : each.text(Configuration())
                #expect(each.text(one) == expected, "\(each.key) after setting \(setting.key)")
            }
        }
        try all.validate()
    }

    @Test(arguments: [
        ("samples: 4\nsampels: 5", "x.yaml:2: unknown key 'sampels'; did you mean 'samples'?"),
        ("quite_seconds: 1", "x.yaml:1: unknown key 'quite_seconds'; did you mean 'quiet_seconds'?"),
        ("\n\nnothing_like_it: 1", "x.yaml:3: unknown key 'nothing_like_it'"),
        ("samples: many", "x.yaml:1: samples must be a whole number"),
        ("# c\nseed: -1", "x.yaml:2: seed must be a whole number from 0 to 18446744073709551615"),
        ("temperature: .nan", "x.yaml:1: temperature must be a number"),
        ("polling: perhaps", "x.yaml:1: polling must be true or false"),
        ("exclude: a", "x.yaml:1: exclude must be a list"),
        ("exclude: [[a]]", "x.yaml:1: exclude must be a list of texts"),
        ("inbox: [a]", "x.yaml:1: inbox must be text"),
        ("samples: 4\nformat: gif", "x.yaml:2: format must be one of jpeg, png, webp, tiff"),
        ("- samples", "x.yaml:1: expected 'key: value' lines"),
        ("just text", "x.yaml:1: expected 'key: value' lines"),
    ])
    func complaintsNameFileLineAndKey(_ yaml: String, _ message: String) {
        var configuration = Configuration()
        let found = complaint {
            try ConfigurationFile.apply(yaml, name: "x.yaml", settings: Setting.all, to: &configuration)
        }
        #expect(found == message)
    }

    @Test(arguments: [
        ("inbox: /a\nsamples: [1, 2\n", 3), ("a: b: c", 1), ("seed: 1\nsamples: 3\nsamples: 4", 2), ("\tx: 1", 1),
    ])
    func textThatIsNotYAMLIsRefusedWithItsLine(_ yaml: String, _ line: Int) throws {
        var configuration = Configuration()
        let found = try #require(
            complaint { try ConfigurationFile.apply(yaml, name: "x.yaml", settings: Setting.all, to: &configuration) })
        #expect(found.hasPrefix("x.yaml:\(line): "), "\(found)")
        #expect(!found.contains("\n"), "one line: \(found)")
    }

    @Test(arguments: ["", "\n", "# only a comment\n", "---\n"])
    func anEmptyFileChangesNothing(_ yaml: String) throws {
        var configuration = Configuration()
        try ConfigurationFile.apply(yaml, name: "x.yaml", settings: Setting.all, to: &configuration)
        #expect(configuration == Configuration())
    }

    /// Values that no machine can do are refused, and none of them makes the program trap.
    @Test(arguments: [
        "samples: 0", "samples: 100", "temperature: -0.1", "temperature: 3",
        "saturation: 9", "quality: 0", "quality: 101", "workers: -1", "workers: 100000000", "threads: -2",
        "threads: 100000000",
        "memory_megapixels: 0", "memory_megapixels: 1e300", "quiet_seconds: -1", "quiet_seconds: 1e300",
        "rescan_seconds: 0", "rescan_seconds: 1e300", "poll_seconds: 0", "poll_seconds: 1e18",
        "maximum_megapixels: 0", "maximum_megapixels: 1e300", "maximum_megabytes: -5", "maximum_megabytes: 1e300",
        "decode_seconds: 0", "decode_seconds: 1e300", "attempts: 0", "attempts: 1000", "backoff_seconds: -1",
        "backoff_seconds: 1e300", "free_megabytes: -1", "free_megabytes: 1e300", "inbox: relative/path",
        "outbox: \"\"", "state: x", "failed: relative", "archive: relative", "metrics: relative.prom",
        "model: relative.safetensors",
    ])
    func impossibleValuesAreRefused(_ yaml: String) throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(yaml + "\n", "x.yaml")
        let found = try #require(complaint { _ = try ConfigurationFile.load(file) })
        #expect(found.hasPrefix(file + ": "), "\(found)")
        #expect(found.contains(yaml.prefix { $0 != ":" }), "\(found)")
    }

    @Test func aFileThatCannotBeReadIsNamed() throws {
        let folder = try TemporaryFolder()
        let none = folder.path + "/none.yaml"
        #expect(complaint { _ = try ConfigurationFile.load(none) } == "\(none) does not exist")
        let path = folder.path + "/latin.yaml"
        try Data([0x69, 0x6E, 0xE9]).write(to: URL(fileURLWithPath: path))
        #expect(complaint { _ = try ConfigurationFile.load(path) } == "\(path): cannot be read: not UTF-8")
        try Data(repeating: 0x23, count: 2 << 20).write(to: URL(fileURLWithPath: path))
        #expect(complaint { _ = try ConfigurationFile.load(path) } == "\(path): cannot be read: larger than 1 MiB")
    }

    @Test func workersTimesThreadsNeverExceedTheCoresGiven() {
        for threads in 1...9 {
            for workers in 0...12 {
                var configuration = Configuration()
                configuration.threads = threads
                configuration.workers = workers
                let (n, each) = (configuration.effectiveWorkers, configuration.threadsPerWorker)
                #expect(n >= 1 && each >= 1 && n * each <= threads, "threads \(threads), workers \(workers)")
            }
        }
    }

    @Test func aReloadSaysWhichKeysNeedARestart() {
        let old = Configuration()
        var new = old
        new.coloring.samples = 3
        new.decodeSeconds = 9
        new.metrics = "/tmp/x.prom"
        #expect(old.keysThatNeedRestart(comparedWith: new) == [])
        new.inbox = "/elsewhere"
        new.threads = 7
        new.attempts = 9
        #expect(old.keysThatNeedRestart(comparedWith: new) == ["inbox", "threads", "attempts"])
    }

    /// Each setting changed alone: a running daemon either takes it over or keeps its own, and says which.
    @Test func aReloadKeepsWhatNeedsARestart() throws {
        for setting in Setting.all {
            let old = Configuration()
            var new = old
            let value = try #require(Self.others[setting.key])
            try ConfigurationFile.apply("\(setting.key): \(value)", name: "x", settings: Setting.all, to: &new)
            #expect(new != old, "\(setting.key)")
            let waits = old.keysThatNeedRestart(comparedWith: new) == [setting.key]
            #expect(old.reloaded(from: new) == (waits ? old : new), "\(setting.key)")
        }
        var old = Configuration()
        (old.threads, old.workers, old.originals) = (8, 8, .delete)
        var new = Configuration()
        (new.threads, new.workers, new.originals, new.coloring.samples) = (8, 1, .keep, 3)
        let next = old.reloaded(from: new)
        #expect(next.effectiveWorkers == 8 && next.threadsPerWorker == 1, "8 × 1 threads, as they were started")
        #expect(next.originals == .delete && next.coloring.samples == 3)
    }

    @Test func settingsReachTheSpoolAndTheDecoder() throws {
        var configuration = Configuration()
        configuration.inbox = "/in"
        configuration.state = "/st"
        configuration.originals = .archive
        configuration.quietSeconds = 3
        configuration.polling = true
        configuration.exclude = ["*.bak"]
        configuration.maximumMegapixels = 2
        configuration.maximumMegabytes = 3
        configuration.decodeSeconds = 4
        let spool = configuration.spool(once: false)
        #expect(spool.inbox == "/in" && spool.failed == "/st/failed" && spool.archive == "/st/archive")
        #expect(spool.originals == .archive && spool.watching == .polling && spool.excludes == ["*.bak"])
        #expect(spool.quietSeconds == 3 && spool.truncatedSeconds == 30)
        #expect(configuration.spool(once: true).truncatedSeconds == 3)
        #expect(configuration.decodeLimits.pixels == 2_000_000)
        #expect(configuration.decodeLimits.bytes == 3_000_000)
        #expect(configuration.decodeLimits.seconds == 4)
    }

    /// Equal keys must mean equal results, so that every setting that changes them changes the key.
    @Test func theKeyOfAResultCoversWhatChangesIt() {
        let plain = ColoringSettings()
        let red = ColorHint(x: .pixels(1), y: .percent(2), color: .init(red: 255, green: 0, blue: 0))
        let blue = ColorHint(x: .pixels(3), y: .percent(2), color: .init(red: 0, green: 0, blue: 255))
        let changes: [(inout ColoringSettings) -> Void] = [
            { $0.samples = 3 }, { $0.candidates = 40 }, { $0.seed = 2 }, { $0.temperature = 0.5 },
            { $0.modeFirst = false }, { $0.saturation = 1.1 }, { $0.modeSaturation = 1.1 }, { $0.format = .png },
            { $0.quality = 80 },
            { $0.sheet = false }, { $0.uncertainty = false }, { $0.subsampling = .full },
            { $0.hints = [red] }, { $0.hints = [red, blue] },
        ]
        var keys = [plain.key]
        for change in changes {
            var settings = plain
            change(&settings)
            keys.append(settings.key)
        }
        #expect(Set(keys).count == keys.count)
        var policy = plain
        policy.colored = .recolor
        #expect(policy.key == plain.key, "the policy decides whether there is a result, not what it is")
    }
}
