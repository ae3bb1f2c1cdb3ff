import Colorization
import Imaging
import Spool
import Yams

/// One key of the configuration: its range, its scope, and its form in YAML.
///
/// The property has the default.
package struct Setting: Sendable {
    /// The moment from which a new value holds.
    package enum Scope: Sendable {
        /// The next start.
        case restart
        /// The next reload.
        case reload
        /// As `reload`, and an image's or a folder's own settings may set it too.
        case image
        /// Only a photograph's own settings may set it.
        case photograph
    }

    /// What a value looks like.
    package enum Form: Sendable {
        case integer(ClosedRange<Int>?)
        case decimal(ClosedRange<Double>?)
        case flag
        case choice([String])
        case text
        case list

        /// Whether it is one word.
        package var isScalar: Bool {
            switch self {
            case .integer, .decimal, .flag, .choice: true
            case .text, .list: false
            }
        }
    }

    package let key: String
    package let scope: Scope
    package let form: Form
    let read: @Sendable (Node, inout Configuration) throws -> Void
    /// The value's text in a YAML file.
    package let text: @Sendable (Configuration) -> String
    /// Throws where the value cannot work.
    let validate: @Sendable (Configuration) throws -> Void
    /// Takes the value over from another configuration.
    let copy: @Sendable (_ from: Configuration, inout Configuration) -> Void

    /// Every setting, in the order of `etc/autochrome.yaml`.
    package static var all: [Setting] {
        // Upper bounds keep the numbers computed from these within their types' ranges.
        let week = 604_800.0
        return [
            folder("inbox", \.inbox, .restart), folder("outbox", \.outbox, .restart),
            folder("state", \.state, .restart), optionalPath("failed", \.failed, .restart),
            optionalPath("archive", \.archive, .restart), optionalPath("model", \.model, .reload),
            number("workers", \.workers, .restart, Configuration.threadRange),
            number("threads", \.threads, .restart, Configuration.threadRange),
            decimal("memory_megapixels", \.memoryMegapixels, .reload, 0.001...1e6),
            decimal("quiet_seconds", \.quietSeconds, .restart, SpoolConfiguration.restRange),
            decimal("rescan_seconds", \.rescanSeconds, .restart, SpoolConfiguration.scanRange),
            decimal("poll_seconds", \.pollSeconds, .restart, SpoolConfiguration.scanRange),
            flag("polling", \.polling, .restart),
            list("exclude", \.exclude, .restart), choice("originals", \.originals, .restart),
            decimal("maximum_megapixels", \.maximumMegapixels, .reload, 0.001...1e6),
            decimal("maximum_megabytes", \.maximumMegabytes, .reload, 0.001...1e6),
            decimal("decode_seconds", \.decodeSeconds, .reload, 0.1...week),
            number("attempts", \.attempts, .restart, 1...100),
            decimal("backoff_seconds", \.backoffSeconds, .restart, 0...week),
            decimal("free_megabytes", \.freeMegabytes, .restart, 0...1e9),
            text("queue", \.queue, .restart), flag("queue_works", \.queueWorks, .restart),
            decimal("lease_seconds", \.leaseSeconds, .restart, 0.5...3600),
            optionalPath("metrics", \.metrics, .reload), choice("log_level", \.logLevel, .restart),
        ] + coloring
    }

    /// The settings that a photograph's own sidecar may hold.
    package static var own: [Setting] { coloring + [hints("hints", \.coloring.hints, .photograph)] }

    /// The settings that a folder's sidecar may hold.
    package static var coloring: [Setting] {
        [
            number("samples", \.coloring.samples, .image, ColoringSettings.samplesRange),
            number("candidates", \.coloring.candidates, .image, ColoringSettings.candidatesRange),
            natural("seed", \.coloring.seed, .image),
            decimal("temperature", \.coloring.temperature, .image, ColoringSettings.temperatureRange),
            flag("mode_first", \.coloring.modeFirst, .image),
            decimal("saturation", \.coloring.saturation, .image, ColoringSettings.saturationRange),
            decimal("mode_saturation", \.coloring.modeSaturation, .image, ColoringSettings.saturationRange),
            choice("format", \.coloring.format, .image),
            number("quality", \.coloring.quality, .image, ColoringSettings.qualityRange),
            choice("chroma_subsampling", \.coloring.subsampling, .image),
            choice("colored", \.coloring.colored, .image), flag("sheet", \.coloring.sheet, .image),
            flag("uncertainty", \.coloring.uncertainty, .image),
            choice("metadata", \.coloring.metadata, .image), choice("sidecars", \.coloring.sidecars, .image),
        ]
    }

    typealias Path<T> = WritableKeyPath<Configuration, T> & Sendable

    init<T: Sendable>(
        _ key: String, _ path: Path<T>, _ scope: Scope, _ form: Form, read: @escaping @Sendable (Node) throws -> T,
        text: @escaping @Sendable (T) -> String, validate: @escaping @Sendable (T) throws -> Void = { _ in }
    ) {
        self.key = key
        self.scope = scope
        self.form = form
        self.read = { $1[keyPath: path] = try read($0) }
        self.text = { text($0[keyPath: path]) }
        self.validate = { try validate($0[keyPath: path]) }
        copy = { $1[keyPath: path] = $0[keyPath: path] }
    }

    private static func folder(_ key: String, _ path: Path<String>, _ scope: Scope) -> Setting {
        string(key, path, scope) {
            if !$0.hasPrefix("/") { throw ConfigurationError.value(key: key, "must be an absolute path, not '\($0)'") }
        }
    }

    private static func optionalPath(_ key: String, _ path: Path<String>, _ scope: Scope) -> Setting {
        string(key, path, scope) {
            guard $0.isEmpty || $0.hasPrefix("/") else {
                throw ConfigurationError.value(key: key, "must be empty or an absolute path, not '\($0)'")
            }
        }
    }

    private static func text(_ key: String, _ path: Path<String>, _ scope: Scope) -> Setting {
        string(key, path, scope) { _ in }
    }

    private static func string(
        _ key: String, _ path: Path<String>, _ scope: Scope, _ validate: @escaping @Sendable (String) throws -> Void
    ) -> Setting {
        Setting(key, path, scope, .text) { node in
            guard let value = node.scalar?.string else { throw mismatch(key, "text") }
            return value == "~" || value == "null" ? "" : value
        } text: {
            $0.isEmpty ? "\"\"" : $0
        } validate: {
            try validate($0)
        }
    }

    private static func number(
        _ key: String, _ path: Path<Int>, _ scope: Scope, _ range: ClosedRange<Int>? = nil
    ) -> Setting {
        Setting(key, path, scope, .integer(range)) { node in
            guard let value = node.int else { throw mismatch(key, "a whole number") }
            return value
        } text: {
            "\($0)"
        } validate: {
            try require(key, $0, range)
        }
    }

    private static func natural(_ key: String, _ path: Path<UInt64>, _ scope: Scope) -> Setting {
        Setting(key, path, scope, .integer(nil)) { node in
            guard let text = node.scalar?.string, let value = UInt64(text) else {
                throw mismatch(key, "a whole number from 0 to \(UInt64.max)")
            }
            return value
        } text: {
            "\($0)"
        }
    }

    private static func decimal(
        _ key: String, _ path: Path<Double>, _ scope: Scope, _ range: ClosedRange<Double>? = nil
    ) -> Setting {
        Setting(key, path, scope, .decimal(range)) { node in
            guard let value = node.float, value.isFinite else { throw mismatch(key, "a number") }
            return value
        } text: {
            Self.text($0)
        } validate: {
            try require(key, $0, range)
        }
    }

    private static func require<Value>(_ key: String, _ value: Value, _ range: ClosedRange<Value>?) throws {
        guard let range, !range.contains(value) else { return }
        throw ConfigurationError.value(key: key, "must be \(range.words), not \(ClosedRange.word(value))")
    }

    /// A number as people write it, without a fraction where it has none.
    static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func flag(_ key: String, _ path: Path<Bool>, _ scope: Scope) -> Setting {
        Setting(key, path, scope, .flag) { node in
            guard let value = node.bool else { throw mismatch(key, "true or false") }
            return value
        } text: {
            "\($0)"
        }
    }

    private static func list(_ key: String, _ path: Path<[String]>, _ scope: Scope) -> Setting {
        Setting(key, path, scope, .list) { node in
            guard let items = node.sequence else { throw mismatch(key, "a list") }
            return try items.map {
                guard let text = $0.scalar?.string else { throw mismatch(key, "a list of texts") }
                return text
            }
        } text: {
            "[" + $0.map { "\"\($0)\"" }.joined(separator: ", ") + "]"
        }
    }

    private static func choice<T: RawRepresentable & CaseIterable & Sendable>(
        _ key: String, _ path: Path<T>, _ scope: Scope
    ) -> Setting where T.RawValue == String {
        Setting(key, path, scope, .choice(T.allCases.map(\.rawValue))) { node in
            guard let value = node.scalar.flatMap({ T(rawValue: $0.string) }) else {
                throw mismatch(key, "one of " + T.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return value
        } text: {
            $0.rawValue
        }
    }

    static func mismatch(_ key: String, _ expected: String) -> ConfigurationError {
        .value(key: key, "must be \(expected)")
    }
}
